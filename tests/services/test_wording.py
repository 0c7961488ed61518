"""Figures as words, as tables."""

from zoneinfo import ZoneInfo

import pytest

from mini_nvr.media.frame import AudioFormat
from mini_nvr.services import wording


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (42, "42 s"),
        (59.6, "1 min"),
        (200, "3 min 20 s"),
        (3600, "1 h"),
        (7500, "2 h 5 min"),
        (7505, "2 h 5 min"),
        (86_400 * 4 + 3600, "4 d 1 h"),
        (86_400 + 60, "1 d 1 min"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    assert wording.duration(seconds) == text


@pytest.mark.parametrize(("fps", "text"), [(25.0, "25"), (12.5, "12.5"), (30000 / 1001, "29.97"), (None, "-"), (100, "100")])
def test_frame_rate(fps: float | None, text: str) -> None:
    assert wording.frame_rate(fps) == text


@pytest.mark.parametrize(("bps", "text"), [(4_096_000, "4.1 Mbit/s"), (640_400, "640 kbit/s"), (0, "0 kbit/s"), (None, "-")])
def test_bit_rate(bps: int | None, text: str) -> None:
    assert wording.bit_rate(bps) == text


@pytest.mark.parametrize(
    ("audio", "text"),
    [
        (None, "none"),
        (AudioFormat("aac", 16_000, 1, b"", "mp4a.40.2", 1024), "AAC 16 kHz mono"),
        (AudioFormat("aac", 44_100, 2, b"", "mp4a.40.2", 1024), "AAC 44.1 kHz stereo"),
        (AudioFormat("pcma", 8_000, 1, b"", "", 0), "G.711 A-law 8 kHz mono"),
        (AudioFormat("aac", 48_000, 6, b"", "mp4a.40.2", 1024), "AAC 48 kHz 6 channels"),
    ],
)
def test_sound(audio: AudioFormat | None, text: str) -> None:
    assert wording.sound(audio) == text


def test_size_and_codec() -> None:
    assert wording.size(1920, 1080) == "1920x1080"
    assert wording.size(None, None) == "-"
    assert [wording.codec(name) for name in ("h264", "h265", "mjpeg", None)] == ["H.264", "H.265", "mjpeg", "-"]


def test_a_stretch_is_told_in_local_time() -> None:
    start = 1_772_371_800_000_000
    assert wording.stretch(start, start + 12_000_000, ZoneInfo("Europe/Rome")) == "2026-03-01 14:30:00 for 12 s"
    assert wording.stretch(start, None, ZoneInfo("UTC")) == "2026-03-01 13:30:00 and lasting"
