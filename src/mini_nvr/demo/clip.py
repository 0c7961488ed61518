"""A short clip, encoded once in memory and sent again and again: the cheapest camera there is.

Pictures are noise over a moving gradient, so that the encoder needs the wanted bit rate. Timestamps go on from loop to loop, and
each frame carries its number in an SEI message, which makes all frames of an endless loop different: a test can find the one that
was lost or written twice.
"""

import functools
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import av
import numpy as np
from numpy.typing import NDArray

from mini_nvr.clock import NS_PER_S, Clock
from mini_nvr.demo import packetize
from mini_nvr.demo.encoder import AacEncoder, G711Encoder, Picture, VideoEncoder, VideoSettings
from mini_nvr.demo.model import TrackSpec, Unit
from mini_nvr.demo.sound import audio_track, packet_samples
from mini_nvr.media.frame import VIDEO_CLOCK_HZ, AudioCodec, VideoCodec

_STAMP_UUID = b"mini-nvr demo \xf0\x9f"
_NOISE_SEED = 2126


@dataclass(frozen=True, slots=True)
class ClipSpec:
    """What the clip holds. `frames` is its length before it repeats, rounded up to whole GOPs; `bit_rate` in bits per second."""

    codec: VideoCodec = "h264"
    width: int = 320
    height: int = 180
    fps: Fraction = Fraction(25)
    bit_rate: int = 300_000
    gop_frames: int = 25
    frames: int = 50
    b_frames: int = 0
    audio: AudioCodec | None = None


@dataclass(frozen=True, slots=True)
class ClipFrame:
    """One picture of the clip, packetised; `pts` in frames behind the decoding time of the clip's first picture."""

    pts: int
    is_key: bool
    payloads: tuple[bytes, ...]
    stored: bytes


@dataclass(frozen=True, slots=True)
class Clip:
    """An encoded clip; `audio` holds one RTP payload each, with the part of it that a recorder stores."""

    spec: ClipSpec
    tracks: tuple[TrackSpec, ...]
    sets_payload: bytes
    frames: tuple[ClipFrame, ...]
    audio: tuple[tuple[bytes, bytes], ...]
    audio_frame_samples: int


@functools.cache
def make_clip(spec: ClipSpec) -> Clip:
    """Encode the clip; the same one is made once per process.

    Raises:
        MediaError: FFmpeg's libraries lack the encoder.
    """
    pictures, parameter_sets = _encode_video(spec)
    first_pts = pictures[0].pts
    delay = max(index - (picture.pts - first_pts) for index, picture in enumerate(pictures))  # so that no pts precedes its dts
    frames = tuple(
        ClipFrame(
            pts=picture.pts - first_pts + delay,
            is_key=picture.is_key,
            payloads=packetize.video_payloads(spec.codec, picture.nals),
            stored=packetize.length_prefixed(picture.nals),
        )
        for picture in pictures
    )
    video = TrackSpec("video", spec.codec, VIDEO_CLOCK_HZ, 96, parameter_sets=parameter_sets, frame_rate=spec.fps)
    sets_payload = packetize.parameter_set_payload(spec.codec, parameter_sets)
    if spec.audio is None:
        return Clip(spec, (video,), sets_payload, frames, (), 0)
    track, audio, samples = _encode_audio(spec.audio)
    return Clip(spec, (video, track), sets_payload, frames, audio, samples)


def _encode_video(spec: ClipSpec) -> tuple[list[Picture], tuple[bytes, ...]]:
    settings = VideoSettings(spec.codec, spec.width, spec.height, spec.fps, spec.gop_frames, spec.bit_rate, spec.b_frames)
    encoder = VideoEncoder(settings)
    length = -(-spec.frames // spec.gop_frames) * spec.gop_frames
    pictures: list[Picture] = []
    for number, luma in enumerate(_noisy_pictures(spec, length)):
        frame = av.VideoFrame.from_ndarray(luma, format="yuv420p")
        pictures += encoder.encode(frame, number)
    pictures += encoder.finish()
    return pictures, encoder.parameter_sets


def _noisy_pictures(spec: ClipSpec, length: int) -> Iterator[NDArray[np.uint8]]:
    """I420 pictures: a gradient that moves, and noise, of which the rate control leaves as much as the bit rate allows."""
    rng = np.random.default_rng(_NOISE_SEED)
    height, width = spec.height, spec.width
    ramp = np.add.outer(np.arange(height), np.arange(width + length * 2)) // 4 % 128
    noise = rng.integers(0, 64, (height + 64, width + 64), dtype=np.uint8)
    picture = np.full((height * 3 // 2, width), 128, dtype=np.uint8)
    ramp8 = ramp.astype(np.uint8)
    for number in range(length):
        y, x = rng.integers(0, 64, 2)
        np.add(ramp8[:, number * 2 : number * 2 + width], noise[y : y + height, x : x + width], out=picture[:height])
        yield picture


def _encode_audio(codec: AudioCodec) -> tuple[TrackSpec, tuple[tuple[bytes, bytes], ...], int]:
    """About two seconds of a quiet, wandering tone as (RTP payload, stored bytes) pairs, and the samples in each."""
    track = audio_track(codec)
    rate, size = track.clock_hz, packet_samples(codec)
    instants = np.arange(2 * rate // size * size, dtype=np.float32) / rate
    tone = (0.1 * np.sin(2 * np.pi * (300 + 100 * instants) * instants)).astype(np.float32).reshape(-1, size)
    if codec == "aac":
        aac = AacEncoder(rate)
        units = [unit for index, chunk in enumerate(tone) for _, unit in aac.encode(chunk, index * size)]
        pairs = tuple((packetize.aac_payload(unit), unit) for unit in units)
        return track, pairs, size
    g711 = G711Encoder(codec, rate)
    packets = [g711.encode(chunk) for chunk in tone]
    return track, tuple((packet, packet) for packet in packets), size


class ClipSource:
    """Loops a clip. `frames`: end of the showing after so many pictures; `pace`: how many times faster than real time it runs."""

    def __init__(self, spec: ClipSpec | None = None, *, frames: int | None = None, pace: float = 1.0) -> None:
        self._clip = make_clip(spec or ClipSpec())
        self._frames = frames
        self._pace = pace

    @property
    def clip(self) -> Clip:
        """The clip that is sent from the next key frame on."""
        return self._clip

    def tracks(self) -> tuple[TrackSpec, ...]:
        return self._clip.tracks

    def start(self, clock: Clock) -> "ClipFeed":
        return ClipFeed(self, origin_ns=clock.monotonic_ns(), frames=self._frames, pace=self._pace)

    def change_resolution(self, width: int, height: int) -> None:
        self._clip = make_clip(replace(self._clip.spec, width=width, height=height))


class ClipFeed:
    """One showing of a clip from its first picture: video and audio each loop on their own and keep their clocks running."""

    def __init__(self, source: ClipSource, *, origin_ns: int, frames: int | None, pace: float) -> None:
        self._source = source
        self._clip = source.clip
        self._origin_ns = origin_ns
        self._pace = pace
        self._frames = frames
        self._number = 0  # pictures taken
        self._position = 0  # of the next picture in the clip
        self._loop_start = 0  # number of the picture at position 0
        self._audio_number = 0
        fps = self._clip.spec.fps
        self._frame_ns = NS_PER_S / float(fps) / pace
        audio = self._clip.tracks[1] if self._clip.audio else None
        self._audio_ns = NS_PER_S * self._clip.audio_frame_samples / audio.clock_hz / pace if audio else 0.0

    def media_ns(self, now_ns: int) -> int:
        return int((now_ns - self._origin_ns) * self._pace)

    def request_key(self) -> None:
        """A finished clip has its key frames where it has them."""

    def due_ns(self) -> int | None:
        if self._frames is not None and self._number >= self._frames:
            return None
        video = self._number * self._frame_ns
        return self._origin_ns + int(min(video, self._audio_number * self._audio_ns) if self._audio_ns else video)

    def take(self) -> list[Unit]:
        if self._audio_ns and self._audio_number * self._audio_ns < self._number * self._frame_ns:
            return [self._take_audio()]
        return [self._take_video()]

    def _take_video(self) -> Unit:
        frames = self._clip.frames
        if self._position == len(frames) or (frames[self._position].is_key and self._clip is not self._source.clip):
            self._clip = self._source.clip
            self._position = 0
            self._loop_start = self._number
            frames = self._clip.frames
        frame = frames[self._position]
        fps = self._clip.spec.fps
        ticks = VIDEO_CLOCK_HZ * fps.denominator * (self._loop_start + frame.pts) // fps.numerator
        stamp = _stamp(self._clip.spec.codec, self._number)
        self._position += 1
        self._number += 1
        sets = (self._clip.sets_payload,) if frame.is_key else ()
        stored = (struct.pack(">I", len(stamp)), stamp, frame.stored)
        return Unit(0, ticks, frame.is_key, sets, (stamp, *frame.payloads), stored)

    def _take_audio(self) -> Unit:
        payload, stored = self._clip.audio[self._audio_number % len(self._clip.audio)]
        pts = self._audio_number * self._clip.audio_frame_samples
        self._audio_number += 1
        return Unit(1, pts, True, (), (payload,), (stored,))


def _stamp(codec: VideoCodec, number: int) -> bytes:
    """The picture's number as an SEI NAL unit, user data unregistered (ITU-T H.264 D.1.7, H.265 D.2.7), in hexadecimal text."""
    header = b"\x06" if codec == "h264" else b"\x4e\x01"
    payload = _STAMP_UUID + b"%016x" % number
    return header + bytes((5, len(payload))) + payload + b"\x80"
