"""The newest picture of a camera as JPEG, for browsers that cannot play its codec; decoded for each moment and width once.

From the last key frame on, every frame must be decoded, so the cost is bounded: one decoder at a time, a time for each picture, and
less of it where many cameras are watched like this, so that recording keeps the processor. Whoever asks within the same second gets
the same picture. Nothing but the JPEG stays, and that for seconds.
"""

import asyncio
from dataclasses import dataclass, replace
from typing import Final

from anyio import CapacityLimiter, to_thread

from mini_nvr.api.live_gop import LiveGop, newest_gop, unavailable
from mini_nvr.api.ports import Recorder
from mini_nvr.clock import NS_PER_S, Clock
from mini_nvr.errors import MediaError
from mini_nvr.media.frame import VideoFormat
from mini_nvr.media.mp4 import parse_init

BUDGET_NS: Final = NS_PER_S // 4
"""Of decoding for one picture, on the monotonic clock; some 50 frames of 1080p H.265 on a small machine."""
SHARE_NS: Final = NS_PER_S // 2
"""Of decoding for all pictures that are asked for within a second: half of one core."""
SHARED_NS: Final = 3 * NS_PER_S // 4
"""So old a picture is given to others. Less than the second after which a page asks again, which then always gets a new one."""
KEPT_NS: Final = 3 * NS_PER_S
"""What nobody has asked for since is forgotten."""
MOST: Final = 64
"""Pictures that are kept; a wall of H.265 cameras on two screens has fewer."""

Wanted = tuple[int, int | None]
"""The channel and the width."""


@dataclass(frozen=True, slots=True)
class LiveStill:
    """utc_us: when it was taken. newest_utc_us: of the camera's newest frame; later where decoding did not get that far."""

    jpeg: bytes
    utc_us: int
    newest_utc_us: int


@dataclass(frozen=True, slots=True)
class _Made:
    """A picture, the key frame that it hangs on, when its frames were fetched, and whether all of them were decoded."""

    still: LiveStill
    key_utc_us: int
    at_ns: int
    is_whole: bool

    def serves(self, gop: LiveGop) -> bool:
        """Decoding would lead no further: nothing came, or what came lies behind damage or more frames than there is time for."""
        return self.key_utc_us == gop.key_utc_us and (not self.is_whole or self.still.newest_utc_us == gop.newest_utc_us)


class LiveStills:
    """Lives on the event loop; decodes on a thread."""

    def __init__(self) -> None:
        self._made: dict[Wanted, _Made] = {}
        self._making: dict[Wanted, asyncio.Task[LiveStill]] = {}
        self._decoder = CapacityLimiter(1)

    async def newest(self, recorder: Recorder, clock: Clock, channel: int, width: int | None) -> LiveStill:
        """The newest picture of the main stream that could be decoded in time; at least the last key frame.

        width: as for `still_jpeg`.

        Raises:
            Problem: 404, the camera is away, with the cause; 503, the recorder does not answer, or the key frame does not decode.
        """
        wanted, now_ns = (channel, width), clock.monotonic_ns()
        made = self._made.get(wanted)
        if made is not None and now_ns - made.at_ns < SHARED_NS:
            return made.still
        making = self._making.get(wanted)
        if making is None:
            making = self._making[wanted] = asyncio.create_task(self._make(recorder, clock, wanted))
            making.add_done_callback(lambda done: self._end(wanted, done))
        return await asyncio.shield(making)  # one who gives up leaves it to the others

    def __len__(self) -> int:
        """How many pictures are kept."""
        return len(self._made)

    def _end(self, wanted: Wanted, done: asyncio.Task[LiveStill]) -> None:
        del self._making[wanted]
        if not done.cancelled():
            done.exception()  # seen, also when nobody waits any more

    async def _make(self, recorder: Recorder, clock: Clock, wanted: Wanted) -> LiveStill:
        channel, width = wanted
        gop = await newest_gop(recorder, channel)
        at_ns = clock.monotonic_ns()
        before = self._made.pop(wanted, None)
        self._forget(at_ns)
        if before is not None and before.serves(gop):
            still, is_whole = replace(before.still, newest_utc_us=gop.newest_utc_us), before.is_whole
        else:
            still = await self._decoded(gop, width, clock)
            is_whole = still.utc_us == still.newest_utc_us
        self._made[wanted] = _Made(still, gop.key_utc_us, at_ns, is_whole)
        return still

    def _forget(self, now_ns: int) -> None:
        self._made = {wanted: made for wanted, made in self._made.items() if now_ns - made.at_ns < KEPT_NS}
        while len(self._made) >= MOST:
            del self._made[next(iter(self._made))]

    async def _decoded(self, gop: LiveGop, width: int | None, clock: Clock) -> LiveStill:
        budget_ns = min(BUDGET_NS, SHARE_NS // (1 + len(self._made)))
        try:
            return await to_thread.run_sync(_decode, gop, width, clock, budget_ns, limiter=self._decoder)
        except MediaError as exc:
            raise unavailable(f"the camera's picture does not decode: {exc}") from exc


def _decode(gop: LiveGop, width: int | None, clock: Clock, budget_ns: int) -> LiveStill:
    from mini_nvr.media.still import newest_still  # noqa: PLC0415  FFmpeg's libraries load only where they are used

    video = next((track for track in parse_init(gop.init).formats if isinstance(track, VideoFormat)), None)
    if video is None:
        raise MediaError("a live stream without video")
    until_ns = clock.monotonic_ns() + budget_ns
    jpeg, utc_us = newest_still(gop.frames(), video, width, lambda: clock.monotonic_ns() < until_ns)
    return LiveStill(jpeg, utc_us, gop.newest_utc_us)
