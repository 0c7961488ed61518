"""Footage of the past with the right time burnt in: demo scenes drawn and encoded as fast as the machine can, in ordinary files.

So a test can look at yesterday: each picture says when it was taken.
"""

from collections.abc import Iterator, Sequence
from datetime import tzinfo
from fractions import Fraction
from pathlib import Path
from uuid import uuid4

from mini_nvr.clock import US_PER_S, to_datetime
from mini_nvr.demo.encoder import VideoEncoder, VideoSettings
from mini_nvr.demo.live import Studio
from mini_nvr.demo.scenes import STREET, Scene
from mini_nvr.errors import GapCause
from mini_nvr.media import h264
from mini_nvr.media.frame import VIDEO_CLOCK_HZ
from mini_nvr.media.nal import length_prefixed
from mini_nvr.segment.hybrid import HybridWriter
from mini_nvr.segment.model import GapNote, SegmentHeader
from mini_nvr.segment.names import segment_name
from tests.support.footage import Clip, Sample, cut_into_parts

FPS = 10
_FRAME_90K = VIDEO_CLOCK_HZ // FPS
_SIZE = (640, 360)


class Projector:
    """Draws and encodes one scene; the clock shows local time of `zone`, as the demo cameras' does."""

    def __init__(self, zone: tzinfo, scene: Scene = STREET, name: str = "Street") -> None:
        self._zone = zone
        self._studio = Studio(scene, name, _SIZE)

    def clip(self, start_utc_us: int, frames: int) -> Clip:
        """H.264 with a key frame each second, from an instant on."""
        encoder = VideoEncoder(VideoSettings("h264", *_SIZE, fps=Fraction(FPS), gop_frames=FPS))
        sets = {h264.nal_type(nal): nal for nal in encoder.parameter_sets}
        return Clip(h264.video_format([sets[7]], [sets[8]]), tuple(self._samples(encoder, start_utc_us, frames)))

    def _samples(self, encoder: VideoEncoder, start_utc_us: int, frames: int) -> Iterator[Sample]:
        for number in range(frames):
            taken = to_datetime(start_utc_us + number * US_PER_S // FPS, self._zone)
            text = f"{taken:%H:%M:%S}.{taken.microsecond // 100_000}"
            self._studio.stage.draw(taken.timestamp() % 3600, text, number, flash=False)
            for picture in encoder.encode(self._studio.frame, number, force_key=number % FPS == 0):
                at = picture.pts * _FRAME_90K
                yield Sample(at, at, _FRAME_90K, picture.is_key, length_prefixed(picture.nals))


def write_run(  # noqa: PLR0913  what a run is
    record_dir: Path,
    channel: int,
    start_utc_us: int,
    lengths_s: Sequence[int],
    zone: tzinfo,
    *,
    projector: Projector | None = None,
    gap: GapNote | None = None,
) -> list[Path]:
    """One file after the other without a break, as the recorder would have written them; the paths.

    gap: what was before the first one.
    """
    projector = projector or Projector(zone)
    run_id = uuid4().hex
    paths = []
    for number, length_s in enumerate(lengths_s):
        clip = projector.clip(start_utc_us, length_s * FPS)
        path = record_dir / segment_name(channel, start_utc_us, zone, "mp4")
        path.parent.mkdir(parents=True, exist_ok=True)
        gaps = (gap,) if gap is not None and number == 0 else ()
        header = SegmentHeader(channel, f"Camera {channel}", start_utc_us, run_id, number, "arrival", gaps)
        writer = HybridWriter(path, header, [clip.format])
        for part in cut_into_parts([clip]):
            writer.append(part)
        writer.seal()
        paths.append(path)
        start_utc_us += length_s * US_PER_S
    return paths


def offline(start_utc_us: int, end_utc_us: int) -> GapNote:
    """The camera was away."""
    return GapNote(start_utc_us, end_utc_us, GapCause.CAMERA_OFFLINE)
