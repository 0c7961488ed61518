"""GET /api/channel/{ch}/export.mp4: any stretch of time as one ordinary file."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Generator
from typing import Any, Final, TypeVar
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from mini_nvr.api.byte_answer import byte_answer
from mini_nvr.api.byte_ranges import Span
from mini_nvr.api.caller import AnyCaller, Caller, SignedIn
from mini_nvr.api.channels import ChannelNumber, require_channel
from mini_nvr.api.departure import CLIENT_CLOSED_REQUEST, watched
from mini_nvr.api.deps import Deps, Parts
from mini_nvr.api.documented import binary, guarded
from mini_nvr.api.export_slots import LONG_FILES
from mini_nvr.api.instants import Instant, parse_range
from mini_nvr.auth.audit import AuditAction
from mini_nvr.catalog.overview_queries import DAY_US, segments_in_days
from mini_nvr.playback.errors import PlaybackError
from mini_nvr.playback.export import ExportPlan, plan
from mini_nvr.playback.files import Stretch

router = APIRouter(tags=["playback"])

MEDIA_TYPE: Final = "video/mp4"

_log = logging.getLogger(__name__)
Piece = TypeVar("Piece", bytes, bytes | Stretch)


class PlanSource:
    """Reads an export on threads, one piece at a time. on_close: called once nothing is read any more."""

    def __init__(self, export: ExportPlan, on_close: Callable[[], None]) -> None:
        self._export = export
        self._on_close = on_close
        self._pieces: Generator[bytes | Stretch] | None = None
        self._reading: asyncio.Future[Any] | None = None

    def read(self, span: Span) -> AsyncIterator[bytes]:
        return self._on_threads(self._export.read(span.start, span.end))

    def pieces(self, span: Span) -> AsyncIterator[bytes | Stretch]:
        return self._on_threads(self._export.pieces(span.start, span.end))

    async def _on_threads(self, made: Generator[Piece]) -> AsyncIterator[Piece]:
        """Ends early, and with it the connection, when a file went away meanwhile."""
        self._pieces = made
        loop = asyncio.get_running_loop()
        while True:
            reading = loop.run_in_executor(None, next, made, None)
            self._reading = reading
            try:
                piece = await asyncio.shield(reading)  # the thread goes on whatever becomes of the request
            except PlaybackError as exc:
                _log.warning("export of %s broke off: %s", self._export.name, exc)
                return
            if piece is None:
                return
            yield piece

    async def close(self) -> None:
        try:
            if self._reading is not None and not self._reading.done():
                await asyncio.wait([self._reading])
            if self._pieces is not None:
                self._pieces.close()  # and with it the file that it reads
        finally:
            self._on_close()


@router.api_route("/api/channel/{ch}/export.mp4", methods=["HEAD"], include_in_schema=False)
@router.get(
    "/api/channel/{ch}/export.mp4",
    summary="A range as one MP4",
    response_class=Response,
    responses={**guarded(404, 409), **binary(MEDIA_TYPE, "The footage of the range as an ordinary MP4", ranges=True)},
)
async def export(
    request: Request, *, ch: ChannelNumber, start: Instant, end: Instant, caller: AnyCaller, session: SignedIn, deps: Parts
) -> Response:
    """Starts exactly at `start`, goes over files and gaps, and can be resumed by `Range`.

    Any length. Where the picture's format changes inside the range: 409 with the `ranges` that can be exported one by one. 503 with
    Retry-After while sixteen exports are under way, or two that are long (more than 1,000 files) are being planned.
    """
    first, last = parse_range(start, end)
    deps.exports.take()
    try:
        with watched(request) as client:
            made = await _planned(deps, session.user, ch, (first, last), client.require)
        if request.method == "GET" and deps.watching.is_new(session.id, ch, f"export {first} {last}", deps.clock.utc_us()):
            await run_in_threadpool(_record, deps, session.user, caller, ch, made)
    except BaseException as exc:
        deps.exports.give_back()
        if isinstance(exc, ClientDisconnect):
            return Response(status_code=CLIENT_CLOSED_REQUEST)
        raise
    return await byte_answer(
        request,
        PlanSource(made, deps.exports.give_back),
        size_bytes=made.size_bytes,
        etag=f'"{made.etag}"',
        media_type=MEDIA_TYPE,
        headers={"content-disposition": attachment(made.name), "cache-control": "private, no-cache"},
    )


async def _planned(deps: Deps, user: str, channel: int, bounds: tuple[int, int], require_client: Callable[[], None]) -> ExportPlan:
    files = await run_in_threadpool(_files, deps, user, channel, bounds)
    if files <= LONG_FILES:
        return await run_in_threadpool(_plan, deps, channel, bounds, require_client)
    deps.exports.take_long_plan()
    try:
        return await run_in_threadpool(_plan, deps, channel, bounds, require_client)
    finally:
        deps.exports.give_back_long_plan()


def _files(deps: Deps, user: str, channel: int, bounds: tuple[int, int]) -> int:
    """About how many files the export is made of."""
    require_channel(deps, user, channel)
    return segments_in_days(deps.catalog, channel, bounds[0] // DAY_US, bounds[1] // DAY_US)


def _plan(deps: Deps, channel: int, bounds: tuple[int, int], require_client: Callable[[], None]) -> ExportPlan:
    return plan(deps.catalog, deps.record_dir, channel, *bounds, zone=deps.settings.zone, before_each=require_client)


def _record(deps: Deps, user: str, caller: Caller, channel: int, made: ExportPlan) -> None:
    deps.audit.record(deps.clock.utc_us(), AuditAction.EXPORT, user, caller.address, f"channel {channel}", made.name)


def attachment(name: str) -> str:
    """The value of `Content-Disposition` for a file name (RFC 6266 with RFC 8187 for what is not ASCII)."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
