"""Signing in and out, who one is, the password, and the user's own sessions."""

from typing import Annotated, Final

from anyio.to_thread import run_sync
from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from mini_nvr.api.caller import AnyCaller, Caller, SignedIn
from mini_nvr.api.cookies import clear_session, set_session
from mini_nvr.api.deps import Deps, Parts
from mini_nvr.api.documented import Model, guarded, problems, unsafe
from mini_nvr.api.instants import show_instant
from mini_nvr.api.problems import Problem, not_found
from mini_nvr.auth.audit import AuditAction
from mini_nvr.auth.login import LoginOk, LoginResult, LoginThrottled
from mini_nvr.auth.password_rules import PasswordFault, PasswordRefused
from mini_nvr.auth.sessions import Session, SessionInfo

router = APIRouter(tags=["sign-in"])

LONGEST_NAME: Final = 256
LONGEST_PASSWORD: Final = 1_024
"""More than any rule allows, so that the rules answer, and little enough to hash."""
_SESSION_ID: Final = "19de2af3709648c27d24f7891901a5c16c9639e1e39c9de6a35194b27351fcf5"
_REMEDIES: Final = {
    PasswordFault.WRONG_CURRENT: "type the current one again",
    PasswordFault.CONFIGURED: "put the line that `mini-nvr user hash` prints into .env, and restart",
}


class Credentials(BaseModel):
    """Who wants in."""

    model_config = ConfigDict(json_schema_extra={"example": {"username": "admin", "password": "correct horse battery"}})

    username: str = Field(max_length=LONGEST_NAME, description="Capital letters do not matter.")
    password: str = Field(max_length=LONGEST_PASSWORD, description="As it was set, or the one-time one out of the log.")


class LoggedIn(Model):
    """The session is in the cookies."""

    message: str = Field(description="For people.", examples=["Logged in"])
    user: str = Field(description="The name as it is kept.", examples=["admin"])
    must_change: bool = Field(description="The password is a one-time one: POST /api/password comes first.")
    notices: list[str] = Field(description="What the user should know, as that another session was ended for this one.")


class Message(Model):
    """Done."""

    message: str = Field(description="For people.", examples=["Logged out"])


class Me(Model):
    """Who is signed in."""

    user: str | None = Field(description="Null: nobody.", examples=["admin"])
    must_change: bool = Field(default=False, description="The password is a one-time one: POST /api/password comes first.")
    configured: bool = Field(default=False, description="The password stands in the configuration and is changed there.")


class NewPassword(BaseModel):
    """A change of one's own password."""

    model_config = ConfigDict(json_schema_extra={"example": {"current": "the one-time password", "new": "correct horse battery"}})

    current: str = Field(max_length=LONGEST_PASSWORD, description="The one that holds now.")
    new: str = Field(max_length=LONGEST_PASSWORD, description="8 to 128 characters, better 12 and more, and none that many use.")


class OwnSession(Model):
    """One of the user's sessions."""

    id: str = Field(description="For DELETE /api/sessions/{id}; it opens nothing.", examples=[_SESSION_ID])
    since: str = Field(description="RFC 3339.", examples=["2026-11-22T08:00:00.000+01:00"])
    last_seen: str = Field(description="RFC 3339.", examples=["2026-11-22T08:15:30.000+01:00"])
    address: str = Field(description="Where it was begun from.", examples=["198.51.100.20"])
    browser: str = Field(description="As it named itself.", examples=["Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0"])
    current: bool = Field(description="It is the one that asks.")


class Sessions(Model):
    """The user's own sessions."""

    sessions: list[OwnSession] = Field(description="Those that are open.")


@router.post("/api/login", summary="Sign in", responses=problems(401, 413, 415, 429))
async def login(body: Credentials, response: Response, caller: AnyCaller, deps: Parts) -> LoggedIn:
    """Sets the cookie of the session and the cookie `csrf_token`, whose value unsafe requests send as `X-CSRF-Token`."""
    result = await run_sync(_sign_in, deps, caller, body, limiter=deps.hashing)
    await run_in_threadpool(_record_login, deps, caller, body.username, result)
    if isinstance(result, LoginThrottled):
        raise _throttled(result.retry_after_s)
    if not isinstance(result, LoginOk):
        raise Problem("sign-in-refused", "the user name or the password is wrong", "try again; mind capital letters")
    set_session(response, result.session_token, result.csrf_token, secure=caller.secure)
    return LoggedIn(message="Logged in", user=result.user, must_change=result.must_change, notices=list(result.notices))


def _sign_in(deps: Deps, caller: Caller, body: Credentials) -> LoginResult:
    """On a thread; it may have been waited for, so the clock is read there."""
    return deps.accounts.login(body.username, body.password, caller.address, caller.browser, deps.clock.utc_us())


def _record_login(deps: Deps, caller: Caller, name: str, result: LoginResult) -> None:
    now = deps.clock.utc_us()
    if isinstance(result, LoginOk):
        deps.audit.record(now, AuditAction.LOGIN, result.user, caller.address, detail=caller.browser)
    elif not isinstance(result, LoginThrottled):
        deps.audit.record(now, AuditAction.LOGIN_REFUSED, name, caller.address, detail=caller.browser)
    elif result.tell:
        deps.audit.record(now, AuditAction.LOGIN_THROTTLED, name, caller.address)


@router.post("/api/logout", summary="Sign out", responses=unsafe())
async def logout(response: Response, caller: AnyCaller, session: SignedIn, deps: Parts) -> Message:
    """Ends the session at once, with all that it has open."""
    await run_in_threadpool(deps.accounts.logout, caller.token, deps.clock.utc_us())
    await run_in_threadpool(deps.audit.record, deps.clock.utc_us(), AuditAction.LOGOUT, session.user, caller.address)
    clear_session(response, secure=caller.secure)
    return Message(message="Logged out")


@router.get("/api/me", summary="Who is signed in", responses=problems())
async def me(caller: AnyCaller, deps: Parts) -> Me:
    """Public; `user` is null for somebody who has not signed in."""
    session = caller.session
    if session is None:
        return Me(user=None)
    return Me(user=session.user, must_change=session.must_change, configured=deps.accounts.is_configured(session.user))


@router.post("/api/password", summary="Change one's password", responses=unsafe(429))
async def change_password(body: NewPassword, caller: AnyCaller, session: SignedIn, deps: Parts) -> Message:
    """For accounts that Mini-NVR keeps; ends the user's other sessions. Those of the configuration are changed there."""
    await run_sync(_change_password, deps, session, caller, body, limiter=deps.hashing)
    return Message(message="Password changed")


def _change_password(deps: Deps, session: Session, caller: Caller, body: NewPassword) -> None:
    def record(action: AuditAction, detail: str) -> None:
        deps.audit.record(deps.clock.utc_us(), action, session.user, caller.address, detail=detail)

    try:
        deps.accounts.change_password(session, body.current, body.new, deps.clock.utc_us())
    except PasswordRefused as exc:
        record(AuditAction.PASSWORD_REFUSED, exc.reason)
        raise _refusal(exc) from exc
    record(AuditAction.PASSWORD_CHANGED, "")


def _refusal(error: PasswordRefused) -> Problem:
    if error.retry_after_s is not None:
        return _throttled(error.retry_after_s)
    remedy = _REMEDIES.get(error.reason, "choose another one")
    return Problem("password-refused", str(error), remedy, more={"reason": error.reason.value})


def _throttled(wait_s: int) -> Problem:
    wait_s = max(1, wait_s)
    return Problem("too-many-attempts", "too many attempts", f"wait {wait_s} s", headers={"retry-after": str(wait_s)})


@router.get("/api/sessions", summary="One's own sessions", responses=guarded())
def list_sessions(session: SignedIn, deps: Parts) -> Sessions:
    """Where the user is signed in."""
    return Sessions(sessions=[_show(deps, info, session.id) for info in deps.accounts.sessions(session.user, deps.clock.utc_us())])


def _show(deps: Deps, info: SessionInfo, current_id: str) -> OwnSession:
    return OwnSession(
        id=info.id,
        since=show_instant(info.since_utc_us, deps.settings.zone),
        last_seen=show_instant(info.last_seen_utc_us, deps.settings.zone),
        address=info.address,
        browser=info.browser,
        current=info.id == current_id,
    )


@router.delete("/api/sessions/{id}", summary="End one of one's sessions", responses=unsafe(404))
def end_session(
    session_id: Annotated[str, Path(alias="id", max_length=100, description="A session's `id`.", examples=[_SESSION_ID])],
    caller: AnyCaller,
    session: SignedIn,
    deps: Parts,
) -> Message:
    """Ends it at once, with all that it has open."""
    if not deps.accounts.end_session(session.user, session_id, deps.clock.utc_us()):
        raise not_found("none of your sessions has this id", "list them with GET /api/sessions")
    deps.audit.record(deps.clock.utc_us(), AuditAction.SESSION_ENDED, session.user, caller.address, session_id[:16])
    return Message(message="Session ended")
