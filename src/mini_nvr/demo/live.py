"""A scene as a live source: pictures drawn and encoded when they are due, with the right time burnt in, sound beside them.

Media time 0 is the full wall-clock second before the showing begins, so that pictures, ticks and flashes lie on whole seconds.
Nothing is drawn while nobody watches.
"""

import functools
from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np

from mini_nvr.clock import NS_PER_S, NS_PER_US, US_PER_S, Clock, to_datetime
from mini_nvr.demo import packetize
from mini_nvr.demo.encoder import VideoEncoder, VideoSettings
from mini_nvr.demo.model import TrackSpec, Unit
from mini_nvr.demo.painter import Planes
from mini_nvr.demo.scenes import Scene
from mini_nvr.demo.sound import SoundTrack, audio_track
from mini_nvr.demo.stage import Stage
from mini_nvr.media.frame import VIDEO_CLOCK_HZ, AudioCodec, VideoCodec

DEFAULT_SIZE = (640, 360)
DEFAULT_FPS = 10
FLASH_S = 0.2
_MAX_LATENESS_NS = NS_PER_S // 2
_VIDEO_TRACK = 0


class LiveScene:
    """One of the scenes; a whole number of frames a second, a key frame at every `gop_s`-th full second."""

    def __init__(
        self,
        scene: Scene,
        name: str,
        *,
        codec: VideoCodec = "h264",
        audio: AudioCodec | None = None,
        size: tuple[int, int] = DEFAULT_SIZE,
        fps: int = DEFAULT_FPS,
        gop_s: int = 1,
    ) -> None:
        self._scene = scene
        self._name = name
        self.codec = codec
        self.audio = audio
        self.size = size
        self.fps = fps
        self.gop_s = gop_s
        self._studio: Studio | None = None

    def tracks(self) -> tuple[TrackSpec, ...]:
        sets = _parameter_sets(self.settings)
        video = TrackSpec("video", self.codec, VIDEO_CLOCK_HZ, 96, parameter_sets=sets, frame_rate=Fraction(self.fps))
        return (video,) if self.audio is None else (video, audio_track(self.audio))

    @property
    def settings(self) -> VideoSettings:
        """How pictures are encoded from the next key frame on; key frames come when asked for."""
        width, height = self.size
        return VideoSettings(self.codec, width, height, Fraction(self.fps), gop_frames=60 * self.fps)

    def studio(self) -> "Studio":
        """The picture to draw on; kept, because painting a background takes a tenth of a second."""
        if self._studio is None or self._studio.size != self.size:
            self._studio = Studio(self._scene, self._name, self.size)
        return self._studio

    def start(self, clock: Clock) -> "LiveFeed":
        return LiveFeed(self, clock)

    def change_resolution(self, width: int, height: int) -> None:
        self.size = (width, height)


@functools.cache
def _parameter_sets(settings: VideoSettings) -> tuple[bytes, ...]:
    return VideoEncoder(settings).parameter_sets


class Studio:
    """The memory of one picture, as the encoder's frame and as arrays to draw on."""

    def __init__(self, scene: Scene, name: str, size: tuple[int, int]) -> None:
        self.size = size
        width, height = size
        self.frame = av.VideoFrame(width, height, "yuv420p")
        shapes = ((height, width), (height // 2, width // 2), (height // 2, width // 2))
        planes = [
            np.frombuffer(memoryview(plane), dtype=np.uint8).reshape(-1, plane.line_size)[:rows, :columns]
            for plane, (rows, columns) in zip(self.frame.planes, shapes, strict=True)
        ]
        self.stage = Stage(scene, name, Planes(*planes))


class LiveFeed:
    """One showing, from now on."""

    def __init__(self, source: LiveScene, clock: Clock) -> None:
        self._source = source
        self._clock = clock
        self._fps = source.fps
        now_ns = clock.monotonic_ns()
        since_second_ns = clock.utc_us() % US_PER_S * NS_PER_US
        self._origin_ns = now_ns - since_second_ns
        self._number = -(-since_second_ns * self._fps // NS_PER_S)  # of the next picture, counted from the origin
        self._sound = SoundTrack(source.audio, since_second_ns / NS_PER_S) if source.audio else None
        self._key_wanted = True
        self._encoder = VideoEncoder(source.settings)
        self._studio = source.studio()
        self._sets = packetize.parameter_set_payload(source.codec, self._encoder.parameter_sets)

    def media_ns(self, now_ns: int) -> int:
        return now_ns - self._origin_ns

    def request_key(self) -> None:
        self._key_wanted = True

    def due_ns(self) -> int:
        video_ns = self._number * NS_PER_S // self._fps
        return self._origin_ns + (video_ns if self._sound is None else min(video_ns, int(self._sound.due_s() * NS_PER_S)))

    def take(self) -> list[Unit]:
        media_ns = self.media_ns(self._clock.monotonic_ns())
        if media_ns - (self.due_ns() - self._origin_ns) > _MAX_LATENESS_NS:
            self._skip_to(media_ns)
        units: list[Unit] = []
        if self._number * NS_PER_S // self._fps <= media_ns:
            units += self._take_video()
        if self._sound is not None and int(self._sound.due_s() * NS_PER_S) <= media_ns:
            units += self._sound.take()
        return units

    def _skip_to(self, media_ns: int) -> None:
        """A camera that was held up shows the present, not the past."""
        self._number = max(self._number, media_ns * self._fps // NS_PER_S)
        if self._sound is not None:
            self._sound.skip_to(media_ns / NS_PER_S)

    def _take_video(self) -> Iterator[Unit]:
        number = self._number
        self._number += 1
        is_key = self._key_wanted or number % (self._fps * self._source.gop_s) == 0
        if is_key and self._studio.size != self._source.size:
            self._rebuild()
        self._key_wanted = False
        media_s = number / self._fps
        flash = number % self._fps < FLASH_S * self._fps
        self._studio.stage.draw(media_s, _clock_text(self._clock.utc_us()), number, flash=flash)
        for picture in self._encoder.encode(self._studio.frame, number, force_key=is_key):
            payloads = packetize.video_payloads(self._source.codec, picture.nals)
            sets = (self._sets,) if picture.is_key else ()
            pts = picture.pts * VIDEO_CLOCK_HZ // self._fps
            yield Unit(_VIDEO_TRACK, pts, picture.is_key, sets, payloads, (packetize.length_prefixed(picture.nals),))

    def _rebuild(self) -> None:
        self._encoder = VideoEncoder(self._source.settings)
        self._studio = self._source.studio()
        self._sets = packetize.parameter_set_payload(self._source.codec, self._encoder.parameter_sets)


def _clock_text(utc_us: int) -> str:
    """Local time as HH:MM:SS.d."""
    local = to_datetime(utc_us).astimezone()
    return f"{local:%H:%M:%S}.{local.microsecond // 100_000}"
