"""Figures in words that a person reads in a table: bit rates, ages, sound, instants."""

from datetime import tzinfo
from fractions import Fraction

from mini_nvr.clock import US_PER_S, to_datetime
from mini_nvr.media.frame import AudioFormat

NOTHING = "-"
_CODECS = {"h264": "H.264", "h265": "H.265", "aac": "AAC", "pcma": "G.711 A-law", "pcmu": "G.711 mu-law"}
_CHANNELS = {1: "mono", 2: "stereo"}


def codec(name: str | None) -> str:
    """The usual spelling of a codec's name."""
    return _CODECS.get(name, name) if name else NOTHING


def size(width: int | None, height: int | None) -> str:
    """`1920x1080`"""
    return f"{width}x{height}" if width and height else NOTHING


def frame_rate(fps: float | Fraction | None) -> str:
    """Frames a second with at most two decimals: `25`, `12.5`, `29.97`."""
    return f"{float(fps):.2f}".rstrip("0").rstrip(".") if fps is not None else NOTHING


def bit_rate(bps: int | None) -> str:
    """`4.1 Mbit/s` or `640 kbit/s`, decimal prefixes."""
    if bps is None:
        return NOTHING
    return f"{bps / 1e6:.1f} Mbit/s" if bps >= 1_000_000 else f"{bps / 1e3:.0f} kbit/s"


def sound(audio: AudioFormat | None) -> str:
    """`AAC 16 kHz mono`"""
    if audio is None:
        return "none"
    channels = _CHANNELS.get(audio.channels, f"{audio.channels} channels")
    return f"{codec(audio.codec)} {audio.sample_rate_hz / 1000:g} kHz {channels}"


def duration(seconds: float) -> str:
    """A length with its two largest units at most: `0.3 s`, `42 s`, `3 min 20 s`, `2 h 5 min`, `4 d 1 h`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest_s = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    units = [f"{value} {unit}" for value, unit in ((days, "d"), (hours, "h"), (minutes, "min"), (rest_s, "s")) if value]
    return " ".join(units[:2])


def instant(utc_us: int, zone: tzinfo) -> str:
    """Local time to the second."""
    return to_datetime(utc_us, zone).strftime("%Y-%m-%d %H:%M:%S")


def stretch(start_utc_us: int, end_utc_us: int | None, zone: tzinfo) -> str:
    """`2026-03-01 14:30:00 for 12 s`, or `... and lasting`."""
    begin = instant(start_utc_us, zone)
    return f"{begin} and lasting" if end_utc_us is None else f"{begin} for {duration((end_utc_us - start_utc_us) / US_PER_S)}"
