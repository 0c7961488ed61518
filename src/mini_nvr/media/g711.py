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
