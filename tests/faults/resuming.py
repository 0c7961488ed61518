"""Recording that goes on by itself when the cause has ended, and how soon."""

from mini_nvr.catalog.model import SegmentRow
from mini_nvr.clock import US_PER_S, SystemClock
from tests.e2e.recorder_process import RecorderProcess
from tests.faults.long import WAIT_S

RESUMES_WITHIN_S = 5.0
"""From the end of the cause to the first picture: the disk is tried each second, and a file starts at a key frame."""


def now_us() -> int:
    return SystemClock().utc_us()


def check_resumes(recorder: RecorderProcess, channels: int, since_us: int, within_s: float = RESUMES_WITHIN_S) -> None:
    """Wait for footage of channels 1 to `channels` from after `since_us`; its file begins in time, as the recorder dates it."""

    def resumed(channel: int) -> list[SegmentRow]:
        return [row for row in recorder.segments(channel) if row.end_utc_us > since_us]

    numbers = range(1, channels + 1)
    recorder.wait_until(lambda: all(resumed(number) for number in numbers), "recording to go on", WAIT_S)
    for number in numbers:
        after_s = (resumed(number)[0].start_utc_us - since_us) / US_PER_S
        print(f"channel {number}: recorded again after {after_s:.2f} s")
        assert after_s <= within_s, f"channel {number} is recorded again after {after_s:.2f} s\n{recorder.last_words()}"
