"""What routes, FastAPI and the rooms below raise, turned into problems: one border for all of them."""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import TypeVar

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from mini_nvr.api.problems import Problem, not_found
from mini_nvr.api.validation import refusal
from mini_nvr.auth.passwords import HashingBusy
from mini_nvr.errors import CatalogError
from mini_nvr.playback.errors import FootageUnreadable, FormatChanges, NoFootage, NotPlayable, RangeTooLong

Failure = TypeVar("Failure", bound=Exception)


def install(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Answer every exception that a route may raise with problem details. routes: all of them, to tell what an address takes."""

    async def http(connection: Request | WebSocket, error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            raise TypeError(type(error).__name__) from error
        problem = _http(error, lambda: _methods_of(connection.scope, routes))
        if isinstance(connection, WebSocket):
            raise problem
        return problem.response()

    async def validation(connection: Request | WebSocket, error: Exception) -> Response:
        if not isinstance(error, RequestValidationError):
            raise TypeError(type(error).__name__) from error
        return refusal(error, connection.scope.get("route")).response()

    app.router.default = _nowhere
    _map(app, Problem, lambda problem: problem)
    app.add_exception_handler(RequestValidationError, validation)
    app.add_exception_handler(HTTPException, http)
    _map(app, CatalogError, lambda _: _unavailable("the catalog does not answer"))
    _map(app, HashingBusy, lambda error: _unavailable(str(error)))
    _map(app, NoFootage, _no_footage)
    _map(app, NotPlayable, lambda error: Problem("not-playable", str(error), "download the files by their `id`"))
    _map(app, FormatChanges, _format_changes)
    _map(app, FootageUnreadable, lambda error: not_found(str(error), "list the day's recordings again"))
    _map(
        app, RangeTooLong, lambda error: Problem("invalid-parameter", str(error), "use a shorter range", more={"parameter": "end"})
    )


async def _nowhere(_: Scope, __: Receive, ___: Send) -> None:
    """What answers at addresses without a route; Starlette's own would refuse an upgrade without a word."""
    raise not_found("nothing has this address", "see /api/openapi.json for all addresses")


def _map(app: FastAPI, kind: type[Failure], to_problem: Callable[[Failure], Problem]) -> None:
    async def answer(connection: Request | WebSocket, error: Exception) -> Response:
        if not isinstance(error, kind):
            raise TypeError(kind.__name__) from error
        problem = to_problem(error)
        if isinstance(connection, WebSocket):
            raise problem  # the outermost layer knows how to refuse an upgrade
        return problem.response()

    app.add_exception_handler(kind, answer)


def _http(error: HTTPException, methods: Callable[[], list[str]]) -> Problem:
    """What Starlette and FastAPI raise by themselves: wrong methods, bodies that are not JSON."""
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = ", ".join(methods())
        return Problem("method-not-allowed", "this method is not for this address", f"use {allowed}", headers={"allow": allowed})
    return Problem("invalid-request", str(error.detail), "correct the request")


def _methods_of(scope: Scope, routes: Sequence[BaseRoute]) -> list[str]:
    """Of all routes of an address: one method may have a route of its own, as HEAD does for some."""
    found: set[str] = set()
    for route in routes:
        if isinstance(route, Route) and route.matches(scope)[0] is not Match.NONE:
            found |= route.methods or set()
    return sorted(found)


def _unavailable(detail: str) -> Problem:
    return Problem("unavailable", detail, "try again; the log says why", headers={"retry-after": "5"})


def _no_footage(error: NoFootage) -> Problem:
    cause = error.cause.value if error.cause is not None else None
    return Problem("no-footage", str(error), "see /api/timeline for where there is footage", more={"cause": cause})


def _format_changes(error: FormatChanges) -> Problem:
    ranges = [{"start": start // 1000, "end": end // 1000} for start, end in error.ranges]
    return Problem("format-changes", str(error), "export each of `ranges` by itself", more={"ranges": ranges})
