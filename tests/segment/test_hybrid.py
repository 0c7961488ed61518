"""The growing and the sealed file, as FFmpeg sees them."""

import subprocess
from pathlib import Path

import av
import pytest
from tests.support.footage import Clip, audio_clip, cut_into_parts, video_clip

from mini_nvr.media.frame import VideoCodec
from mini_nvr.segment.hybrid import HybridWriter
from mini_nvr.segment.model import SegmentHeader

HEADER = SegmentHeader(1, "Yard", 1_790_000_000_000_000, "0123456789abcdef" * 2, 0, "arrival")


def frames_of(path: Path, kind: str) -> list[tuple[int, bytes]]:
    """(pts, data) of every packet of the first stream of that kind, in file order."""
    with av.open(str(path)) as container:
        stream = next(stream for stream in container.streams if stream.type == kind)
        return [(packet.pts or 0, bytes(packet)) for packet in container.demux(stream) if packet.size]


def wanted(clip: Clip) -> list[tuple[int, bytes]]:
    return [(sample.pts, sample.data) for sample in clip.samples]


@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize("b_frames", [0, 2])
@pytest.mark.parametrize("audio_start", [0, 5_000])
def test_sealed_file_has_every_frame_at_its_time(tmp_path: Path, codec: VideoCodec, b_frames: int, audio_start: int) -> None:
    video, audio = video_clip(codec, b_frames=b_frames), audio_clip(start=audio_start)
    path = tmp_path / "ch1" / "day" / "a.mp4"
    writer = HybridWriter(path, HEADER, [video.format, audio.format])
    for part in cut_into_parts([video, audio]):
        writer.append(part)
    facts = writer.seal()
    assert facts.sealed
    assert (facts.video_frames, facts.duration_us, facts.size_bytes) == (100, 4_000_000, path.stat().st_size)
    assert frames_of(path, "video") == wanted(video)
    assert frames_of(path, "audio") == wanted(audio)
    probe = subprocess.run(["ffprobe", "-v", "warning", path], capture_output=True, text=True, check=True)
    assert probe.stdout + probe.stderr == ""
