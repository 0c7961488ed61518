import threading
from fractions import Fraction
from pathlib import PurePosixPath

import pytest

from mini_nvr.catalog.model import ChannelRow, GapChange, RunChange, RunRow, SegmentState
from mini_nvr.catalog.repository import Catalog
from mini_nvr.errors import CatalogError, GapCause
from mini_nvr.media.frame import AudioFormat
from mini_nvr.segment.model import SegmentFacts
from tests.support.catalog import FIVE_MINUTES, G711, INDEX, MINUTE, T0, VIDEO, change, facts, index_of, path_of, run_id


def _starts(catalog: Catalog, channel: int | None, start: int | None, end: int | None) -> list[int]:
    return [(row.start_utc_us - T0) // MINUTE for row in catalog.segments(channel, start, end)]


def test_a_row_says_what_the_file_says(catalog: Catalog) -> None:
    of = facts(formats=(VIDEO, G711), sealed=False)
    catalog.commit([change(of)])
    (row,) = catalog.segments()
    assert (row.channel, row.start_utc_us, row.duration_us, row.end_utc_us) == (1, T0, FIVE_MINUTES, T0 + FIVE_MINUTES)
    assert (row.path, row.container, row.size_bytes) == (PurePosixPath("ch1/2026-03-01/133000+0000.mp4"), "mp4", 1_000_000)
    assert (row.run_id, row.number, row.time_source) == (run_id(1), 0, "arrival")
    assert (row.video_codec, row.width, row.height, row.frame_rate) == ("avc1.640028", 1920, 1080, Fraction(30_000, 1_001))
    assert (row.audio_codec, row.video_frames) == ("pcma", FIVE_MINUTES // 40_000)
    assert (row.init_offset, row.init_size_bytes) == (44, 900)
    assert (row.state, row.protected) == (SegmentState.GROWING, False)
    assert index_of(catalog, row.id) == INDEX


@pytest.mark.parametrize(
    ("formats", "video", "audio"),
    [
        ((VIDEO,), "avc1.640028", None),
        ((VIDEO, AudioFormat("aac", 16_000, 1, b"\x14\x08", "mp4a.40.2", 1024)), "avc1.640028", "mp4a.40.2"),
        ((), None, None),
    ],
)
def test_codecs_of_what_tracks_there_are(
    catalog: Catalog, formats: tuple[AudioFormat, ...], video: str | None, audio: str | None
) -> None:
    catalog.commit([change(facts(formats=formats))])
    (row,) = catalog.segments()
    assert (row.video_codec, row.audio_codec) == (video, audio)


def test_a_growing_file_keeps_its_id_and_its_protection_until_it_is_sealed(catalog: Catalog) -> None:
    catalog.commit([change(facts(sealed=False, duration_us=MINUTE, size_bytes=10, index=INDEX[:1]))])
    (growing,) = catalog.growing()
    catalog.protect([growing.id], protected=True)
    catalog.commit([change(facts())])
    (sealed,) = catalog.segments()
    assert catalog.growing() == []
    assert (sealed.id, sealed.protected, sealed.state, sealed.size_bytes) == (growing.id, True, SegmentState.SEALED, 1_000_000)
    assert index_of(catalog, sealed.id) == INDEX


def test_a_container_without_an_index_has_none(catalog: Catalog) -> None:
    catalog.commit([change(facts(container="mkv", index=()))])
    assert index_of(catalog, catalog.segments()[0].id) == ()
    assert index_of(catalog, 4711) == ()


def test_a_checkpoint_is_all_or_nothing(catalog: Catalog) -> None:
    forged = facts(T0 + FIVE_MINUTES, duration_us=1 << 62)
    with pytest.raises(CatalogError, match="its duration is 4611686018427387904"):
        catalog.commit([change(facts()), change(forged)], [GapChange(1, 0, 5, GapCause.UNKNOWN)])
    with pytest.raises(OverflowError):  # a fault of ours, not of a file
        catalog.commit([change(facts())], [GapChange(1, 0, 1 << 80, GapCause.UNKNOWN)])
    assert (catalog.segments(), catalog.gaps(1), catalog.channels()) == ([], [], [])


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (None, None, [0, 5, 10]),
        (T0, T0 + 15 * MINUTE, [0, 5, 10]),
        (T0 + 5 * MINUTE, T0 + 10 * MINUTE, [5]),  # half-open at both ends
        (T0 + 5 * MINUTE - 1, T0 + 10 * MINUTE + 1, [0, 5, 10]),
        (T0 + 7 * MINUTE, T0 + 7 * MINUTE + 1, [5]),
        (T0 + 15 * MINUTE, None, []),
        (T0 + 15 * MINUTE - 1, None, [10]),
        (None, T0, []),
        (None, T0 + 1, [0]),
    ],
)
def test_segments_of_a_range(catalog: Catalog, start: int | None, end: int | None, expected: list[int]) -> None:
    catalog.commit([change(facts(T0 + n * FIVE_MINUTES, number=n)) for n in range(3)])
    catalog.commit([change(facts(T0 + n * FIVE_MINUTES, number=n, channel=2, run=2)) for n in range(3)])
    for channel in (1, 2):
        assert _starts(catalog, channel, start, end) == expected
    assert _starts(catalog, None, start, end) == sorted(expected * 2)
    assert _starts(catalog, 3, start, end) == []


def test_the_longest_segment_ever_is_found_from_its_last_second(catalog: Catalog) -> None:
    catalog.commit([change(facts(duration_us=60 * MINUTE))])
    catalog.commit([change(facts(T0 + 60 * MINUTE + n, number=1, duration_us=MINUTE)) for n in range(0, 5 * MINUTE, MINUTE)])
    assert _starts(catalog, 1, T0 + 59 * MINUTE, T0 + 60 * MINUTE) == [0]


def test_footage_ends_where_the_latest_frame_ends_even_if_another_file_started_later(catalog: Catalog) -> None:
    assert catalog.footage_end(1) is None
    catalog.commit([change(facts(duration_us=60 * MINUTE))])
    catalog.commit([change(facts(T0 + 10 * MINUTE, run=2, duration_us=MINUTE))])  # the system clock was set back
    assert catalog.footage_end(1) == T0 + 60 * MINUTE
    assert catalog.footage_end(2) is None


def test_channels_are_known_before_they_have_footage_and_by_their_latest_name(catalog: Catalog) -> None:
    catalog.register_channels([(1, "Door"), (2, "Yard")], 5)
    catalog.register_channels([(1, "Front door")], 9)
    catalog.commit([change(facts(channel=3, run=3))])
    assert catalog.channels() == [ChannelRow(1, "Front door", 5), ChannelRow(2, "Yard", 5), ChannelRow(3, "Camera 3", T0)]


def test_runs_are_opened_and_ended_and_made_known_by_their_segments(catalog: Catalog) -> None:
    catalog.commit([change(facts(run=7))])
    assert catalog.runs(1) == [RunRow(run_id(7), 1, T0, None, None)]
    assert catalog.open_runs() == [(RunRow(run_id(7), 1, T0, None, None), T0 + FIVE_MINUTES)]
    catalog.commit([], runs=[RunChange(run_id(7), 1, T0, T0 + FIVE_MINUTES, "camera offline")])
    catalog.commit([], runs=[RunChange(run_id(8), 1, T0 + 2 * FIVE_MINUTES)])
    assert catalog.runs(1) == [
        RunRow(run_id(7), 1, T0, T0 + FIVE_MINUTES, "camera offline"),
        RunRow(run_id(8), 1, T0 + 2 * FIVE_MINUTES, None, None),
    ]


def test_last_checkpoint_is_the_last_commit_or_later_footage(catalog: Catalog) -> None:
    assert catalog.last_checkpoint_utc_us() is None
    catalog.commit([change(facts())])
    assert catalog.last_checkpoint_utc_us() == T0 + FIVE_MINUTES
    catalog.commit([], now_utc_us=T0 + 6 * MINUTE)
    catalog.commit([], now_utc_us=T0 + 5 * MINUTE)  # the clock went back
    assert catalog.last_checkpoint_utc_us() == T0 + 6 * MINUTE


class TestDeleting:
    def test_only_sealed_and_unprotected_segments_can_be_marked(self, catalog: Catalog) -> None:
        catalog.commit([change(facts(T0 + n * FIVE_MINUTES, number=n, sealed=n < 3)) for n in range(4)])
        ids = [row.id for row in catalog.segments()]
        catalog.protect([ids[1]], protected=True)
        assert [row.id for row in catalog.deletable(1)] == [ids[0], ids[2]]
        assert [row.id for row in catalog.mark_deleting(ids)] == [ids[0], ids[2]]
        assert [row.id for row in catalog.segments(state=SegmentState.DELETING)] == [ids[0], ids[2]]
        assert list(catalog.deletable(1)) == []

    def test_what_is_forgotten_becomes_one_gap(self, catalog: Catalog) -> None:
        catalog.commit([change(facts(T0 + n * FIVE_MINUTES, number=n)) for n in range(4)])
        rows = catalog.segments()
        for row in rows[:2]:
            catalog.forget([row.id])
        catalog.forget([rows[2].id])
        assert _gaps(catalog) == [(0, 15, GapCause.DELETED)]
        assert index_of(catalog, rows[0].id) == ()
        assert [row.id for row in catalog.segments()] == [rows[3].id]

    def test_gaps_between_deleted_segments_keep_their_cause(self, catalog: Catalog) -> None:
        catalog.commit(
            [change(facts(T0)), change(facts(T0 + 10 * MINUTE, run=2))],
            [GapChange(1, T0 + 5 * MINUTE, T0 + 10 * MINUTE, GapCause.CAMERA_OFFLINE)],
        )
        catalog.forget([row.id for row in catalog.segments()])
        assert _gaps(catalog) == [(0, 5, GapCause.DELETED), (5, 10, GapCause.CAMERA_OFFLINE), (10, 15, GapCause.DELETED)]

    def test_time_that_another_file_covers_stays_footage(self, catalog: Catalog) -> None:
        catalog.commit([change(facts(T0, duration_us=15 * MINUTE)), change(facts(T0 + 5 * MINUTE, run=2))])
        catalog.forget([catalog.segments()[0].id])
        assert _gaps(catalog) == [(0, 5, GapCause.DELETED), (10, 15, GapCause.DELETED)]

    def test_an_id_is_never_used_again(self, catalog: Catalog) -> None:
        catalog.commit([change(facts())])
        (first,) = catalog.segments()
        catalog.forget([first.id])
        catalog.commit([change(facts())])
        assert catalog.segments()[0].id > first.id

    def test_more_ids_than_a_statement_takes(self, catalog: Catalog) -> None:
        catalog.commit([change(facts(T0 + n * MINUTE, number=n, duration_us=MINUTE)) for n in range(1_200)])
        ids = [row.id for row in catalog.segments()]
        assert len(catalog.mark_deleting(ids)) == len(ids)
        catalog.forget(ids)
        assert catalog.segments() == []
        assert _gaps(catalog) == [(0, 1_200, GapCause.DELETED)]


def test_rows_of_one_folder(catalog: Catalog) -> None:
    days = [facts(T0), facts(T0 + 24 * 60 * MINUTE, number=1), facts(T0, channel=11, run=2)]
    catalog.commit([change(of) for of in days])
    assert [row.path for row in catalog.segments_in(PurePosixPath("ch1/2026-03-01"))] == [path_of(days[0])]
    assert [row.path for row in catalog.segments_in(PurePosixPath("ch1"))] == [path_of(days[0]), path_of(days[1])]
    assert list(catalog.paths_newest_first()) == [path_of(of) for of in reversed(days)]


def test_threads_may_share_a_catalog(catalog: Catalog) -> None:
    """Writers of one process wait for each other; nobody meets a locked database."""
    failures: list[Exception] = []

    def record(channel: int) -> None:
        try:
            for n in range(20):
                catalog.commit([change(facts(T0 + n * MINUTE, channel=channel, run=channel, number=n, duration_us=MINUTE))])
                assert len(catalog.segments(channel=channel)) == n + 1
        except (CatalogError, AssertionError) as exc:
            failures.append(exc)

    threads = [threading.Thread(target=record, args=(channel,)) for channel in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []
    assert len(catalog.segments()) == 60


def test_a_writer_that_reads_first_keeps_others_out_until_it_has_written(catalog: Catalog) -> None:
    """Were it to begin as a reader, SQLite would refuse its write at once, without any waiting."""
    catalog.commit([change(facts())])
    with Catalog.open(catalog.data_dir) as other:
        late = threading.Thread(target=other.commit, args=([change(facts(channel=2, run=2))],))
        with catalog.database.write() as connection:
            connection.exec_driver_sql("SELECT * FROM segments").fetchall()
            late.start()
            late.join(0.2)
            assert late.is_alive()
            connection.exec_driver_sql("UPDATE segments SET protected = 1")
        late.join(30)
    assert [row.protected for row in catalog.segments()] == [True, False]


def test_a_camera_name_is_a_value_and_not_sql(catalog: Catalog) -> None:
    name = "Robert'); DROP TABLE segments;--"
    catalog.register_channels([(1, name)], T0)
    assert catalog.channels()[0].name == name


def test_facts_that_do_not_fit_are_refused_one_by_one(catalog: Catalog) -> None:
    of: SegmentFacts = facts(size_bytes=-1)
    with pytest.raises(CatalogError, match="its size is -1"):
        catalog.commit([change(of)])


def _gaps(catalog: Catalog) -> list[tuple[int, int | None, GapCause]]:
    return [
        ((row.start_utc_us - T0) // MINUTE, None if row.end_utc_us is None else (row.end_utc_us - T0) // MINUTE, row.cause)
        for row in catalog.gaps(1)
    ]
