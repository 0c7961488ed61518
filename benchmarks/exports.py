"""Stills and exports measured on real files: hours of 1080p25 at 4 Mbit/s with sound, in files of five minutes.

One file is made, of two coded seconds over and over, and linked under as many names as there are five minutes.
"""

import os
from collections.abc import Iterator
from datetime import UTC
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from mini_nvr.catalog.model import SegmentChange
from mini_nvr.catalog.repository import Catalog
from mini_nvr.clock import US_PER_S
from mini_nvr.media import aac, h264
from mini_nvr.media.frame import AudioFormat, TrackFormat
from mini_nvr.media.nal import length_prefixed
from mini_nvr.media.part import AUDIO_TRACK_ID, VIDEO_TRACK_ID, Part, TrackPart
from mini_nvr.segment.hybrid import HybridWriter
from mini_nvr.segment.model import SegmentFacts, SegmentHeader
from mini_nvr.segment.names import segment_name

START_UTC_US = 1_772_371_800 * US_PER_S
WIDTH, HEIGHT, RATE, GOP_FRAMES, BIT_RATE = 1920, 1080, 25, 50, 4_000_000
SEGMENT_S = 300
AUDIO_RATE = 16_000
RUN_ID = f"{1:032x}"


def record_hours(root: Path, hours: int) -> tuple[Catalog, Path]:
    """A catalog and a recording folder with so many hours of channel 1 from `START_UTC_US` on."""
    record_dir = root / "recordings"
    record_dir.mkdir()
    catalog = Catalog.open(root / "data")
    first = record_dir / segment_name(1, START_UTC_US, UTC, "mp4")
    facts = _write(first)
    changes = []
    for number in range(hours * 3_600 // SEGMENT_S):
        start = START_UTC_US + number * SEGMENT_S * US_PER_S
        path = segment_name(1, start, UTC, "mp4")
        if number:
            (record_dir / path).parent.mkdir(parents=True, exist_ok=True)
            os.link(first, record_dir / path)
        header = SegmentHeader(1, "Camera 1", start, RUN_ID, number, "arrival")
        changes.append(SegmentChange(path, _with_header(facts, header)))
    catalog.commit(changes)
    return catalog, record_dir


def _with_header(facts: SegmentFacts, header: SegmentHeader) -> SegmentFacts:
    fields = {name: getattr(facts, name) for name in SegmentFacts.__slots__}
    return SegmentFacts(**{**fields, "header": header})


def _write(path: Path) -> SegmentFacts:
    formats, gop, sound = _coded()
    writer = HybridWriter(path, SegmentHeader(1, "Camera 1", START_UTC_US, RUN_ID, 0, "arrival"), formats)
    for part in _parts(gop, sound):
        writer.append(part)
    return writer.seal()


def _parts(gop: list[bytes], sound: bytes) -> Iterator[Part]:
    """Three quarters of a second each, as the recorder cuts them, from a key frame on."""
    cuts = [(0, 17), (17, 34), (34, GOP_FRAMES)]
    audio = 0
    for second in range(0, SEGMENT_S, GOP_FRAMES // RATE):
        for low, high in cuts:
            frames = gop[low:high]
            dts = (second * RATE + low) * 3_600
            video = TrackPart(VIDEO_TRACK_ID, dts, [3_600] * len(frames), frames, [], [low == 0, *[False] * (len(frames) - 1)])
            until = (second * RATE + high) * AUDIO_RATE // RATE
            count = -(-(until - audio * 1_024) // 1_024)
            heard = TrackPart(AUDIO_TRACK_ID, audio * 1_024, [1_024] * count, [sound] * count)
            audio += count
            yield Part([video, heard], starts_at_key=low == 0)


def _coded() -> tuple[list[TrackFormat], list[bytes], bytes]:
    """The formats, the frames of one GOP, and a frame of sound."""
    coder = av.CodecContext.create("libx264", "w")
    assert isinstance(coder, av.VideoCodecContext)
    coder.width, coder.height, coder.pix_fmt, coder.bit_rate = WIDTH, HEIGHT, "yuv420p", BIT_RATE
    coder.time_base, coder.framerate = Fraction(1, RATE), Fraction(RATE)
    coder.options = {
        "preset": "ultrafast",
        "x264-params": f"keyint={GOP_FRAMES}:bframes=0:scenecut=0:vbv-maxrate=4000:vbv-bufsize=4000:repeat-headers=1:annexb=1",
    }
    packets = [packet for picture in _pictures() for packet in coder.encode(picture)] + coder.encode(None)
    units = [[nal.rstrip(b"\0") for nal in bytes(packet).split(b"\0\0\1") if nal.strip(b"\0")] for packet in packets]
    sets = {kind: [nal for nal in units[0] if h264.nal_type(nal) == kind] for kind in (7, 8)}
    gop = [length_prefixed(nal for nal in unit if h264.nal_type(nal) not in {7, 8}) for unit in units]
    audio_format, sound = _sound()
    return [h264.video_format(sets[7], sets[8]), audio_format], gop, sound


def _pictures() -> Iterator[av.VideoFrame]:
    generator = np.random.default_rng(1)
    for number in range(GOP_FRAMES):
        blocks = generator.integers(96, 160, (HEIGHT // 8, WIDTH // 8), dtype=np.uint8).repeat(8, axis=0).repeat(8, axis=1)
        picture = av.VideoFrame.from_ndarray(blocks, format="gray").reformat(format="yuv420p")
        picture.pts = number
        yield picture


def _sound() -> tuple[AudioFormat, bytes]:
    coder = av.CodecContext.create("aac", "w")
    assert isinstance(coder, av.AudioCodecContext)
    coder.sample_rate, coder.layout, coder.format, coder.bit_rate = AUDIO_RATE, "mono", "fltp", 32_000
    coder.time_base = Fraction(1, AUDIO_RATE)
    tone = np.sin(np.arange(4_096, dtype=np.float32) * np.float32(0.17))[None, :] * np.float32(0.3)
    packets = []
    for number in range(4):
        frame = av.AudioFrame.from_ndarray(tone[:, number * 1_024 : (number + 1) * 1_024].copy(), format="fltp", layout="mono")
        frame.sample_rate, frame.pts = AUDIO_RATE, number * 1_024
        packets += coder.encode(frame)
    packets += coder.encode(None)
    return aac.audio_format(bytes(coder.extradata or b"")), bytes(packets[2])
