"""G.711 (ITU-T G.711): A-law and mu-law, one byte a sample, no configuration of its own."""

from typing import Literal

from mini_nvr.errors import MediaError
from mini_nvr.media.frame import AudioFormat

SILENCE = {"pcma": b"\xd5", "pcmu": b"\xff"}
"""The byte of the smallest positive sample, by codec."""

_MAX_SAMPLE_RATE_HZ = 192_000
_MAX_CHANNELS = 2


def audio_format(codec: Literal["pcma", "pcmu"], sample_rate_hz: int, channels: int) -> AudioFormat:
    """G.711 at any rate: 8000 Hz by RFC 3551 section 4.5.14, 16000 and more on some cameras.

    Raises:
        MediaError: a rate or a number of channels that no camera sends.
    """
    if codec not in SILENCE:
        raise MediaError(f"{codec} is not G.711")
    if not 0 < sample_rate_hz <= _MAX_SAMPLE_RATE_HZ:
        raise MediaError(f"G.711 at {sample_rate_hz} Hz is not supported; set the camera to 8000 Hz")
    if not 0 < channels <= _MAX_CHANNELS:
        raise MediaError(f"G.711 with {channels} channels is not supported; set the camera to mono")
    return AudioFormat(codec, sample_rate_hz, channels, decoder_config=b"", codec_string="", frame_samples=0)


def linear_samples(codec: Literal["pcma", "pcmu"]) -> tuple[int, ...]:
    """The 16-bit linear sample of each of the 256 bytes (ITU-T G.711 tables 1 and 2, scaled to 16 bits)."""
    return tuple(map(_from_a_law if codec == "pcma" else _from_mu_law, range(256)))


def _from_a_law(byte: int) -> int:
    byte ^= 0x55  # even bits travel inverted
    segment, step = byte >> 4 & 7, byte & 0x0F
    magnitude = (step << 4) + 8
    if segment:
        magnitude = (magnitude + 0x100) << (segment - 1)
    return magnitude if byte & 0x80 else -magnitude


def _from_mu_law(byte: int) -> int:
    byte ^= 0xFF  # all bits travel inverted
    segment, step = byte >> 4 & 7, byte & 0x0F
    magnitude = (((step << 3) + 0x84) << segment) - 0x84
    return -magnitude if byte & 0x80 else magnitude
