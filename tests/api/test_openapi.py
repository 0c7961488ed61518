"""The OpenAPI document tells the truth: whatever is sent, there is no 500, and no answer that the document does not describe."""

import asyncio
import shutil
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mini_nvr.api.guard import PUBLIC
from mini_nvr.auth.accounts import FIRST_USER
from mini_nvr.live import protocol
from tests.support.archive import Archive
from tests.support.catalog import FIVE_MINUTES, T0
from tests.support.footage import video_clip
from tests.support.web import HOST, OTHER_PASSWORD, OTHER_USER, PASSWORD, SETTINGS, USER, Browser, Web, make_web, small

ENDS_ITS_SESSION = "/api/logout"
ENDLESS = "/api/events"
SIGN_IN_EVERY_S = 15
"""So that the throttle has nothing to say."""
EXAMPLES = 15
PUBLIC_PATHS = {path for _, path in PUBLIC}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, empty_catalog: Path) -> Iterator[Web]:
    folder = tmp_path_factory.mktemp("served")
    (folder / "data").mkdir()
    shutil.copyfile(empty_catalog, folder / "data" / "catalog.db")
    web = make_web(folder)
    web.recorder.messages = [protocol.event("ended", cause="camera offline", detail="").body]  # it runs; its cameras are away
    for channel in (1, 2):
        for number in range(3):
            web.put(small(T0 + number * FIVE_MINUTES, channel=channel, number=number, sealed=number < 2))
    yield web
    web.catalog.close()


@pytest.fixture(scope="module")
def headers(served: Web) -> dict[str, str]:
    """Of somebody who has signed in."""
    return signed_in(served, USER, PASSWORD)


def signed_in(served: Web, user: str, password: str) -> dict[str, str]:
    """The headers of a new session. Advances the clock."""
    served.clock.advance(SIGN_IN_EVERY_S)

    async def sign_in() -> Browser:
        async with served.client() as browser:
            answer = await browser.sign_in(user, password)
            assert answer.status_code == 200
            return browser

    browser = asyncio.run(sign_in())
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    return {"host": HOST, "cookie": cookies, "x-csrf-token": browser.cookies["csrf_token"]}


def leaving(app: ASGIApp) -> ASGIApp:
    """The app for a client that leaves an event stream, which has no end, when something has come of it."""

    async def left(scope: Scope, receive: Receive, send: Send) -> None:
        came = asyncio.Event()

        async def wait_and_leave() -> Message:
            await came.wait()
            return {"type": "http.disconnect"}

        async def note(message: Message) -> None:
            await send(message)
            if message.get("body"):
                came.set()

        if scope["path"] == ENDLESS:
            await app(scope, wait_and_leave, note)
        else:
            await app(scope, receive, send)

    return left


CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
MODES = [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE]


@pytest.mark.parametrize("mode", MODES, ids=["as described", "otherwise"])
def test_every_answer_is_described(served: Web, headers: dict[str, str], mode: schemathesis.GenerationMode) -> None:
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", leaving(served.app), headers=headers)
    seen: defaultdict[str, set[int]] = defaultdict(set)
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()

        @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy(generation_mode=mode))
        def check(case: schemathesis.Case[Any]) -> None:
            own = headers
            if case.operation.path == ENDS_ITS_SESSION:
                own = signed_in(served, OTHER_USER, OTHER_PASSWORD)
            response = case.call(headers=own)
            seen[case.operation.path].add(response.status_code)
            case.validate_response(response, checks=CHECKS)

        with suppress(Unsatisfiable):  # an operation without parameters cannot be asked otherwise
            check()
    assert len(seen) > 10
    assert seen[ENDS_ITS_SESSION] >= {200}
    assert seen[ENDLESS] == {200}
    guarded = set[int]().union(*(seen[path] for path in seen.keys() - PUBLIC_PATHS))
    assert guarded >= {200, 400, 404}
    assert 401 not in guarded  # the sessions held out


@pytest.fixture
def one_user(folder: Path) -> Iterator[Web]:
    """With two files, and nobody but the first user, who has a password."""
    archive = Archive(folder)
    archive.run(T0, [video_clip()], 2)
    archive.catalog.close()
    web = make_web(folder, {name: value for name, value in SETTINGS.items() if not name.startswith(("user", "pass"))})
    once = web.deps.accounts.bootstrap(web.clock.utc_us())

    async def begin() -> None:
        async with web.client() as browser:
            await browser.sign_in(FIRST_USER, once or "")
            answer = await browser.post("/api/password", json={"current": once, "new": PASSWORD})
            assert answer.status_code == 200

    asyncio.run(begin())
    yield web
    web.catalog.close()


def test_what_each_route_is_for_is_described(one_user: Web) -> None:
    """One session that uses them all: the 200 of every operation of the document is what the document says."""
    headers = signed_in(one_user, FIRST_USER, PASSWORD)
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", leaving(one_user.app), headers=headers)
    operations = {found.ok().label: found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)}
    for label, parameters in uses(one_user):
        case = operations.pop(label).Case(**parameters)
        response = case.call(headers=headers)
        assert response.status_code == 200, (label, response.content)
        case.validate_response(response, checks=CHECKS)
    assert not operations


def uses(web: Web) -> Iterator[tuple[str, dict[str, Any]]]:
    """Operations and their parameters, in an order in which each finds what it is for."""
    first, second = web.catalog.segments()
    of_second, inside = {"path": str(second.path)}, {"start": ms(first.start_utc_us), "end": ms(first.end_utc_us)}
    one, channel = {"ch": 1}, {"channel": "1", **inside}
    yield "POST /api/password", sent({"current": PASSWORD, "new": OTHER_PASSWORD})
    (own,) = web.deps.accounts.sessions(FIRST_USER)
    yield "POST /api/login", sent({"username": FIRST_USER, "password": OTHER_PASSWORD})
    for path in ("/healthz", "/metrics", "/api/me", *(f"/api/{of_all}" for of_all in ("config", "storage", "live", "events"))):
        yield f"GET {path}", {}
    yield "GET /api/sessions", {}
    (the_other,) = {session.id for session in web.deps.accounts.sessions(FIRST_USER)} - {own.id}
    yield "DELETE /api/sessions/{id}", {"path_parameters": {"id": the_other}}
    yield "GET /api/dates", {"query": {"channel": "1"}}
    yield "GET /api/channel/{ch}/recordings", {"path_parameters": one, "query": {"date": "2026-03-01"}}
    yield "GET /api/timeline", {"query": inside}
    yield "GET /api/channel/{ch}/playlist.m3u8", {"path_parameters": one, "query": inside}
    yield "GET /api/segments/{id}.mp4", {"path_parameters": {"id": first.id}}
    yield "GET /api/channel/{ch}/frame.jpg", {"path_parameters": one, "query": {"at": inside["start"]}}
    yield "GET /api/channel/{ch}/export.mp4", {"path_parameters": one, "query": inside}
    for method in ("POST", "DELETE"):
        yield f"{method} /api/recording/protect", {"query": of_second}
        yield f"{method} /api/recordings/protect", {"query": channel}
    yield "DELETE /api/recording", {"query": of_second}
    yield "DELETE /api/recordings", {"query": channel}
    yield "POST /api/logout", {}


def ms(utc_us: int) -> str:
    return str(utc_us // 1000)


def sent(body: dict[str, str]) -> dict[str, Any]:
    return {"body": body, "media_type": "application/json"}
