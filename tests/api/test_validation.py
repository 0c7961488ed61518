"""What a refused parameter could have been."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import Field
from pydantic.fields import FieldInfo

from mini_nvr.api.validation import allowed
from tests.support.routes import every_route
from tests.support.web import Browser, Web


@pytest.mark.parametrize(
    ("path", "parameter", "limits"),
    [
        ("/api/dates?channel=0", "channel", "1 to 999"),
        ("/api/channel/1000/recordings?date=2026-03-01", "ch", "1 to 999"),
        ("/api/channel/one/frame.jpg?at=0", "ch", "1 to 999"),
        ("/api/channel/1/frame.jpg?at=0&width=9999", "width", "16 to 7680"),
        ("/api/channel/1/frame.jpg?at=noon", "at", "RFC 3339"),
        ("/api/channel/1/playlist.m3u8", "start", "RFC 3339"),
        ("/api/channel/1/recordings?date=1.3.2026", "date", "YYYY-MM-DD"),
        ("/api/timeline?start=0&end=1000&channels=1;2", "channels", "separated by commas"),
        ("/api/timeline?start=0&end=1000&resolution=0", "resolution", "1 to 31622400"),
        ("/api/segments/first.mp4", "id", "`id`, 1 to"),
    ],
)
async def test_a_refusal_names_the_parameter_and_what_is_allowed(browser: Browser, path: str, parameter: str, limits: str) -> None:
    answer = await browser.get(path)
    problem = answer.json()
    assert (answer.status_code, problem["type"], problem["parameter"]) == (400, "/problems/invalid-parameter", parameter)
    assert limits in problem["remedy"]


@pytest.mark.parametrize("number", ["1_0", "1.0", "%2B1", " 1", "1e0", "1%0A", "\u0661", "", "--1"])
@pytest.mark.parametrize(
    "path",
    [
        "/api/dates?channel={}",
        "/api/channel/{}/playlist.m3u8?start=0",
        "/api/segments/{}.mp4",
        "/api/channel/1/frame.jpg?at=0&width={}",
    ],
)
async def test_a_number_has_one_spelling(browser: Browser, path: str, number: str) -> None:
    answer = await browser.get(path.format(number))
    assert answer.status_code == (400 if number or "={}" in path else 404)


async def test_all_that_is_missing_is_named(browser: Browser) -> None:
    problem = (await browser.get("/api/timeline")).json()
    assert problem["detail"] == "start: Field required; end: Field required"
    assert "start: RFC 3339" in problem["remedy"]
    assert "end: RFC 3339" in problem["remedy"]


async def test_a_path_too_long_is_not_repeated(browser: Browser) -> None:
    answer = await browser.delete("/api/recording", params={"path": "c4n4ry" * 100})
    assert answer.status_code == 400
    assert "c4n4ry" not in answer.text
    assert "at most 300 characters" in answer.json()["remedy"]


def test_every_parameter_of_every_route_says_what_it_may_be(web: Web) -> None:
    found = list(parameters(web.app))
    assert len(found) > 20
    assert [name for name, of in found if not of.description] == []


def parameters(app: FastAPI) -> Iterator[tuple[str, FieldInfo]]:
    for route in every_route(app.routes):
        if isinstance(route, APIRoute):
            for of in (*route.dependant.path_params, *route.dependant.query_params):
                yield f"{route.path} {of.alias}", of.field_info


def test_limits_in_words() -> None:
    one: FieldInfo = Field(ge=2, description="A number.")
    other: FieldInfo = Field(le=7, examples=[3, 4])
    assert [allowed(one), allowed(other)] == ["A number, 2 or more", "7 or less, such as 3"]
