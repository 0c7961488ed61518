"""Foreign files: which are opened and how, and their times on one line."""

from fractions import Fraction
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.segment.model import Container
from mini_nvr.storage.converter_errors import Unconvertible
from mini_nvr.storage.converter_input import PresentationTimes, open_input
from tests.support.foreign_files import make

MS = Fraction(1, 1000)


def placed(stamps: list[int | None], duration: int = 40) -> list[int]:
    times = PresentationTimes(MS)
    return [times.place(stamp, duration)[0] for stamp in stamps]


def test_times_are_kept_reordered_ones_too() -> None:
    assert placed([0, 120, 40, 80, 160]) == [0, 10_800, 3_600, 7_200, 14_400]


def test_a_frame_without_a_time_follows_the_one_before() -> None:
    assert placed([None, None, 500, None]) == [0, 3_600, 45_000, 48_600]


def test_a_clock_that_begins_anew_goes_on() -> None:
    assert placed([100_000, 100_040, 0, 40]) == [9_000_000, 9_003_600, 9_007_200, 9_010_800]


def test_a_pause_stays_a_pause() -> None:
    assert placed([0, 40, 60_000]) == [0, 3_600, 5_400_000]


@given(st.lists(st.none() | st.integers(-(2**40), 2**40), max_size=30), st.none() | st.integers(0, 10_000))
def test_time_never_jumps_back_further_than_reordering(stamps: list[int | None], duration: int | None) -> None:
    times = PresentationTimes(MS)
    newest = None
    for stamp in stamps:
        pts, lasts = times.place(stamp, duration)
        assert newest is None or pts >= newest - 10 * 90_000
        assert lasts >= 0
        newest = pts if newest is None else max(newest, pts)


# What may be opened (SECURITY S4)

CONCAT = "ffconcat version 1.0\nfile real{suffix}\n"
PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nreal{suffix}\n#EXT-X-ENDLIST\n"


@pytest.mark.parametrize("container", ["mp4", "mkv"])
@pytest.mark.parametrize("script", [CONCAT, PLAYLIST], ids=["concat", "playlist"])
def test_s4_a_script_that_is_called_footage_opens_no_other_file(tmp_path: Path, container: Container, script: str) -> None:
    """FFmpeg, asked to guess, would read the real file through it."""
    make(tmp_path / f"real.{container}")
    path = tmp_path / f"script.{container}"
    path.write_text(script.format(suffix=f".{container}"))
    with pytest.raises(Unconvertible, match="is damaged, or is no"), open_input(path, container):
        pass


@pytest.mark.parametrize(("container", "demuxer"), [("mp4", "mp4"), ("mkv", "matroska")])
def test_s4_the_demuxer_is_named_and_no_protocol_but_files_is_open(
    tmp_path: Path, container: Container, demuxer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[tuple[str, dict[str, object]]]()
    open_ = av.open

    def recorded(name: str, **more: object) -> object:
        asked.append((name, more))
        return open_(name, **more)  # type: ignore[call-overload]  # passed on as it came

    monkeypatch.setattr(av, "open", recorded)
    path = make(tmp_path / f"real.{container}")
    with open_input(path, container) as opened:
        assert opened.streams.video
    ((name, more),) = asked
    assert name == f"file:{path}"
    assert more["format"] == demuxer
    assert more["options"] == {"protocol_whitelist": "file"}
