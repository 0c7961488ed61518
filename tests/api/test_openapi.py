"""The OpenAPI document tells the truth: whatever is sent, there is no 500, and no answer that the document does not describe."""

import asyncio
import shutil
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

from mini_nvr.api.event_feed import Listener
from mini_nvr.api.guard import PUBLIC
from mini_nvr.live import protocol
from tests.support.catalog import FIVE_MINUTES, T0
from tests.support.web import HOST, OTHER_PASSWORD, OTHER_USER, PASSWORD, USER, Browser, Web, make_web, small

ENDS_ITS_SESSION = "/api/logout"
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
    """The headers of a new session."""

    async def sign_in() -> Browser:
        async with served.client() as browser:
            answer = await browser.sign_in(user, password)
            assert answer.status_code == 200
            return browser

    browser = asyncio.run(sign_in())
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    return {"host": HOST, "cookie": cookies, "x-csrf-token": browser.cookies["csrf_token"]}


@pytest.fixture(autouse=True)
def one_event(monkeypatch: pytest.MonkeyPatch) -> None:
    """Event streams end behind their first event, and can be asked like the rest."""

    async def only(self: Listener, _timeout_s: float) -> dict[str, object]:
        self.close()
        return {"event": "gap", "channel": 1}

    monkeypatch.setattr(Listener, "next", only)


CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
MODES = [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE]


@pytest.mark.parametrize("mode", MODES, ids=["as described", "otherwise"])
def test_every_answer_is_described(served: Web, headers: dict[str, str], mode: schemathesis.GenerationMode) -> None:
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", served.app, headers=headers)
    seen: set[int] = set()
    tried = 0
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()

        @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy(generation_mode=mode))
        def check(case: schemathesis.Case[Any]) -> None:
            own = headers
            if case.operation.path == ENDS_ITS_SESSION:
                served.clock.advance(SIGN_IN_EVERY_S)
                own = signed_in(served, OTHER_USER, OTHER_PASSWORD)
            response = case.call(headers=own)
            if case.operation.path not in PUBLIC_PATHS:
                seen.add(response.status_code)
            case.validate_response(response, checks=CHECKS)

        with suppress(Unsatisfiable):  # an operation without parameters cannot be asked otherwise
            check()
            tried += 1
    assert tried > 10
    assert seen >= {200, 400, 404}
    assert 401 not in seen  # the session held out
