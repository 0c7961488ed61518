"""Where parts and segments are cut, for all kinds of GOPs."""

from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.media.frame import VIDEO_CLOCK_HZ
from mini_nvr.recorder.segmenter import MAX_PART, Cut, Segmenter

FRAME = 3600


def cuts(gop_frames: int, frames: int, duration_s: float, frame: int = FRAME) -> list[tuple[int, Cut]]:
    """(frame number, cut) of a steady stream, without the NONEs."""
    segmenter = Segmenter(duration_s)
    found: list[tuple[int, Cut]] = []
    for i in range(frames):
        cut = segmenter.decide(i * frame, i % gop_frames == 0, False)
        if cut is not Cut.NONE:
            found.append((i, cut))
    return found


def test_nothing_starts_before_a_key_frame() -> None:
    segmenter = Segmenter(60)
    assert segmenter.decide(0, False, False) is Cut.SKIP
    assert segmenter.decide(FRAME, True, False) is Cut.SEGMENT


def test_a_gop_of_two_seconds_is_split_evenly() -> None:
    parts = [i for i, _ in cuts(50, 151, 60)]
    assert parts[-4:] == [100, 117, 134, 150]


def test_short_gops_are_gathered() -> None:
    assert [i for i, _ in cuts(5, 61, 60)][2:] == [40, 60]


def test_intra_only_video_is_gathered_too() -> None:
    numbers = [i for i, _ in cuts(1, 201, 60)]
    assert len(numbers) <= 12


def test_segments_start_at_key_frames_and_keep_their_length() -> None:
    starts = [i for i, cut in cuts(50, 25 * 65, 10) if cut is Cut.SEGMENT]
    assert starts == [0, 250, 500, 750, 1000, 1250, 1500]


def test_a_gop_that_does_not_divide_the_length_ends_the_segment_early() -> None:
    starts = [i for i, cut in cuts(75, 25 * 40, 10) if cut is Cut.SEGMENT]
    assert starts == [0, 225, 450, 675, 900]


def test_a_gop_longer_than_a_segment_makes_longer_segments() -> None:
    starts = [i for i, cut in cuts(500, 25 * 70, 10) if cut is Cut.SEGMENT]
    assert starts == [0, 500, 1000, 1500]


def test_a_new_format_at_a_key_frame_starts_a_segment() -> None:
    segmenter = Segmenter(60)
    segmenter.decide(0, True, True)
    segmenter.decide(FRAME, False, False)
    assert segmenter.decide(2 * FRAME, True, True) is Cut.SEGMENT


def test_a_new_format_inside_a_gop_waits_for_the_next_key_frame() -> None:
    segmenter = Segmenter(60)
    segmenter.decide(0, True, False)
    assert segmenter.decide(FRAME, False, True) is Cut.SKIP
    assert segmenter.decide(2 * FRAME, False, False) is Cut.SKIP
    assert segmenter.decide(3 * FRAME, True, False) is Cut.SEGMENT


@given(
    gop=st.integers(1, 250),
    fps=st.sampled_from([1, 5, 10, 12.5, 15, 25, 30, 60]),
    jitter=st.lists(st.integers(-900, 900), min_size=50, max_size=400),
    duration_s=st.sampled_from([10, 60]),
)
def test_no_part_is_longer_than_the_bound(gop: int, fps: float, jitter: list[int], duration_s: int) -> None:
    """A part never grows beyond MAX_PART by more than one frame (and the wobble of its time stamps)."""
    segmenter = Segmenter(duration_s)
    frame = round(VIDEO_CLOCK_HZ / fps)
    started = 0
    for i, wobble in enumerate(jitter):
        pts = i * frame + (wobble if i else 0)
        if segmenter.decide(pts, i % gop == 0, False) is not Cut.NONE:
            started = pts
        else:
            assert pts - started < MAX_PART + 2 * 1800
