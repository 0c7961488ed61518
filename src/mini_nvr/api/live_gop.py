"""What the recorder has of a camera since its last key frame: the frames that lead to the newest picture, not decoded."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Final

from mini_nvr.api.ports import Recorder
from mini_nvr.api.problems import Problem
from mini_nvr.errors import MiniNvrError
from mini_nvr.live.protocol import KIND_EVENT, KIND_INIT, KIND_PART, ReceivedPart, read_json, read_part
from mini_nvr.media.mp4 import MDAT_HEADER_BYTES

PATIENCE_S: Final = 3.0
"""How long a picture is waited for: a camera that has just been connected has not sent a key frame yet."""


class LiveGop:
    """Filled with the messages of a marked watch (`live.protocol`).

    parts: of video, the first one a key frame; none as long as there is no picture. init: of their epoch.
    """

    def __init__(self) -> None:
        self.init = b""
        self.parts: list[ReceivedPart] = []
        self._caught_up = False

    @property
    def key_utc_us(self) -> int:
        return self.parts[0].utc_us

    @property
    def newest_utc_us(self) -> int:
        """Of the picture that is shown last, which need not have come last."""
        return max(part.utc_us for part in self.parts)

    def frames(self) -> Iterator[tuple[int, bytes]]:
        """(wall time, NAL units) of each frame, in decoding order."""
        for part in self.parts:
            moof_bytes = int.from_bytes(part.data[:4])
            yield part.utc_us, part.data[moof_bytes + MDAT_HEADER_BYTES :]

    def take(self, channel: int, message: bytes) -> bool:
        """Whether that was all there is: up to the mark, or without a key frame by then the first one that comes.

        Raises:
            Problem: 404, the camera is away; with the recorder's cause.
        """
        if message[0] == KIND_INIT:
            self.init, self.parts = message[1:], []
        elif message[0] == KIND_EVENT:
            self._take_event(channel, message)
        elif message[0] == KIND_PART and self.init:
            self._take_part(read_part(message))
        return self._caught_up and bool(self.parts)

    def _take_event(self, channel: int, message: bytes) -> None:
        event = read_json(message)
        if event.get("event") == "ended":
            raise _no_picture(channel, str(event.get("detail") or event.get("cause")), event.get("cause"))
        if event.get("event") == "skipped":  # read too slowly: the mark may be gone, and the next part is a newer key frame
            self.parts, self._caught_up = [], True
        elif event.get("event") == "caughtUp":
            self._caught_up = True

    def _take_part(self, part: ReceivedPart) -> None:
        if part.is_sound:
            return
        if part.is_key:
            self.parts = [part]
        elif self.parts:
            self.parts.append(part)


async def newest_gop(recorder: Recorder, channel: int, patience_s: float = PATIENCE_S) -> LiveGop:
    """The frames of a camera's main stream since its last key frame, up to the newest one; at least that key frame.

    Raises:
        Problem: 404, the channel has no picture now, with the cause; 503, the recorder does not run.
    """
    gop, late = LiveGop(), False
    try:
        async with asyncio.timeout(patience_s):
            await _watch(gop, recorder, channel)
    except TimeoutError:
        late = True
    except MiniNvrError as exc:
        raise unavailable(str(exc)) from exc
    if gop.parts:
        return gop
    raise _no_picture(channel, "the camera sends no key frame", None) if late else unavailable("the recorder ended")


async def _watch(gop: LiveGop, recorder: Recorder, channel: int) -> None:
    async with recorder.watch(channel, "main", marked=True) as messages:
        await fill(gop, channel, messages)


async def fill(gop: LiveGop, channel: int, messages: AsyncIterator[bytes]) -> None:
    """Until it has all, or the messages end."""
    async for message in messages:
        if gop.take(channel, message):
            return


def _no_picture(channel: int, reason: str, cause: object) -> Problem:
    return Problem("no-footage", f"channel {channel} has no live picture: {reason}", "look at /api/live", more={"cause": cause})


def unavailable(detail: str) -> Problem:
    """503, for the moment."""
    return Problem("unavailable", detail, "try again", headers={"retry-after": "2"})
