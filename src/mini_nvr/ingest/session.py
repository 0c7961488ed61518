"""Keeps one camera connected: connect, watch, end, wait, again, until cancelled."""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from contextlib import suppress

from mini_nvr.clock import NS_PER_S, Clock
from mini_nvr.errors import GapCause, RtspError
from mini_nvr.ingest.backoff import Backoff, Ending
from mini_nvr.ingest.source import Receiver, Source
from mini_nvr.rtsp.errors import ConnectionLost

_log = logging.getLogger(__name__)

OPEN_TIMEOUT_S = 20.0
STALL_S = 10.0
WATCH_INTERVAL_S = 2.0
REACH_INTERVAL_S = 1.0
_TRICKLE_BYTES = 64 * 1024  # less than that is audio alone, or the rest of a frame
_UNREACHABLE = frozenset({GapCause.CAMERA_OFFLINE})


class StreamStalled(RtspError):
    """Connected, but no frame came for `STALL_S`; bytes_came tells silence from data that cannot be decoded yet."""

    def __init__(self, bytes_came: bool) -> None:
        what = "data but no key frame" if bytes_came else "no frame"
        super().__init__(f"{what} for {STALL_S:.0f} s although the connection stands")
        self.cause = GapCause.NO_KEY_FRAME if bytes_came else GapCause.STREAM_STALLED


class CameraSession:
    """One camera's life on the event loop.

    new_source: makes the source of the next connection; raises `RtspError` when the address is none that can be connected to.
    reachable: a cheap look whether anything listens at the camera's address (no request, no password); asked each second while the
        back-off runs, so that a camera that comes back is recorded within 2 s.
    jitter: random numbers in [-1, 1].
    """

    def __init__(
        self,
        label: str,
        new_source: Callable[[], Source],
        receiver: Receiver,
        clock: Clock,
        *,
        reachable: Callable[[], Awaitable[bool]],
        jitter: Callable[[], float],
    ) -> None:
        self._label = label
        self._new_source = new_source
        self._receiver = receiver
        self._clock = clock
        self._reachable = reachable
        self._jitter = jitter
        self._backoff = Backoff()
        self.source: Source | None = None
        self.connections = 0
        self._connecting = False

    @property
    def connecting(self) -> bool:
        """Requests and answers go to and fro, or the first frame is due."""
        return self._connecting and self.source is not None and not self.source.last_frame_ns

    async def run(self) -> None:
        """Record until cancelled; the receiver is told of every change."""
        while True:
            try:
                source = self._new_source()
            except RtspError as error:
                await self._give_up(error)
                return
            ending, detail = await self._connect_once(source)
            delay = self._backoff.after(ending, self._jitter())
            cause = ending.cause or GapCause.CAMERA_OFFLINE
            again = f"next try in {delay:.0f} s" if delay >= 1 else "trying again at once"
            _log.warning("%s: %s: %s; %s", self._label, cause, detail, again)
            self._receiver.on_disconnected(cause, detail, delay)
            await self._wait(delay, was_reachable=ending.hung_up or cause not in _UNREACHABLE)

    async def _give_up(self, error: RtspError) -> None:
        """Say once that the address cannot be used, and wait to be cancelled: only other settings, and so a restart, mend it."""
        cause = getattr(error, "cause", GapCause.CAMERA_ERROR)
        _log.error("%s: %s: %s; not tried again before the next start", self._label, cause, error)
        self._receiver.on_disconnected(cause, str(error), math.inf)
        await asyncio.Event().wait()

    async def _connect_once(self, source: Source) -> tuple[Ending, str]:
        """One connection from first to last byte. Whatever goes wrong ends this connection alone, never another camera's."""
        self.source = source
        self._connecting = True
        started_ns = 0
        cause: GapCause | None = None
        detail = "the camera ended the stream"
        hung_up = False
        try:
            async with asyncio.timeout(OPEN_TIMEOUT_S):
                info = await source.open()
                for sentence in info.left_out:
                    _log.warning("%s: left out %s", self._label, sentence)
                started_ns = self._clock.monotonic_ns()
                await source.play(self._receiver)
            self.connections += 1
            await self._watch(source, started_ns)
        except RtspError as error:
            cause, detail = getattr(error, "cause", GapCause.CAMERA_ERROR), str(error)
            hung_up = isinstance(error, ConnectionLost)
        except TimeoutError:
            cause, detail = GapCause.CAMERA_OFFLINE, f"the camera did not start the stream within {OPEN_TIMEOUT_S:.0f} s"
        except Exception as error:  # noqa: BLE001  the supervisor loop of one camera: log everything, keep the others
            cause, detail = GapCause.CAMERA_ERROR, f"unexpected {type(error).__name__} while reading the stream"
            _log.exception("%s: %s", self._label, detail)
        finally:
            self._connecting = False
            await source.close()
        delivered_ns = max(source.last_frame_ns - started_ns, 0) if source.last_frame_ns else 0
        return Ending(cause, delivered_ns / NS_PER_S, hung_up), detail

    async def _watch(self, source: Source, started_ns: int) -> None:
        """Wait for the end of the stream, or raise when it falls silent."""
        closed = asyncio.ensure_future(source.wait_closed())
        frame_ns, bytes_then = started_ns, 0
        try:
            while not closed.done():
                tick = asyncio.ensure_future(self._clock.sleep(WATCH_INTERVAL_S))
                await asyncio.wait((closed, tick), return_when=asyncio.FIRST_COMPLETED)
                tick.cancel()
                if source.last_frame_ns > frame_ns:
                    frame_ns, bytes_then = source.last_frame_ns, source.media_bytes
                if not closed.done() and self._clock.monotonic_ns() - frame_ns >= STALL_S * NS_PER_S:
                    raise StreamStalled(source.media_bytes - bytes_then > _TRICKLE_BYTES)
            closed.result()
        finally:
            closed.cancel()
            with suppress(asyncio.CancelledError, RtspError):
                await closed

    async def _wait(self, delay_s: float, *, was_reachable: bool) -> None:
        """Sleep, but no longer than until an unreachable camera can be reached again."""
        deadline_ns = self._clock.monotonic_ns() + int(delay_s * NS_PER_S)
        while (left_s := (deadline_ns - self._clock.monotonic_ns()) / NS_PER_S) > 0:
            await self._clock.sleep(min(left_s, REACH_INTERVAL_S))
            if left_s <= REACH_INTERVAL_S:
                return
            reachable = await self._reachable()
            if reachable and not was_reachable:
                self._backoff.reset()
                _log.info("%s: the camera can be reached again", self._label)
                return
            was_reachable = reachable
