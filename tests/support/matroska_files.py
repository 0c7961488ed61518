"""Matroska files made by the writer from real footage."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mini_nvr.media import g711
from mini_nvr.media.part import Part
from mini_nvr.segment.matroska import MatroskaWriter
from mini_nvr.segment.model import SegmentFacts
from tests.support.footage import Clip, Sample, cut_into_parts
from tests.support.hybrid_files import HEADER


@dataclass(frozen=True, slots=True)
class Recording:
    """A sealed file and how it came to be. `ends`: the file's size before the first part and after each."""

    path: Path
    parts: Sequence[Part]
    ends: tuple[int, ...]
    growing: bytes
    facts: SegmentFacts

    @property
    def sealed(self) -> bytes:
        return self.path.read_bytes()


def record(path: Path, clips: Sequence[Clip]) -> Recording:
    """Write the clips, part by part, and seal the file."""
    parts = cut_into_parts(clips)
    writer = MatroskaWriter(path, HEADER, [clip.format for clip in clips])
    ends = [path.stat().st_size]
    for part in parts:
        writer.append(part)
        ends.append(path.stat().st_size)
    growing = path.read_bytes()
    return Recording(path, parts, tuple(ends), growing, writer.seal())


def g711_clip(codec: str = "pcma", *, seconds: int = 4) -> Clip:
    """Noise, in packets of 20 ms at 8 kHz."""
    data = np.random.default_rng(1).integers(0, 256, 8_000 * seconds, dtype=np.uint8).tobytes()
    samples = tuple(Sample(n, n, 160, key=True, data=data[n : n + 160]) for n in range(0, len(data), 160))
    return Clip(g711.audio_format("pcma" if codec == "pcma" else "pcmu", 8_000, 1), samples)
