"""Sound that browsers play from MP4: AAC is copied, everything that FFmpeg decodes becomes AAC.

Times are in samples of the track that is made, on the time line of the video. The encoder sees an even stream of samples: a gap of
the source below a second is filled with silence, an overlap is cut, beyond that the output jumps with the source.
"""

from collections import deque
from fractions import Fraction
from pathlib import Path
from typing import Final, Protocol

import av
import numpy as np
from numpy.typing import NDArray

from mini_nvr.errors import MediaError
from mini_nvr.media import aac
from mini_nvr.media.frame import VIDEO_CLOCK_HZ, AudioFormat
from mini_nvr.storage.converter_errors import Unconvertible
from mini_nvr.storage.converter_input import CodedAudio

BIT_RATE_PER_CHANNEL: Final = 48_000
FRAME_SAMPLES: Final = 1024
_FALLBACK_RATE_HZ: Final = 48_000
_JITTER_PER_S: Final = 25  # 40 ms: Matroska's stamps are whole milliseconds, and cameras' clocks are coarser
_COPY_JITTER_PER_S: Final = 100

AudioFrames = list[tuple[bytes, int]]
"""(coded frame, its start in samples)."""


class AudioTrack(Protocol):
    """Packets of the source in, frames of our file out."""

    format: AudioFormat
    copied: bool

    def feed(self, coded: CodedAudio) -> AudioFrames:
        """The frames that are complete by this packet."""

    def flush(self) -> AudioFrames:
        """The rest; the track is used up after it."""


def audio_track(stream: "av.AudioStream", path: Path) -> AudioTrack:
    """
    Raises:
        Unconvertible: FFmpeg has no decoder for the sound, so it would be lost with the original.
    """
    config = bytes(stream.codec_context.extradata or b"")
    if stream.codec_context.codec.canonical_name == "aac" and config:
        try:
            return _AacCopy(aac.audio_format(config), stream.time_base or Fraction(1, 1000))
        except MediaError:
            pass  # a kind of AAC that we do not know, but FFmpeg may
    try:
        return _AacEncoder(stream)
    except (av.FFmpegError, ValueError) as exc:
        raise Unconvertible(f"{path.name}: its sound cannot be decoded ({exc}); it is kept as it is") from exc


class _AacCopy:
    copied = True

    def __init__(self, audio: AudioFormat, time_base: Fraction) -> None:
        self.format = audio
        self._factor = time_base * audio.sample_rate_hz
        self._next: int | None = None

    def feed(self, coded: CodedAudio) -> AudioFrames:
        pts = _start(coded, self._factor, self.format.sample_rate_hz)
        if pts is None or (self._next is not None and abs(pts - self._next) * _COPY_JITTER_PER_S <= self.format.sample_rate_hz):
            pts = self._next or 0
        self._next = pts + self.format.frame_samples
        return [(bytes(coded.packet), pts)]

    def flush(self) -> AudioFrames:
        return []


class _AacEncoder:
    copied = False

    def __init__(self, stream: "av.AudioStream") -> None:
        source = stream.codec_context
        self._decoder = source
        self._rate = source.sample_rate if source.sample_rate in aac.SAMPLE_RATES_HZ else _FALLBACK_RATE_HZ
        self._channels = 1 if source.channels == 1 else 2
        layout = "mono" if self._channels == 1 else "stereo"
        self._factor = (stream.time_base or Fraction(1, 1000)) * self._rate
        self._resampler = av.AudioResampler("fltp", layout, self._rate)
        self._layout = layout
        self._encoder = self._open_encoder()
        self.format = aac.audio_format(bytes(self._encoder.extradata or b""))
        self._waiting = np.zeros((self._channels, 0), np.float32)
        self._next: int | None = None  # where the samples after `_waiting` belong
        self._encoded: deque[int] = deque()
        self._primed = False

    def feed(self, coded: CodedAudio) -> AudioFrames:
        found: AudioFrames = []
        pts = _start(coded, self._factor, self._rate)
        try:
            frames = self._decoder.decode(coded.packet)
        except av.FFmpegError:
            return found  # a damaged packet is heard as silence: the next one is placed by its own time
        for frame in frames:
            frame.pts = None
            samples = self._resampled(frame)
            self._take(samples, pts, found)
            pts = None if pts is None else pts + samples.shape[1]
        return found

    def flush(self) -> AudioFrames:
        found: AudioFrames = []
        if self._next is None:
            return found
        self._take(self._resampled(None), None, found)
        self._pad(found)
        self._collect(self._encoder.encode(None), found)
        return found

    def _resampled(self, frame: "av.AudioFrame | None") -> NDArray[np.float32]:
        parts = [part.to_ndarray() for part in self._resampler.resample(frame)]
        return np.concatenate(parts, axis=1) if parts else np.zeros((self._channels, 0), np.float32)

    def _take(self, samples: NDArray[np.float32], pts: int | None, found: AudioFrames) -> None:
        if self._next is None:
            self._next = pts or 0
        missing = 0 if pts is None else pts - self._next
        if pts is not None and abs(missing) >= self._rate:
            self._pad(found)
            self._next = pts
        elif missing * _JITTER_PER_S > self._rate:
            self._append(np.zeros((self._channels, missing), np.float32), found)
        elif -missing * _JITTER_PER_S > self._rate:
            samples = samples[:, -missing:]
        self._append(samples, found)

    def _append(self, samples: NDArray[np.float32], found: AudioFrames) -> None:
        assert self._next is not None  # noqa: S101  callers set it
        self._waiting = np.concatenate((self._waiting, samples), axis=1)
        self._next += samples.shape[1]
        while self._waiting.shape[1] >= FRAME_SAMPLES:
            start = self._next - self._waiting.shape[1]
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(self._waiting[:, :FRAME_SAMPLES]), format="fltp", layout=self._layout
            )
            frame.sample_rate = self._rate
            self._waiting = self._waiting[:, FRAME_SAMPLES:]
            self._encoded.append(start)
            self._collect(self._encoder.encode(frame), found)

    def _pad(self, found: AudioFrames) -> None:
        """Fill up the frame under way with silence."""
        if self._waiting.shape[1]:
            self._append(np.zeros((self._channels, FRAME_SAMPLES - self._waiting.shape[1]), np.float32), found)

    def _collect(self, packets: "list[av.Packet[av.AudioStream]]", found: AudioFrames) -> None:
        """The first packet of the encoder is priming; the one after it plays the first frame."""
        for packet in packets:
            if self._primed:
                found.append((bytes(packet), self._encoded.popleft()))
            self._primed = True

    def _open_encoder(self) -> "av.AudioCodecContext":
        encoder = av.CodecContext.create("aac", "w")
        encoder.sample_rate = self._rate
        encoder.layout = self._layout
        encoder.format = "fltp"
        encoder.bit_rate = BIT_RATE_PER_CHANNEL * self._channels
        encoder.time_base = Fraction(1, self._rate)
        encoder.options = {"aac_coder": "fast"}  # a third of the CPU of twoloop
        encoder.open()
        return encoder


def _start(coded: CodedAudio, factor: Fraction, rate: int) -> int | None:
    """A packet's presentation time in samples; None when it has none."""
    stamp = coded.packet.pts if coded.packet.pts is not None else coded.packet.dts
    return None if stamp is None else round(stamp * factor) + coded.shift_90k * rate // VIDEO_CLOCK_HZ
