"""The samples that one track contributes to one part, without their bytes: what the tables are fed with and the readers return."""

from dataclasses import dataclass, field

from mini_nvr.media.part import Part


@dataclass(slots=True)
class SampleRun:
    """One chunk: samples of one track that lie next to each other in the file, in decoding order, one list entry a sample.

    base_dts, durations, cts_offsets: in the track's clock rate, as in `TrackPart`; empty `cts_offsets` means all zero.
    keys: sync samples; empty means all of them.
    data_offset: of the first sample's bytes in the file.
    """

    track_id: int
    base_dts: int
    durations: list[int]
    sizes: list[int]
    data_offset: int
    cts_offsets: list[int] = field(default_factory=list)
    keys: list[bool] = field(default_factory=list)

    @property
    def size_bytes(self) -> int:
        return sum(self.sizes)


def sample_runs(part: Part, data_offset: int) -> list[SampleRun]:
    """The runs of a part whose payloads start at `data_offset` in the file. The lists are shared with the part, not copied."""
    runs = []
    for track in part.tracks:
        sizes = list(map(len, track.payloads))
        runs.append(SampleRun(track.track_id, track.base_dts, track.durations, sizes, data_offset, track.cts_offsets, track.keys))
        data_offset += sum(sizes)
    return runs
