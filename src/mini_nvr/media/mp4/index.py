"""The full index of a file: a `moov` with a sample table for every frame, built up while the parts are appended.

A chunk is one track's run in one part, so the sample data stay where the parts put them.
"""

import struct
from collections.abc import Sequence

from mini_nvr.errors import MediaError
from mini_nvr.media.frame import TrackFormat
from mini_nvr.media.mp4.boxes import MOVIE_TIMESCALE, box, metadata_box, movie_header
from mini_nvr.media.mp4.init import next_track_id, require_tracks
from mini_nvr.media.mp4.sample_run import SampleRun, sample_runs
from mini_nvr.media.mp4.track import track_box, track_id
from mini_nvr.media.mp4.track_table import TrackTable, empty_edit
from mini_nvr.media.part import Part


class SampleTables:
    """Accumulates the samples of all tracks. Not for use by two threads at once."""

    def __init__(self, formats: Sequence[TrackFormat], start_utc_us: int = 0) -> None:
        require_tracks(formats)
        self._formats = tuple(formats)
        self._start_utc_us = start_utc_us
        self._tables = {track_id(track): TrackTable() for track in formats}

    def check(self, part: Part) -> None:
        """Raise MediaError when `add` would not accept the part: an unknown track, or times that run backwards."""
        for track in part.tracks:
            self._table(track.track_id).check(track.base_dts)

    def add(self, part: Part, data_offset: int) -> list[SampleRun]:
        """Take in a part whose payloads start at `data_offset` in the file; returns its runs.

        Raises:
            MediaError: see `check`; then nothing was taken in.
        """
        runs = sample_runs(part, data_offset)
        self.add_runs(runs)
        return runs

    def add_runs(self, runs: Sequence[SampleRun]) -> None:
        """Take in the runs of one part, as a reader found them.

        Raises:
            MediaError: see `check`; then nothing was taken in.
        """
        tables = [self._table(run.track_id) for run in runs]
        for table, run in zip(tables, runs, strict=True):
            table.check(run.base_dts)
        for table, run in zip(tables, runs, strict=True):
            table.add(run)

    def moov(self, metadata: bytes) -> bytes:
        """The complete index.

        Raises:
            MediaError: a number does not fit its field.
        """
        try:
            tracks = [self._track(track) for track in self._formats]
            duration = max(map(self._movie_duration, self._formats))
            header = movie_header(self._start_utc_us, duration, next_track_id(self._formats))
            return box(b"moov", header, *tracks, metadata_box(metadata))
        except (struct.error, OverflowError) as exc:
            raise MediaError(f"the index does not fit into its boxes: {exc}") from exc

    def sample_counts(self) -> dict[int, int]:
        """How many samples each track has, by its number."""
        return {number: len(table) for number, table in self._tables.items()}

    def memory_bytes(self) -> int:
        """What the tables hold in memory."""
        return sum(table.memory_bytes() for table in self._tables.values())

    def _table(self, number: int) -> TrackTable:
        try:
            return self._tables[number]
        except KeyError:
            raise MediaError(f"a part holds track {number}, which the file does not have") from None

    def _track(self, track: TrackFormat) -> bytes:
        table = self._tables[track_id(track)]
        return track_box(
            track,
            self._start_utc_us,
            sample_tables=table.boxes(),
            media_duration=table.duration,
            movie_duration=self._movie_duration(track),
            edits=empty_edit(_to_movie(table.first_dts, track), _to_movie(table.duration, track)),
        )

    def _movie_duration(self, track: TrackFormat) -> int:
        """From the origin to the end of the track, in 90 kHz."""
        table = self._tables[track_id(track)]
        return _to_movie(table.first_dts, track) + _to_movie(table.duration, track)


def _to_movie(ticks: int, track: TrackFormat) -> int:
    """Ticks of the track in the movie's timescale, to the nearest."""
    return (2 * ticks * MOVIE_TIMESCALE + track.clock_hz) // (2 * track.clock_hz)
