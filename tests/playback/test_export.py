"""Exports are proven by decoding: what FFmpeg shows of the movie is what it shows of the files inside the range, frame by frame."""

import os
import random
import subprocess
from datetime import UTC
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mini_nvr.catalog.model import GapChange, SegmentChange, SegmentState
from mini_nvr.clock import US_PER_S
from mini_nvr.errors import GapCause, MediaError
from mini_nvr.media.frame import VideoCodec
from mini_nvr.media.mp4.joined_index import STSZ, Edit, JoinedTrack, index_layout
from mini_nvr.playback import export, export_survey
from mini_nvr.playback.errors import FootageUnreadable, FormatChanges, NoFootage, NotPlayable
from mini_nvr.playback.export import ExportPlan, plan
from mini_nvr.playback.export_survey import segment_rows
from mini_nvr.playback.export_text import file_name
from mini_nvr.playback.files import Stretch
from mini_nvr.segment.hybrid import HybridWriter
from mini_nvr.segment.model import SegmentHeader
from mini_nvr.segment.names import segment_name
from tests.support.archive import Archive
from tests.support.catalog import DAY, MINUTE, T0, change, facts, run_id
from tests.support.footage import audio_clip, cut_into_parts, video_clip
from tests.support.hybrid_files import ffprobe_complaints, opened
from tests.support.memory import traced_memory

AUDIO_FRAME_S = 0.065

Picture = tuple[int, bytes]
"""(when it is shown in microseconds, luma)"""


def whole(of: ExportPlan) -> bytes:
    data = b"".join(of.read())
    assert len(data) == of.size_bytes
    return data


def shown(source: bytes | Path) -> list[Picture]:
    """What FFmpeg decodes and shows, edit lists applied."""
    with opened(source) as container:
        container.streams.video[0].codec_context.options = {"err_detect": "explode"}
        container.streams.video[0].codec_context.thread_count = 1
        return [
            (
                round((frame.pts or 0) * (frame.time_base or Fraction(1)) * US_PER_S),
                np.asarray(frame.to_ndarray(format="gray")).tobytes(),
            )
            for frame in container.decode(video=0)
        ]


def recorded(archive: Archive, start: int, end: int) -> list[Picture]:
    """The pictures of the files that are inside of a range, by their time on the wall."""
    return [
        (row.start_utc_us + time, luma)
        for row in archive.catalog.segments()
        for time, luma in shown(archive.path(row))
        if start <= row.start_utc_us + time < end
    ]


def assert_shows(archive: Archive, start: int, end: int) -> bytes:
    of = plan(archive.catalog, archive.record_dir, 1, start, end)
    movie = whole(of)
    got, expected = shown(movie), recorded(archive, start, end)
    assert [luma for _, luma in got] == [luma for _, luma in expected]
    assert got[0][0] == 0
    assert of.start_utc_us == expected[0][0]
    return movie


@pytest.fixture
def day(archive: Archive) -> Archive:
    """Three files of 4 s of one run, 30 s of nothing, two files of another run; pictures and sound."""
    rows = archive.run(T0, [video_clip(), audio_clip()], 3)
    archive.run(rows[-1].end_utc_us + 30 * US_PER_S, [video_clip(), audio_clip()], 2, run=2)
    return archive


RANGES = [
    pytest.param(0, 12, id="whole files of a run"),
    pytest.param(0, 60, id="everything"),
    pytest.param(0.5, 1.5, id="from inside a GOP, within a file"),
    pytest.param(1, 2, id="one GOP"),
    pytest.param(3.97, 8.03, id="a frame on each side of a file"),
    pytest.param(2.02, 2.05, id="one frame"),
    pytest.param(11, 20, id="into the gap"),
    pytest.param(20, 43.1, id="out of the gap"),
    pytest.param(10.3, 47.7, id="across the gap"),
]


@pytest.mark.parametrize(("start_s", "end_s"), RANGES)
def test_the_movie_shows_exactly_the_frames_of_the_range(start_s: float, end_s: float, day: Archive, tmp_path: Path) -> None:
    movie = assert_shows(day, T0 + int(start_s * US_PER_S), T0 + int(end_s * US_PER_S))
    (tmp_path / "x.mp4").write_bytes(movie)
    assert ffprobe_complaints(tmp_path / "x.mp4") == ""


@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize("b_frames", [0, 2])
def test_frame_exact_with_every_codec_and_with_b_frames(codec: VideoCodec, b_frames: int, archive: Archive) -> None:
    archive.run(T0, [video_clip(codec, b_frames=b_frames)], 2)
    for start_s, end_s in [(0, 8), (0.5, 3.3), (1.24, 5.08), (2.96, 4.04), (3.9, 7.99)]:
        assert_shows(archive, T0 + int(start_s * US_PER_S), T0 + int(end_s * US_PER_S))


@given(st.integers(0, 50 * US_PER_S), st.integers(1, 50 * US_PER_S))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_range_is_frame_exact(day: Archive, start: int, length: int) -> None:
    try:
        assert_shows(day, T0 + start, T0 + start + length)
    except NoFootage:
        assert recorded(day, T0 + start, T0 + start + length) == []


def test_pictures_keep_their_distance_and_a_gap_takes_no_time(day: Archive) -> None:
    movie = assert_shows(day, T0 + 500_000, T0 + 60 * US_PER_S)
    assert [time for time, _ in shown(movie)] == [40_000 * number for number in range(12 * 25 - 13 + 8 * 25)]


@pytest.mark.parametrize("start_s", [0, 1.32, 5])
def test_sound_stays_with_the_pictures(start_s: float, day: Archive) -> None:
    """Where it begins and ends, and where each file's tone, which is the same, comes again."""
    movie = whole(plan(day.catalog, day.record_dir, 1, T0 + int(start_s * US_PER_S), T0 + MINUTE))
    with opened(movie) as container:
        blocks = [(frame.time or 0.0, frame.samples) for frame in container.decode(audio=0)]
    assert abs(blocks[0][0]) < AUDIO_FRAME_S
    assert abs(blocks[-1][0] + blocks[-1][1] / 16_000 - (20 - start_s)) < AUDIO_FRAME_S
    with opened(day.path(day.catalog.segments()[0])) as container:
        tone = [bytes(packet) for packet in container.demux(audio=0) if packet.size][2]
    with opened(movie) as container:
        found = [(packet.pts or 0) / 16_000 for packet in container.demux(audio=0) if bytes(packet) == tone]
    expected = [at - start_s for at in (0.128, 4.128, 8.128, 12.128, 16.128) if at > start_s]
    assert np.allclose(found, expected, atol=0.002)


def test_the_movie_is_ordinary(day: Archive, tmp_path: Path) -> None:
    of = plan(day.catalog, day.record_dir, 1, T0 + 500_000, T0 + 60 * US_PER_S, zone=ZoneInfo("Europe/Berlin"))
    path = tmp_path / of.name
    path.write_bytes(whole(of))
    assert of.name == "Camera-1_2026-03-01T14-30-00_2026-03-01T14-30-50.mp4"
    data = path.read_bytes()
    assert [data[4:8], data.index(b"moov") < data.index(b"mdat")] == [b"ftyp", True]
    with opened(path) as container:
        assert container.metadata["title"] == "Camera 1, 2026-03-01 14:30:00+01:00 to 2026-03-01 14:30:50+01:00"
        assert container.metadata["comment"].startswith("No footage, left out: 2026-03-01 14:30:12+01:00 to 2026-03-01 14:30:42")
        assert container.metadata["creation_time"] == "2026-03-01T13:30:00.000000Z"
        assert abs((container.duration or 0) - of.duration_us) < 50_000
    assert of.gaps == ((T0 + 12 * US_PER_S, T0 + 42 * US_PER_S),)
    command = ["ffmpeg", "-v", "warning", "-i", str(path), "-f", "null", "-"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.stderr == ""


# Bytes


def test_any_two_ranges_of_bytes_make_the_whole(day: Archive) -> None:
    of = plan(day.catalog, day.record_dir, 1, T0 + 500_000, T0 + 60 * US_PER_S)
    movie = whole(of)
    cuts = random.Random(1)  # noqa: S311  places to cut, not secrets
    for cut in [0, 1, of.size_bytes - 1, of.size_bytes, *(cuts.randrange(of.size_bytes) for _ in range(50))]:
        assert b"".join(of.read(0, cut)) + b"".join(of.read(cut)) == movie
    assert b"".join(of.read(10, 10)) == b""
    assert b"".join(of.read(of.size_bytes + 5)) == b""


def test_footage_is_a_stretch_of_each_file(day: Archive) -> None:
    of = plan(day.catalog, day.record_dir, 1, T0 + 500_000, T0 + 60 * US_PER_S)
    movie = whole(of)
    for start, end in [(0, None), (10, 700), (of.size_bytes // 3, of.size_bytes - 5)]:
        put_together, stretches = b"", 0
        for piece in of.pieces(start, end):
            stretches += isinstance(piece, Stretch)
            put_together += os.pread(piece.fd, piece.end - piece.start, piece.start) if isinstance(piece, Stretch) else piece
        assert put_together == movie[start:end]
        assert stretches <= len(day.catalog.segments())


def test_the_same_request_makes_the_same_bytes(day: Archive) -> None:
    bounds = (T0 + 500_000, T0 + 60 * US_PER_S)
    first = plan(day.catalog, day.record_dir, 1, *bounds)
    again = plan(day.catalog, day.record_dir, 1, *bounds)
    other = plan(day.catalog, day.record_dir, 1, bounds[0], bounds[1] - 15 * US_PER_S)
    assert (first.etag, first.size_bytes) == (again.etag, again.size_bytes)
    assert whole(first) == whole(again)
    assert first.etag != other.etag


def test_no_chunk_is_large(day: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "CHUNK_BYTES", 1_000)
    of = plan(day.catalog, day.record_dir, 1, T0, T0 + MINUTE)
    chunks = list(of.read(500))
    assert max(map(len, chunks)) <= 1_000
    assert sum(map(len, chunks)) == of.size_bytes - 500


def test_planning_and_reading_take_little_memory(day: Archive) -> None:
    with traced_memory() as most_bytes:
        for chunk in plan(day.catalog, day.record_dir, 1, T0, T0 + MINUTE).read():
            assert chunk
        assert most_bytes() < 4_000_000


def test_a_file_deleted_meanwhile_ends_the_reading_with_our_error(day: Archive) -> None:
    of = plan(day.catalog, day.record_dir, 1, T0, T0 + MINUTE)
    day.path(day.catalog.segments()[1]).unlink()
    with pytest.raises(FootageUnreadable, match="cannot be read"):
        whole(of)


def test_64_bit_offsets(day: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "U32_MAX", 10_000)
    movie = assert_shows(day, T0 + 500_000, T0 + 60 * US_PER_S)
    assert b"co64" in movie
    assert b"stco" not in movie[:20_000]


# Long exports: the tables of the index are made again, file by file


def test_a_long_index_has_the_bytes_of_a_short_one(day: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    row = day.record(T0 + 2 * MINUTE, [video_clip(), audio_clip()], run=3, seal=False)
    for start_s, end_s in [(0, 12), (0.5, 1.5), (3.97, 8.03), (10.3, 47.7), (1.32, 200), (46, 123)]:
        bounds = (T0 + int(start_s * US_PER_S), T0 + int(end_s * US_PER_S))
        monkeypatch.setattr(export_survey, "MAX_HELD_BYTES", 4 << 20)
        short = whole(plan(day.catalog, day.record_dir, 1, *bounds))
        monkeypatch.setattr(export_survey, "MAX_HELD_BYTES", 0)
        long = plan(day.catalog, day.record_dir, 1, *bounds)
        assert whole(long) == short
        head = short.index(b"mdat") + 8
        for cut in [*range(0, head, max(1, head // 23)), head - 1, head, head + 1, long.size_bytes - 1]:
            assert b"".join(long.read(cut, cut + 700)) == short[cut : cut + 700]
    assert row.state is SegmentState.GROWING


def test_a_long_index_of_reordered_frames(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    archive.run(T0, [video_clip(b_frames=2)], 3)
    short = whole(plan(archive.catalog, archive.record_dir, 1, T0 + 1_240_000, T0 + MINUTE))
    monkeypatch.setattr(export_survey, "MAX_HELD_BYTES", 0)
    assert whole(plan(archive.catalog, archive.record_dir, 1, T0 + 1_240_000, T0 + MINUTE)) == short


def test_a_growing_file_that_is_sealed_under_a_long_export(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its index is larger by then; the export has the tables that it had when it was planned."""
    monkeypatch.setattr(export_survey, "MAX_HELD_BYTES", 0)
    path = segment_name(1, T0, UTC, "mp4")
    clips = [video_clip(), audio_clip()]
    writer = HybridWriter(
        archive.record_dir / path, SegmentHeader(1, "Camera 1", T0, run_id(1), 0, "arrival"), [clip.format for clip in clips]
    )
    parts = list(cut_into_parts(clips))
    for part in parts[: len(parts) // 2]:
        writer.append(part)
    archive.catalog.commit([SegmentChange(path, writer.checkpoint())])
    of = plan(archive.catalog, archive.record_dir, 1, T0, T0 + MINUTE)
    first = whole(of)
    for part in parts[len(parts) // 2 :]:
        writer.append(part)
    archive.catalog.commit([SegmentChange(path, writer.seal())])
    assert whole(of) == first
    assert whole(plan(archive.catalog, archive.record_dir, 1, T0, T0 + MINUTE)) != first


def test_a_file_replaced_under_a_long_export_ends_the_reading(day: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_survey, "MAX_HELD_BYTES", 0)
    of = plan(day.catalog, day.record_dir, 1, T0, T0 + MINUTE)
    rows = day.catalog.segments()
    day.catalog.mark_deleting([rows[1].id])
    with pytest.raises(FootageUnreadable, match="deleted meanwhile"):
        whole(of)


def test_an_index_beyond_4_gib_is_refused_by_name() -> None:
    track = JoinedTrack(video_clip().format, ())
    track._rows[STSZ] = 1 << 30  # noqa: SLF001  a year and a half at 25 frames a second
    with pytest.raises(MediaError, match="4 GiB"):
        index_layout([(track, Edit(0, 0, 1))], 0, {}, wide=True)


def peak_of(archive: Archive, end: int) -> int:
    """The most memory that planning a range and reading its index take."""
    with traced_memory() as most_bytes:
        of = plan(archive.catalog, archive.record_dir, 1, T0, end)
        for chunk in of.read(0, of.size_bytes // 20):
            assert chunk
        return most_bytes()


def test_memory_does_not_grow_with_the_range(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten and forty files; the index of the shorter movie is larger already than what may be held."""
    monkeypatch.setattr(export_survey, "MAX_HELD_BYTES", 4_000)
    monkeypatch.setattr(export_survey, "ROWS_US", MINUTE)
    monkeypatch.setattr(export_survey, "ROWS_A_QUERY", 5)
    monkeypatch.setattr(export, "CHUNK_BYTES", 4_000)
    archive.run(T0, [video_clip(frames=300), audio_clip()], 40)
    peak_of(archive, T0 + 10 * 12 * US_PER_S)  # what is made once, and kept
    few = peak_of(archive, T0 + 10 * 12 * US_PER_S)
    many = peak_of(archive, T0 + 40 * 12 * US_PER_S)
    assert many - few < 60_000, (few, many)  # 160,000 more when the index is held


def test_rows_come_once_each_over_days_and_empty_years(archive: Archive) -> None:
    starts = [T0 - 500 * DAY, T0 - MINUTE, T0, T0 + DAY - MINUTE, T0 + DAY + 3 * MINUTE]
    archive.catalog.commit([change(facts(start, run=number)) for number, start in enumerate(starts)])
    for low in (T0 - 900 * DAY, T0 - 499 * DAY, T0 + 3 * MINUTE, T0 + DAY):
        expected = [row.id for row in archive.catalog.segments(1, low, T0 + 900 * DAY)]
        assert [row.id for row in segment_rows(archive.catalog, 1, low, T0 + 900 * DAY)] == expected


# What files may be like


def test_a_growing_file_is_exported_as_far_as_it_is_synced(archive: Archive) -> None:
    rows = archive.run(T0, [video_clip(), audio_clip()], 1)
    row = archive.record(rows[0].end_utc_us, [video_clip(), audio_clip()], number=1, seal=False)
    with archive.path(row).open("ab") as file:
        file.write(b"\0\0\1\0moof")
    assert len(shown(whole(plan(archive.catalog, archive.record_dir, 1, T0, T0 + MINUTE)))) == 200


def test_sound_of_another_format_is_left_out_and_said(archive: Archive) -> None:
    row = archive.record(T0, [video_clip(), audio_clip()])
    archive.record(row.end_utc_us, [video_clip(), audio_clip(rate=32_000)], number=1)
    of = plan(archive.catalog, archive.record_dir, 1, T0, T0 + MINUTE)
    assert of.notes == ("1 of 2 files have sound of another format, which is left out",)
    assert_shows(archive, T0, T0 + MINUTE)


def test_sound_that_comes_later_waits(archive: Archive) -> None:
    row = archive.record(T0, [video_clip()])
    archive.record(row.end_utc_us, [video_clip(), audio_clip()], number=1)
    movie = assert_shows(archive, T0 + US_PER_S, T0 + MINUTE)
    with opened(movie) as container:
        assert abs(next(frame.time or 0 for frame in container.decode(audio=0)) - 3) < 0.065


def test_files_that_overlap_are_shown_one_after_the_other(archive: Archive) -> None:
    """The clock was set back by a second and a half."""
    archive.record(T0, [video_clip(), audio_clip()])
    archive.record(T0 + 2_500_000, [video_clip(), audio_clip()], run=2)
    assert len(shown(whole(plan(archive.catalog, archive.record_dir, 1, T0, T0 + MINUTE)))) == 200
    assert len(shown(whole(plan(archive.catalog, archive.record_dir, 1, T0 + 3 * US_PER_S, T0 + MINUTE)))) == 25 + 75


def test_a_change_of_format_names_the_ranges(archive: Archive) -> None:
    row = archive.record(T0, [video_clip()])
    second = archive.record(row.end_utc_us, [video_clip(width=160)], number=1)
    archive.record(second.end_utc_us + MINUTE, [video_clip()], run=2)
    with pytest.raises(FormatChanges) as error:
        plan(archive.catalog, archive.record_dir, 1, T0 + US_PER_S, T0 + DAY)
    third = second.end_utc_us + MINUTE
    assert error.value.ranges == (
        (T0 + US_PER_S, row.end_utc_us),
        (row.end_utc_us, second.end_utc_us),
        (third, third + 4 * US_PER_S),
    )
    for start, end in error.value.ranges:
        assert_shows(archive, start, end)


def test_what_cannot_be_exported(archive: Archive) -> None:
    archive.catalog.commit([change(facts(container="mkv", index=()))], [GapChange(1, T0 - DAY, T0, GapCause.DISABLED)])
    with pytest.raises(NotPlayable):
        plan(archive.catalog, archive.record_dir, 1, T0, T0 + MINUTE)
    with pytest.raises(NoFootage) as error:
        plan(archive.catalog, archive.record_dir, 1, T0 - MINUTE, T0)
    assert error.value.cause is GapCause.DISABLED


def test_a_damaged_index_is_an_error_of_ours(archive: Archive) -> None:
    row = archive.record(T0, [video_clip()])
    path = archive.path(row)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(FootageUnreadable):
        plan(archive.catalog, archive.record_dir, 1, T0, T0 + MINUTE)


@pytest.mark.parametrize(
    ("camera", "expected"),
    [
        ("Front door", "Front-door"),
        ("../../etc/passwd", "etc-passwd"),
        ("Hof, «Nord» 🎥", "Hof-Nord"),
        ("", "channel-3"),
        ("\r\nSet-Cookie: x", "Set-Cookie-x"),
        ("a" * 300, "a" * 180),
        ("門" * 300, "門" * 60),
        ("a\ud800b", "a-b"),
    ],
)
def test_a_name_is_safe(camera: str, expected: str) -> None:
    assert file_name(camera, 3, (T0, T0 + MINUTE), UTC) == f"{expected}_2026-03-01T13-30-00_2026-03-01T13-31-00.mp4"


def test_planning_ends_when_it_is_told_to_before_a_file(day: Archive) -> None:
    class Left(Exception):
        """Whatever the caller likes."""

    looks: list[int] = []

    def leave_before_the_second() -> None:
        looks.append(1)
        if len(looks) == 2:
            raise Left

    with pytest.raises(Left):
        plan(day.catalog, day.record_dir, 1, T0, T0 + MINUTE, before_each=leave_before_the_second)
