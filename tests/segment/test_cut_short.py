"""Files that end after any picture, B-frames of the last one missing or not, as a stop of the recorder leaves them."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.footage import FRAME_90K, video_clip
from tests.support.hybrid_files import ffprobe_complaints, opened, pictures, record

MISDATED = {3, 4, 5}
"""So many pictures with two B-frames between others: FFmpeg leaves the last two rows of `ctts` out of account when it makes
decoding times, and then finds them behind the presentation times. The pictures are shown all the same, and in time."""


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="Debian's ffmpeg is not installed (`make test` does it)")
@pytest.mark.parametrize("count", range(1, 12))
def test_every_picture_is_shown_in_time_however_few_there_are(count: int, tmp_path: Path) -> None:
    clip = video_clip(frames=60, gop=50, b_frames=2)
    clip = replace(clip, samples=clip.samples[:count])
    made = record(tmp_path / "short.mp4", [clip])
    times = sorted(sample.pts for sample in clip.samples)
    assert [pts for pts, _ in pictures(made.path)] == times
    assert made.facts.duration_us == (times[-1] + FRAME_90K) * 1_000 // 90
    with opened(made.path) as container:
        assert container.streams.video[0].duration == count * FRAME_90K, "what FFmpeg tells is the sum of the durations"
    complaints = ffprobe_complaints(made.path).splitlines()
    assert all("Invalid timestamps" in line for line in complaints)
    assert not complaints or count in MISDATED
