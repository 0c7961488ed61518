"""The demo cameras' sound: a soft tick at each full second of media time, when the white dot lights up in the picture."""

import functools
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mini_nvr.demo import packetize
from mini_nvr.demo.encoder import AacEncoder, G711Encoder
from mini_nvr.demo.model import TrackSpec, Unit
from mini_nvr.media.frame import AudioCodec

TICK_S = 0.08
_TICK_HZ = 880.0
_TICK_LEVEL = 0.25
_HUM_LEVEL = 0.004
_AAC_RATE_HZ = 16_000
_G711_RATE_HZ = 8_000
_G711_PACKET_SAMPLES = 320  # 40 ms, what most cameras send
AUDIO_TRACK = 1


@functools.cache
def audio_track(codec: AudioCodec) -> TrackSpec:
    """How the sound is announced."""
    if codec == "aac":
        return TrackSpec("audio", codec, _AAC_RATE_HZ, 97, config=AacEncoder(_AAC_RATE_HZ).config)
    return TrackSpec("audio", codec, _G711_RATE_HZ, 8 if codec == "pcma" else 0)  # RFC 3551 section 6


def packet_samples(codec: AudioCodec) -> int:
    """Samples in one packet."""
    return AacEncoder.FRAME_SAMPLES if codec == "aac" else _G711_PACKET_SAMPLES


class SoundTrack:
    """Packets of the sound from a media time on, one after the other."""

    def __init__(self, codec: AudioCodec, start_s: float) -> None:
        self._rate = audio_track(codec).clock_hz
        self._encoder = AacEncoder(self._rate) if codec == "aac" else G711Encoder(codec, self._rate)
        self._size = packet_samples(codec)
        self._second = one_second(self._rate)
        self._number = int(start_s * self._rate) // self._size + 1

    def due_s(self) -> float:
        """Media time at which the next packet's last sample has sounded."""
        return (self._number + 1) * self._size / self._rate

    def skip_to(self, media_s: float) -> None:
        """Leave out what should have been sent long ago."""
        self._number = max(self._number, int(media_s * self._rate) // self._size)

    def take(self) -> Iterator[Unit]:
        """The next packet; AAC comes with the encoder's delay."""
        start = self._number * self._size
        samples = np.take(self._second, np.arange(start, start + self._size), mode="wrap")
        self._number += 1
        if isinstance(self._encoder, G711Encoder):
            data = self._encoder.encode(samples)
            yield Unit(AUDIO_TRACK, start, True, (), (data,), (data,))
            return
        for pts, data in self._encoder.encode(samples, start):
            yield Unit(AUDIO_TRACK, pts, True, (), (packetize.aac_payload(data),), (data,))


def one_second(rate_hz: int) -> NDArray[np.float32]:
    """The sound of any second: a fading tone that starts with it, over a faint hum of whole periods."""
    instants = np.arange(rate_hz, dtype=np.float32) / rate_hz
    fade = np.clip(1 - instants / TICK_S, 0, 1) ** 2
    sound = _TICK_LEVEL * fade * np.cos(2 * np.pi * _TICK_HZ * instants) + _HUM_LEVEL * np.sin(2 * np.pi * 100 * instants)
    return sound.astype(np.float32)
