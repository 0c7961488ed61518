"""Whose cameras: every route that shows or changes footage asks (SECURITY S3)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from tests.support.archive import Archive
from tests.support.catalog import T0
from tests.support.footage import video_clip
from tests.support.routes import every_route
from tests.support.web import OTHER_PASSWORD, OTHER_USER, make_web

OF_A_CHANNEL = {"ch", "channel", "channels", "path", "id"}
NOT_FOOTAGE = "/api/sessions/{id}"


async def test_s3_whatever_names_a_foreign_channel_or_its_footage_is_404(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = Archive(folder)
    row = archive.record(T0, [video_clip()], channel=2)
    archive.catalog.close()
    web = make_web(folder)
    monkeypatch.setattr(web.deps.accounts, "may_watch", lambda user, channel: not (user == OTHER_USER and channel == 2))
    values = {"ch": "2", "channel": "2", "channels": "2", "id": str(row.id), "path": str(row.path)}
    values |= {"start": str(row.start_utc_us // 1000), "end": str(row.end_utc_us // 1000), "at": str(T0 // 1000)}
    mine, theirs = await web.signed_in(), await web.signed_in(OTHER_USER, OTHER_PASSWORD)
    asked = list(requests(web.app, values))
    assert len(asked) > 12
    for method, path, query in asked:
        assert (await theirs.request(method, path, params=query)).status_code == 404, (method, path)
    assert web.catalog.segments() == [row]
    for method, path, query in asked:  # it is the right that was missing
        if method != "DELETE":
            assert (await mine.request(method, path, params=query)).status_code == 200, (method, path)
    for client in web.clients:
        await client.aclose()
    web.catalog.close()


def requests(app: FastAPI, values: dict[str, str]) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Method, path and query of all that takes a channel, a recording or a file."""
    for route in every_route(app.routes):
        if not isinstance(route, APIRoute) or route.path == NOT_FOOTAGE:
            continue
        in_query = {field.alias for field in route.dependant.query_params}
        if OF_A_CHANNEL & (in_query | {field.alias for field in route.dependant.path_params}):
            for method in sorted(route.methods or ()):
                yield method, route.path.format(**values), {name: values[name] for name in values.keys() & in_query}
