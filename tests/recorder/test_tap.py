"""What is attached to a pipeline sees every frame and every end, whatever becomes of them on the disk."""

from mini_nvr.errors import GapCause
from mini_nvr.ingest.source import StreamInfo, TimeLine
from mini_nvr.media.frame import AudioFormat, Frame, VideoFormat
from tests.recorder.test_pipeline import AAC, Bench, StraightLine, video_format


class SpyTap:
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def on_format(self, video: VideoFormat, audio: AudioFormat | None, line: TimeLine) -> None:
        self.told.append((video.width, audio))

    def on_video(self, frame: Frame) -> None:
        self.told.append(frame.pts)

    def on_audio(self, data: bytes, pts: int) -> None:
        self.told.append((data, pts))

    def on_end(self, cause: GapCause, detail: str) -> None:
        self.told.append(cause)


def test_the_format_comes_before_its_first_frame_and_the_end_after_the_last() -> None:
    bench, tap = Bench(audio=AAC), SpyTap()
    bench.pipeline.tap = tap
    bench.video(0, key=True)
    bench.pipeline.on_audio(Frame(b"sound", 640, 0, True))
    bench.format = video_format(1280)
    bench.video(1, key=True)
    bench.pipeline.on_disconnected(GapCause.CAMERA_OFFLINE, "gone", 1)
    bench.pipeline.on_connected(StreamInfo(None), StraightLine())
    bench.format = video_format(1280)
    bench.video(2, key=True)
    bench.pipeline.close()
    assert tap.told == [
        (640, AAC), 0, (b"sound", 640), (1280, AAC), 3600, GapCause.CAMERA_OFFLINE, (1280, None), 7200, GapCause.RECORDER_DOWN,
    ]  # fmt: skip


def test_frames_are_seen_although_the_disk_is_stuck_and_no_key_frame_came() -> None:
    bench, tap = Bench(), SpyTap()
    bench.pipeline.tap = tap
    bench.disk.stuck = True
    bench.play(range(10, 60))
    assert tap.told[1:] == [number * 3600 for number in range(10, 60)]
