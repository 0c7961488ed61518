"""Who asks, as far as the request has shown: filled in by the guard, read by the routes."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection
from starlette.types import Scope

from mini_nvr.api.problems import Problem
from mini_nvr.auth.sessions import Session

_KEY = "mini_nvr.caller"


@dataclass(frozen=True, slots=True)
class Caller:
    """One request's sender.

    address: the client's, behind trusted proxies. host: as the browser knows us. secure: the browser's connection is HTTPS.
    token: the session's token as sent. session: None for an anonymous caller.
    """

    address: str
    host: str
    secure: bool
    browser: str
    token: str | None = None
    session: Session | None = None

    @property
    def user(self) -> str | None:
        return self.session.user if self.session is not None else None


def put_caller(scope: Scope, caller: Caller) -> None:
    """Attach to a request."""
    scope[_KEY] = caller


def caller_of(connection: HTTPConnection) -> Caller:
    """The sender of a request that passed the guard."""
    caller = connection.scope[_KEY]
    if not isinstance(caller, Caller):
        raise TypeError(_KEY)
    return caller


def maybe_caller(scope: Scope) -> Caller | None:
    """The sender, if the guard got that far."""
    caller = scope.get(_KEY)
    return caller if isinstance(caller, Caller) else None


def signed_in(connection: HTTPConnection) -> Session:
    """The session of a request that passed the guard as signed in.

    Raises:
        Problem: 401; the guard refuses earlier, this is the second lock on the door.
    """
    session = caller_of(connection).session
    if session is None:
        raise Problem("sign-in-required", "there is no session", "POST /api/login first")
    return session


async def _caller(connection: HTTPConnection) -> Caller:
    """On the event loop: FastAPI hands a plain function to a thread, which takes longer than all that stands in it."""
    return caller_of(connection)


async def _session(connection: HTTPConnection) -> Session:
    return signed_in(connection)


AnyCaller = Annotated[Caller, Depends(_caller)]
SignedIn = Annotated[Session, Depends(_session)]
