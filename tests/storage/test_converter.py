"""The converter over real folders: what it takes over, what it converts, what it leaves and what it tells."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

from mini_nvr.catalog.conversions import count_failed, failed_conversions
from mini_nvr.catalog.playback_queries import indexed_segments
from mini_nvr.catalog.recovery import repair
from mini_nvr.catalog.rescan import rescan
from mini_nvr.catalog.snapshot import snapshot
from mini_nvr.errors import GapCause
from mini_nvr.playback.errors import NotPlayable
from mini_nvr.playback.export import plan
from mini_nvr.playback.playlist import playlist
from mini_nvr.segment.matroska import scan_matroska as scan_mkv
from mini_nvr.segment.scan import scan
from mini_nvr.services import convert
from mini_nvr.storage.alarms import AlarmBoard, AlarmKind
from mini_nvr.storage.converter_errors import ConversionStopped
from mini_nvr.storage.converter_round import FIRST_RETRY_US, LAST_RETRY_US, NEWEST_EVERY_S, retry_after_us
from mini_nvr.storage.converter_steps import Step
from mini_nvr.storage.foreign import originals
from tests.support.clock import FakeClock
from tests.support.conversion import NOW_UTC_US, OWN, OWN_START, Archive, record_own, rows
from tests.support.foreign_files import MJPEG, OLD, X264_B, make, pictures


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    made = Archive(tmp_path)
    yield made
    made.catalog.close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW_UTC_US)


def test_footage_of_another_product_is_taken_over_and_converted(archive: Archive, clock: FakeClock) -> None:
    seen = {
        "ch1/2023-11-14/100000+0000.mp4": pictures(
            make(archive.record_dir / "ch1/2023-11-14/100000.mkv", audio=("-c:a", "mp2"), rate=16_000)
        ),
        "ch1/2023-11-14/100003+0000.mp4": pictures(make(archive.record_dir / "ch1/2023-11-14/100003.mp4", video=X264_B)),
        "ch2/2023-11-14/110000+0000.mp4": pictures(make(archive.record_dir / "ch2_20231114_110000.mkv")),
    }
    archive.converter(clock).look()
    assert archive.files() == sorted(seen)
    assert sorted(rows(archive)) == [(path, "sealed") for path in sorted(seen)]
    for path, before in seen.items():
        assert pictures(archive.record_dir / path) == before
    first = archive.catalog.segments(1)[0]
    assert (first.time_source, first.video_codec is not None, first.audio_codec) == ("file name", True, "mp4a.40.2")
    assert scan(archive.record_dir / first.path).header.camera_name == "Yard"


def test_what_was_converted_plays(archive: Archive, clock: FakeClock) -> None:
    make(archive.record_dir / "ch1/2023-11-14/100000.mkv", audio=("-c:a", "pcm_alaw"))
    archive.converter(clock).look()
    row = archive.catalog.segments(1)[0]
    text = playlist(
        archive.catalog, 1, row.start_utc_us, row.end_utc_us, now_utc_us=clock.utc_us(), uri=lambda segment: f"{segment}.mp4"
    )
    assert text.count("#EXTINF") == 3
    movie = plan(archive.catalog, archive.record_dir, 1, row.start_utc_us, row.end_utc_us)
    assert movie.duration_us == row.duration_us


def test_what_is_not_converted_yet_says_so_and_spoils_nothing_else(archive: Archive, clock: FakeClock) -> None:
    make(archive.record_dir / "ch1/2023-11-14/100000.mkv")
    make(archive.record_dir / "ch1/2023-11-14/100003.mp4", video=MJPEG)
    archive.converter(clock).look()
    playable, waiting = archive.catalog.segments(1)
    times = {"now_utc_us": clock.utc_us(), "uri": lambda segment: f"{segment}.mp4"}
    text = playlist(archive.catalog, 1, playable.start_utc_us, waiting.end_utc_us, **times)  # type: ignore[arg-type]  # of both kinds
    assert text.count("#EXTINF") == 3
    with pytest.raises(NotPlayable, match="not converted yet"):
        playlist(archive.catalog, 1, waiting.start_utc_us + 100_000, waiting.end_utc_us, **times)  # type: ignore[arg-type]
    with pytest.raises(NotPlayable, match="not converted yet"):
        plan(archive.catalog, archive.record_dir, 1, waiting.start_utc_us + 100_000, waiting.end_utc_us)


def test_our_matroska_keeps_its_id_its_protection_and_its_place(archive: Archive, clock: FakeClock) -> None:
    before = pictures(record_own(archive))
    old = archive.catalog.segments(1)[0]
    archive.catalog.protect([old.id], protected=True)
    archive.converter(clock).look()
    new = archive.catalog.segments(1)[0]
    assert str(new.path) == OWN.replace(".mkv", ".mp4")
    assert (new.id, new.protected, new.start_utc_us, new.run_id) == (old.id, True, old.start_utc_us, old.run_id)
    assert abs(new.duration_us - old.duration_us) <= 1_000
    assert new.container == "mp4"
    assert indexed_segments(archive.catalog, 1, old.start_utc_us)[0].index
    assert pictures(archive.record_dir / new.path) == before
    assert archive.files() == [str(new.path)]


def test_what_is_growing_deleted_or_unknown_is_left_alone(archive: Archive, clock: FakeClock) -> None:
    growing, deleting, unknown = (f"ch1/2023-11-14/12000{n}+0000.mkv" for n in range(3))
    for number, path in enumerate((growing, deleting, unknown)):
        record_own(archive, path, start_utc_us=OWN_START + number * 1_000_000)
    facts = scan_mkv(archive.record_dir / growing)
    archive.put(growing, replace(facts, sealed=False))
    archive.catalog.mark_deleting([row.id for row in archive.catalog.segments() if str(row.path) == deleting])
    archive.catalog.forget([row.id for row in archive.catalog.segments() if str(row.path) == unknown])
    archive.converter(clock).look()
    assert archive.files() == sorted([growing, deleting, unknown])


def test_a_file_that_is_still_being_written_waits(archive: Archive, clock: FakeClock) -> None:
    path = make(archive.record_dir / "ch1/2023-11-14/100000.mkv")
    os.utime(path, (NOW_UTC_US // 1_000_000 - 30,) * 2)
    converter = archive.converter(clock)
    converter.look()
    assert rows(archive) == []
    clock.advance(3_700)
    converter.look()
    assert [state for _, state in rows(archive)] == ["sealed"]


def test_gaps_around_footage_that_was_taken_over_agree_with_it(archive: Archive, clock: FakeClock) -> None:
    record_own(archive)
    for time in ("100000", "100003", "110000"):
        make(archive.record_dir / f"ch1/2023-11-14/{time}.mkv")
    archive.converter(clock).look()
    gaps = [(row.start_utc_us - OWN_START, (row.end_utc_us or 0) - OWN_START, row.cause) for row in archive.catalog.gaps(1)]
    minute = 60_000_000
    assert gaps == [
        (-120 * minute + 6_000_000, -60 * minute, GapCause.UNKNOWN),
        (-60 * minute + 3_000_000, 0, GapCause.UNKNOWN),
    ]


def test_converting_agrees_with_a_rescan(archive: Archive, clock: FakeClock) -> None:
    record_own(archive)
    make(archive.record_dir / "ch1/2023-11-14/100000.mkv")
    make(archive.record_dir / "ch2_20231114_110000.mkv", audio=("-c:a", "pcm_mulaw"))
    archive.converter(clock).look()
    before = snapshot(archive.catalog)
    rescan(archive.catalog, archive.record_dir)
    assert snapshot(archive.catalog) == before


def test_rescan_and_repair_keep_footage_that_waits_for_conversion(archive: Archive, clock: FakeClock) -> None:
    make(archive.record_dir / "ch1/2023-11-14/100000.mkv", video=MJPEG)
    make(archive.record_dir / "ch1_20231114_110000.mkv", video=MJPEG)
    archive.converter(clock).look()
    before = rows(archive)
    assert [path for path, _ in before] == ["ch1/2023-11-14/100000.mkv", "ch1_20231114_110000.mkv"]
    rescan(archive.catalog, archive.record_dir)
    repair(archive.catalog, archive.record_dir, NOW_UTC_US)
    assert rows(archive) == before
    (archive.record_dir / "ch1_20231114_110000.mkv").unlink()
    rescan(archive.catalog, archive.record_dir)
    assert rows(archive) == before[:1]


def test_what_cannot_be_converted_is_kept_listed_told_and_tried_again(archive: Archive, clock: FakeClock) -> None:
    mjpeg, broken = "ch1/2023-11-14/100000.mkv", "ch1/2023-11-14/110000.mp4"
    make(archive.record_dir / mjpeg, video=MJPEG)
    make(archive.record_dir / broken).write_bytes(b"never completed")
    os.utime(archive.record_dir / broken, (OLD, OLD))
    converter = archive.converter(clock)
    converter.look()
    assert archive.files() == [mjpeg, broken]
    assert sorted(rows(archive)) == [(mjpeg, "sealed"), (broken, "damaged")]
    assert [(str(item.path), item.attempts) for item in failed_conversions(archive.catalog)] == [(mjpeg, 1), (broken, 1)]
    assert converter.report().failed == 2
    converter.look()
    assert [item.attempts for item in failed_conversions(archive.catalog)] == [1, 1]
    clock.advance(8 * 86_400)
    converter.look()
    assert [item.attempts for item in failed_conversions(archive.catalog)] == [2, 2]
    for path in (mjpeg, broken):
        (archive.record_dir / path).unlink()
    clock.advance(86_400)
    converter.look()
    assert count_failed(archive.catalog) == 0


def test_the_owner_is_told_once(archive: Archive, clock: FakeClock, caplog: pytest.LogCaptureFixture) -> None:
    make(archive.record_dir / "ch1/2023-11-14/100000.mkv", video=MJPEG)
    converter = archive.converter(clock)
    converter.look()
    converter.look()
    told = [record.message for record in caplog.records if AlarmKind.CONVERSION in record.message]
    assert len(told) == 1
    assert "1 file is not converted and kept, such as ch1/2023-11-14/100000.mkv: 100000.mkv: holds mjpeg video" in told[0]


def test_the_alarm_ends_with_what_it_is_about(archive: Archive, clock: FakeClock) -> None:
    """One file is removed, for the other its owner asked for H.264."""
    removed, asked = "ch1/2023-11-14/100000.mkv", "ch1/2023-11-14/110000.mkv"
    for path in (removed, asked):
        make(archive.record_dir / path, video=MJPEG)
    alarms = AlarmBoard(clock)
    converter = archive.converter(clock, alarms=alarms)
    converter.look()
    assert "2 files are" in alarms.current()[0].message
    (archive.record_dir / removed).unlink()
    clock.advance(60)
    converter.look()
    assert asked in alarms.current()[0].message
    convert.run(archive.settings, file=StringIO())
    just_now_s = clock.utc_us() // 1_000_000
    os.utime(archive.record_dir / asked, (just_now_s, just_now_s))  # it waits for another minute
    converter.look()
    assert alarms.current() == []
    assert len(failed_conversions(archive.catalog)) == 1


def test_what_is_recorded_during_a_long_walk_does_not_wait_for_its_end(archive: Archive, clock: FakeClock) -> None:
    backlog = [f"ch1/2023-11-1{day}/100000.mkv" for day in (0, 1, 2)]
    for path in backlog:
        make(archive.record_dir / path)
    left: list[tuple[list[str], int]] = []

    def after_a_while(step: Step) -> None:
        if step == "removed":
            left.append(([path for path in archive.files() if path.endswith(".mkv")], converter.report().waiting))
            clock.advance(NEWEST_EVERY_S)
            if len(left) == 1:
                make(archive.record_dir / "ch1/2023-11-15/100000.mkv")

    converter = archive.converter(clock, after_a_while)
    converter.look()
    assert left == [
        (backlog[:2], 3),
        (backlog[:2], 2),
        (backlog[:1], 2),
        ([], 1),
    ]
    assert (converter.report().converted, converter.report().waiting, converter.report().failures) == (4, 0, 0)


def test_after_a_stop_the_walk_goes_on_with_what_is_left(archive: Archive, clock: FakeClock) -> None:
    """What was converted stays so; what was under way begins anew and is no failure."""
    backlog = [f"ch1/2023-11-1{day}/100000.mkv" for day in (0, 1, 2)]
    for path in backlog:
        make(archive.record_dir / path)
    steps: list[Step] = []

    def stop_in_the_second(step: Step) -> None:
        steps.append(step)
        if steps.count("written") == 2:
            raise ConversionStopped("the service stops")

    archive.converter(clock, stop_in_the_second).look()
    converted = "ch1/2023-11-12/100000+0000.mp4"
    assert archive.files() == [*backlog[:2], converted]
    inode = (archive.record_dir / converted).stat().st_ino
    again: list[Step] = []
    archive.converter(clock, again.append).look()
    assert again.count("written") == 2
    assert not [path for path in archive.files() if path.endswith(".mkv")]
    assert (archive.record_dir / converted).stat().st_ino == inode
    assert failed_conversions(archive.catalog) == []


def test_two_files_of_one_second_both_stay(archive: Archive, clock: FakeClock) -> None:
    """Another product's file, and one of ours that began in the same second."""
    foreign = pictures(make(archive.record_dir / "ch1/2023-11-14/120000.mkv", seconds=2))
    own = pictures(record_own(archive))
    archive.converter(clock).look()
    assert archive.files() == ["ch1/2023-11-14/120000+0000-2.mp4", "ch1/2023-11-14/120000+0000.mp4"]
    found = {len(pictures(archive.record_dir / path)) for path in archive.files()}
    assert found == {len(foreign), len(own)}


@pytest.mark.parametrize("limit", ["MAX_STORAGE_GB", "CHANNEL_1_MAX_GB"])
def test_a_copy_that_would_cost_much_other_footage_is_not_made(tmp_path: Path, clock: FakeClock, limit: str) -> None:
    archive = Archive(tmp_path, **{limit: "1"})
    large = "ch1/2023-11-14/100000.mkv"
    make(archive.record_dir / large)
    with (archive.record_dir / large).open("ab") as file:
        file.truncate(600 << 20)  # sparse
    os.utime(archive.record_dir / large, (OLD, OLD))
    archive.converter(clock).look()
    (failed,) = failed_conversions(archive.catalog)
    assert "much other footage would have to go" in failed.error
    assert limit in failed.error
    archive.catalog.close()


def test_a_file_that_goes_on_after_a_pause_counts_with_all_of_it(archive: Archive, clock: FakeClock) -> None:
    """It was taken over, and failed, while another product had only paused."""
    path = "ch1/2023-11-14/100000.mkv"
    whole = make(archive.record_dir / path, video=MJPEG)
    content = whole.read_bytes()
    whole.write_bytes(content[: len(content) // 2])
    os.utime(whole, (OLD, OLD))
    archive.converter(clock).look()
    assert [row.size_bytes for row in archive.catalog.segments(1)] == [len(content) // 2]
    whole.write_bytes(content)
    os.utime(whole, (OLD, OLD))
    before = archive.catalog.segments(1)[0]
    archive.converter(clock).look()
    (row,) = archive.catalog.segments(1)
    assert (row.id, row.size_bytes) == (before.id, len(content))
    (failed,) = failed_conversions(archive.catalog)
    assert failed.attempts == 1  # as that of a new file


def test_links_are_not_followed(archive: Archive, clock: FakeClock, tmp_path: Path) -> None:
    outside = make(tmp_path / "outside" / "100000.mkv")
    (archive.record_dir / "ch1/2023-11-14").mkdir(parents=True)
    (archive.record_dir / "ch1/2023-11-14/100000.mkv").symlink_to(outside)
    (archive.record_dir / "ch2").symlink_to(outside.parent)
    archive.converter(clock).look()
    assert rows(archive) == []
    assert outside.exists()


def test_the_newest_come_first(archive: Archive) -> None:
    names = ["ch1/2023-11-14/100000.mkv", "ch2_20231114_110000.mp4", "ch1/2023-11-15/000001.mp4", "ch1/2023-11-15/120000+0100.mkv"]
    for name in (*names, "ch1/2023-11-15/120000+0100.mp4", "ch1/notes.txt", "ch1/2023-11-15/x.mkv"):
        (archive.record_dir / name).parent.mkdir(parents=True, exist_ok=True)
        (archive.record_dir / name).touch()
    assert [str(path) for path in originals(archive.record_dir)] == [names[3], names[2], names[1], names[0]]


def test_a_folder_that_is_copied_in_is_noticed_in_the_next_round(archive: Archive, clock: FakeClock) -> None:
    converter = archive.converter(clock)
    make(archive.record_dir / "ch2/2023-11-10/100000.mkv")
    converter.look()
    old, new = "ch1/2023-11-10/100000.mkv", "ch1/2023-11-11/100000.mkv"
    for path, changed_s in ((old, OLD), (new, NOW_UTC_US // 1_000_000 - 60)):
        make(archive.record_dir / path)
        os.utime((archive.record_dir / path).parent, (changed_s, changed_s))
    clock.advance(60)
    converter.look()
    assert archive.files() == [old, "ch1/2023-11-11/100000+0000.mp4", "ch2/2023-11-10/100000+0000.mp4"]
    clock.advance(3_600)
    converter.look()
    assert not [path for path in archive.files() if path.endswith(".mkv")]


def test_ffmpegs_libraries_load_only_when_there_is_something_to_convert(tmp_path: Path) -> None:
    Archive(tmp_path).catalog.close()
    look = (
        "import sys; from pathlib import Path; from mini_nvr.clock import SystemClock; from mini_nvr.config.load import load\n"
        "from mini_nvr.storage.alarms import AlarmBoard; from mini_nvr.storage.rooms import RoomBook\n"
        "from mini_nvr.storage.converter import Converter\n"
        f"settings = load({{'DVR_IP': '192.0.2.7', 'DVR_USER': 'a', 'DVR_PASS': 'b', 'NUM_CHANNELS': '1', 'user1': 'anna',"
        f" 'pass1': 'c4n4ry horse', 'RECORD_DIR': {str(tmp_path / 'recordings')!r}, 'DATA_DIR': {str(tmp_path / 'data')!r}}})\n"
        "Converter(settings, SystemClock(), AlarmBoard(SystemClock()), RoomBook()).look()\n"
        "assert 'av' not in sys.modules, 'loaded'\n"
    )
    subprocess.run([sys.executable, "-c", look], check=True, timeout=60)


def test_attempts_come_less_and_less_often() -> None:
    waits = [retry_after_us(attempts) for attempts in range(1, 200)]
    assert waits[0] == FIRST_RETRY_US
    assert waits == sorted(waits)
    assert waits[-1] == LAST_RETRY_US


def test_mjpeg_is_encoded_when_the_owner_wishes_it(archive: Archive, clock: FakeClock) -> None:
    path = "ch1/2023-11-14/100000.mkv"
    before = pictures(make(archive.record_dir / path, video=MJPEG))
    converter = archive.converter(clock)
    converter.look()
    assert archive.files() == [path]
    said = StringIO()
    assert convert.run(archive.settings, file=said) == 0
    assert "1 file with MJPEG" in said.getvalue()
    clock.advance(3_600)
    converter.look()
    assert archive.files() == ["ch1/2023-11-14/100000+0000.mp4"]
    assert len(pictures(archive.record_dir / archive.files()[0])) == len(before)
    assert count_failed(archive.catalog) == 0
    convert.run(archive.settings, file=said)
    assert "no file" in said.getvalue()


@pytest.mark.parametrize("step", ["renamed", "exchanged"])
def test_mjpeg_that_was_half_done_is_finished(archive: Archive, clock: FakeClock, step: Step) -> None:
    class Killed(BaseException):
        """No clean-up of ours catches it and goes on."""

    def kill(done: Step) -> None:
        if done == step:
            raise Killed

    make(archive.record_dir / "ch1/2023-11-14/100000.mkv", video=MJPEG)
    archive.converter(clock).look()
    convert.run(archive.settings, file=StringIO())
    with pytest.raises(Killed):
        archive.converter(clock, kill).look()
    assert len(archive.files()) == 2
    archive.converter(clock).look()
    assert archive.files() == ["ch1/2023-11-14/100000+0000.mp4"]
    assert rows(archive) == [(archive.files()[0], "sealed")]
    assert count_failed(archive.catalog) == 0
