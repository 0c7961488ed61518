"""What a file holds so far: durations by presentation, stretches by key frames."""

import pytest

from mini_nvr.errors import SegmentError
from mini_nvr.media.mp4 import SampleRun
from mini_nvr.media.part import AUDIO_TRACK_ID, VIDEO_TRACK_ID
from mini_nvr.segment.ledger import Ledger
from mini_nvr.segment.model import IndexEntry
from tests.support.hybrid_files import HEADER


def video(dts: int, durations: list[int], cts_offsets: list[int] | None = None) -> SampleRun:
    return SampleRun(VIDEO_TRACK_ID, dts, durations, [10] * len(durations), 1_000 + dts, cts_offsets or [])


@pytest.mark.parametrize(
    ("runs", "duration_90k"),
    [
        ([video(0, [9_000] * 3)], 27_000),
        ([video(18_000, [9_000] * 3)], 27_000),  # the audio came first
        ([video(0, [9_000] * 4, [0, 18_000, -9_000, -9_000])], 36_000),  # I P B B: the P is shown last
        ([video(0, [9_000] * 2, [0, 18_000])], 36_000),  # cut before the B-frames: the P is still shown at 27000
        ([video(0, [9_000] * 2, [18_000, 18_000])], 18_000),  # delayed by a muxer: counts from the first frame shown
        ([video(0, [9_000] * 2), video(18_000, [90_000, 9_000])], 117_000),
    ],
)
def test_duration_is_that_of_the_presentation(runs: list[SampleRun], duration_90k: int) -> None:
    ledger = Ledger(HEADER, [], 1_000)
    for number, run in enumerate(runs):
        ledger.add([run], 1_044 + number, 1_045 + number, starts_at_key=True)
    assert ledger.extent.duration_us == duration_90k * 1_000_000 // 90_000


def test_a_stretch_lasts_until_the_next_part_that_starts_at_a_key_frame() -> None:
    ledger = Ledger(HEADER, [], 56)
    audio = SampleRun(AUDIO_TRACK_ID, 0, [1], [5], 0)
    ledger.add([video(0, [9_000] * 2), audio], 100, 200, starts_at_key=True)
    ledger.add([video(18_000, [9_000])], 200, 250, starts_at_key=False)
    middle = ledger.extent
    ledger.add([audio], 260, 300, starts_at_key=False)
    ledger.add([video(27_000, [9_000])], 300, 400, starts_at_key=True)
    first = IndexEntry(0, 27_000, 100, 200, 1_000, 10)
    assert ledger.facts(ledger.extent).index == (first, IndexEntry(27_000, 9_000, 300, 100, 28_000, 10))
    assert ledger.facts(middle).index == (IndexEntry(0, 27_000, 100, 150, 1_000, 10),)
    assert (ledger.facts(middle).size_bytes, ledger.facts(middle).video_frames) == (250, 3)


def test_nothing_comes_before_the_first_key_frame() -> None:
    ledger = Ledger(HEADER, [], 56)
    before = ledger.extent
    with pytest.raises(SegmentError, match="must start"):
        ledger.add([video(0, [1])], 100, 200, starts_at_key=False)
    assert ledger.extent is before
    assert ledger.facts(before).index == ()
