"""One stream and its viewers. Frames since the last key frame are kept, so that a viewer's first picture is immediate.

While nobody watches, a frame costs its place in that list and nothing else. With the first viewer an epoch begins: frames become
messages once (`packager`), and all viewers get the same objects. All methods are called on the event loop; none waits or raises.
"""

import logging
from typing import Protocol

from mini_nvr.clock import NS_PER_S
from mini_nvr.errors import GapCause, MediaError
from mini_nvr.ingest.source import TimeLine
from mini_nvr.live import protocol
from mini_nvr.live.packager import Packager
from mini_nvr.live.protocol import Message, StreamName
from mini_nvr.live.sound import LiveSound
from mini_nvr.live.viewer import Viewer
from mini_nvr.media.decode_times import DecodeClock
from mini_nvr.media.frame import VIDEO_CLOCK_HZ, AudioFormat, Frame, VideoFormat

_log = logging.getLogger(__name__)

GOP_LIMIT_BYTES = 8 * 1024 * 1024  # a longer GOP is not kept: viewers then wait for the next key frame
DEFAULT_FRAME_DURATION = VIDEO_CLOCK_HZ // 25
STALLED_AFTER_NS = 3 * NS_PER_S
_SILENT_AFTER = 2 * VIDEO_CLOCK_HZ  # sound that has not come for that long is left out: a player waits for a track that is declared


class Watchable(Protocol):
    """What viewers join: a hub, or a sub stream that is connected for them."""

    def join(self, viewer: Viewer) -> None:
        """Send this viewer what there is and what comes."""

    def leave(self, viewer: Viewer) -> None:
        """Send it no more; harmless when it has left."""


class StreamHub:
    """Implements `recorder.tap.Tap` and `Watchable`."""

    def __init__(self, channel: int, stream: StreamName) -> None:
        self.viewers: list[Viewer] = []
        self._channel = channel
        self._stream = stream
        self._format: VideoFormat | None = None
        self._line: TimeLine | None = None
        self._sound: LiveSound | None = None
        self._sound_pts: int | None = None  # of the newest audio frame, in samples
        self._first_pts: int | None = None  # of the first key frame on this time line
        self._order = DecodeClock(None)
        self._frame_duration = DEFAULT_FRAME_DURATION
        self._frames: list[Frame] | None = None  # since the last key frame; None before the first and when they are too many
        self._sounds: list[tuple[bytes, int]] = []
        self._cached_bytes = 0
        self._zero_utc_us = 0  # the wall instant of media time 0, as of the last key frame
        self._packager: Packager | None = None  # while somebody watches
        self._preamble: tuple[Message, ...] = ()
        self._parts: list[Message] = []  # the cached frames, as messages
        self._last_frame_ns = 0
        self._stalled = False
        self._ended: Message | None = None

    # Frames

    def on_format(self, video: VideoFormat, audio: AudioFormat | None, line: TimeLine) -> None:
        """The next frame begins a stream of these formats on this time line."""
        self._forget_frames()
        self._end_epoch()
        if line is not self._line:
            self._sound_pts = self._first_pts = None
        if audio is None or self._sound is None or audio != self._sound.source:
            self._sound = LiveSound(audio) if audio else None
        self._format, self._line, self._ended = video, line, None
        self._order = DecodeClock(video.reorder_depth)
        rate = video.frame_rate
        self._frame_duration = round(VIDEO_CLOCK_HZ / rate) if rate and 1 <= rate <= 240 else DEFAULT_FRAME_DURATION

    def on_video(self, frame: Frame) -> None:
        """The hot path: one call a frame of each camera."""
        if frame.is_key:
            self._begin_gop(frame)
        frames = self._frames
        if frames is not None:
            frames.append(frame)
            self._cached_bytes += len(frame.data)
            if self._cached_bytes > GOP_LIMIT_BYTES:
                self._forget_frames()
        if self._packager is not None:
            self._last_frame_ns = frame.arrival_ns
            self._publish_video(self._packager, frame)

    def on_audio(self, data: bytes, pts: int) -> None:
        """One audio frame, `pts` in samples on the line of the video."""
        sound = self._sound
        if sound is None:
            return
        self._sound_pts = pts
        if self._frames is not None and not sound.transcodes:
            self._sounds.append((data, pts))
            self._cached_bytes += len(data)
        if self._packager is not None and self._packager.audio is not None:
            for encoded, start in sound.encode(data, pts):
                self._publish_sound(self._packager, encoded, start)

    def on_end(self, cause: GapCause, detail: str) -> None:
        """No frames until the next `on_format`; may be called again with another cause."""
        self.clear()
        self._ended = protocol.event("ended", cause=str(cause), detail=detail)
        self._tell(self._ended)

    def clear(self) -> None:
        """As if there had never been a frame; viewers are told nothing."""
        self._forget_frames()
        self._end_epoch(tell=False)
        self._format = self._line = self._ended = None
        self._sound = self._sound_pts = self._first_pts = None

    def look_for_stall(self, now_ns: int) -> None:
        """Tell viewers when a connected camera sends no frames; called each second or so while somebody watches."""
        if self._packager is not None and not self._stalled and now_ns - self._last_frame_ns > STALLED_AFTER_NS:
            self._stalled = True
            self._tell(protocol.event("stalled"))

    # Viewers

    def join(self, viewer: Viewer) -> None:
        """`Watchable`"""
        self.viewers.append(viewer)
        if self._ended is not None:
            viewer.offer(self._ended)
        if self._packager is not None:
            for message in (*self._preamble, *self._parts):
                viewer.offer(message)
        elif self._frames:
            self._begin_epoch(self._frames[-1].pts)
            self._publish_cached(self._frames, self._sounds)

    def leave(self, viewer: Viewer) -> None:
        """`Watchable`"""
        if viewer in self.viewers:
            self.viewers.remove(viewer)
        if not self.viewers:
            self._end_epoch()

    # Groups of pictures and epochs

    def _begin_gop(self, key: Frame) -> None:
        """Start the cache again; learn from the frames that it held; let an epoch begin where one is due."""
        if self._line is None:
            return
        if self._frames:
            self._learn(self._frames, key)
        self._frames, self._sounds, self._cached_bytes, self._parts = [], [], 0, []
        self._zero_utc_us = self._line.utc_us(0)
        if self._first_pts is None:
            self._first_pts = key.pts
        if self.viewers and self._epoch_is_due(key.pts):
            self._begin_epoch(key.pts)

    def _epoch_is_due(self, pts: int) -> bool:
        """Nothing is sent yet, sound came or went, or the frames turned out to be reordered."""
        packager = self._packager
        if packager is None or self._order.depth > packager.depth:
            return True
        return self._sound_flows(pts) != (packager.audio is not None)

    def _learn(self, frames: list[Frame], key: Frame) -> None:
        span = key.pts - frames[0].pts
        if span > 0:
            self._frame_duration = max(span // len(frames), 1)
        if self._format is not None and self._format.reorder_depth != 0:
            self._order.observe([frame.pts for frame in frames])

    def _forget_frames(self) -> None:
        self._frames = None
        self._sounds, self._parts, self._cached_bytes = [], [], 0

    def _sound_flows(self, video_pts: int) -> bool:
        """Sound came lately, seen from a video time. Players cannot add a track later: do not leave it out lightly."""
        if self._sound is None:
            return False
        if self._sound_pts is None:  # a camera that has just been connected is believed
            return self._first_pts is None or video_pts - self._first_pts < _SILENT_AFTER
        return video_pts - self._sound_pts * VIDEO_CLOCK_HZ // self._sound.source.sample_rate_hz < _SILENT_AFTER

    def _begin_epoch(self, pts: int) -> None:
        """From the last key frame on, frames become messages; all viewers get the header and the init segment.

        pts: of the newest frame, for judging whether sound flows.
        """
        if self._format is None:
            return
        self._end_epoch()
        if self._frames and self._format.reorder_depth != 0:
            self._order.observe([frame.pts for frame in self._frames])
        try:
            audio = self._sound.open() if self._sound is not None and self._sound_flows(pts) else None
            packager = Packager(self._format, audio, self._order.depth, self._frame_duration)
            self._preamble = packager.preamble(self._channel, self._stream, self._zero_utc_us)
        except MediaError as error:
            _log.warning("ch%d: %s stream cannot be watched live: %s", self._channel, self._stream, error)
            return
        self._packager = packager
        self._stalled = False
        for message in self._preamble:
            self._tell(message)

    def _end_epoch(self, *, tell: bool = True) -> None:
        if self._packager is not None and tell:
            self._tell(protocol.event("formatChanged"))
        self._packager = None
        self._preamble = ()
        self._parts = []

    def _publish_cached(self, frames: list[Frame], sounds: list[tuple[bytes, int]]) -> None:
        packager = self._packager
        if packager is None:
            return
        self._last_frame_ns = frames[-1].arrival_ns
        for frame in frames:
            if self._packager is packager:
                self._publish_video(packager, frame)
        if packager.audio is not None and self._packager is packager:
            for data, pts in sounds:
                self._publish_sound(packager, data, pts)

    def _publish_video(self, packager: Packager, frame: Frame) -> None:
        if self._stalled:
            self._stalled = False
            self._tell(protocol.event("resumed"))
        try:
            self._publish(packager.video(frame, self._zero_utc_us))
        except MediaError as error:
            _log.warning("ch%d: %s stream: not live until the next key frame: %s", self._channel, self._stream, error)
            self._end_epoch()

    def _publish_sound(self, packager: Packager, data: bytes, pts: int) -> None:
        try:
            message = packager.sound(data, pts, self._zero_utc_us)
        except MediaError as error:
            _log.debug("ch%d: a sound cannot be played live: %s", self._channel, error)
        else:
            if message is not None:
                self._publish(message)

    def _publish(self, part: Message) -> None:
        if self._frames is not None:
            self._parts.append(part)
        self._tell(part)

    def _tell(self, message: Message) -> None:
        for viewer in self.viewers:
            viewer.offer(message)
