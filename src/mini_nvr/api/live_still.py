"""The newest picture of a camera as JPEG, for browsers that cannot play its codec: the last key frame that the recorder has."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from starlette.concurrency import run_in_threadpool

from mini_nvr.api.deps import Deps
from mini_nvr.api.ports import Recorder
from mini_nvr.api.problems import Problem, not_found
from mini_nvr.errors import MediaError, MiniNvrError
from mini_nvr.live.protocol import KIND_EVENT, KIND_INIT, KIND_PART, read_json, read_part
from mini_nvr.media.frame import VideoFormat
from mini_nvr.media.mp4 import MDAT_HEADER_BYTES, parse_init

PATIENCE_S: Final = 3.0
"""How long a picture is waited for: a camera that has just been connected has not sent a key frame yet."""


@dataclass(frozen=True, slots=True)
class KeyFrame:
    """A key frame as the recorder has it, not decoded.

    init: of the epoch. part: `moof` and `mdat` of this frame alone. utc_us: its wall time.
    """

    init: bytes
    part: bytes
    utc_us: int


async def newest_key_frame(deps: Deps, channel: int, patience_s: float = PATIENCE_S) -> KeyFrame:
    """The last key frame of a camera's main stream.

    Raises:
        Problem: 404, the channel is not connected or has no picture now, with the cause; 503, the recorder does not run.
    """
    settings = deps.channel(channel)
    if settings is None or not settings.enabled:
        raise not_found(f"channel {channel} is not connected", "ask for a picture of the past with `at`")
    try:
        async with asyncio.timeout(patience_s):
            found = await _first(deps.recorder, channel)
    except TimeoutError:
        raise _no_picture(channel, "the camera sends no key frame", None) from None
    except MiniNvrError as exc:
        raise _unavailable(str(exc)) from exc
    if found is None:
        raise _unavailable("the recorder ended")
    return found


async def jpeg_of(key_frame: KeyFrame, width: int | None) -> bytes:
    """Decode on a thread; width as for `still_jpeg`.

    Raises:
        Problem: 503, it does not decode.
    """
    try:
        return await run_in_threadpool(_decode, key_frame, width)
    except MediaError as exc:
        raise _unavailable(f"the camera's picture does not decode: {exc}") from exc


async def _first(recorder: Recorder, channel: int) -> KeyFrame | None:
    async with recorder.watch(channel, "main") as messages:
        return await first_key_frame(channel, messages)


async def first_key_frame(channel: int, messages: AsyncIterator[bytes]) -> KeyFrame | None:
    """The first key frame that comes; None when the messages end before.

    Raises:
        Problem: 404, the camera is away; with the recorder's cause.
    """
    init = b""
    async for message in messages:
        if message[0] == KIND_INIT:
            init = message[1:]
        elif message[0] == KIND_EVENT:
            _require_there(channel, message)
        elif message[0] == KIND_PART and init:
            part = read_part(message)
            if part.is_key and not part.is_sound:
                return KeyFrame(init, part.data, part.utc_us)
    return None


def _require_there(channel: int, message: bytes) -> None:
    event = read_json(message)
    if event.get("event") == "ended":
        raise _no_picture(channel, str(event.get("detail") or event.get("cause")), event.get("cause"))


def _decode(key_frame: KeyFrame, width: int | None) -> bytes:
    from mini_nvr.media.still import still_jpeg  # noqa: PLC0415  FFmpeg's libraries load only where they are used

    video = next((track for track in parse_init(key_frame.init).formats if isinstance(track, VideoFormat)), None)
    if video is None:
        raise MediaError("a live stream without video")
    moof_bytes = int.from_bytes(key_frame.part[:4])
    return still_jpeg(key_frame.part[moof_bytes + MDAT_HEADER_BYTES :], video, width)


def _no_picture(channel: int, reason: str, cause: object) -> Problem:
    return Problem("no-footage", f"channel {channel} has no live picture: {reason}", "look at /api/live", more={"cause": cause})


def _unavailable(detail: str) -> Problem:
    return Problem("unavailable", detail, "try again", headers={"retry-after": "2"})
