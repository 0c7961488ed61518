"""Files go, and nothing but files of the recording folder."""

import errno
import os
from datetime import UTC, date, datetime
from pathlib import Path, PurePosixPath
from zoneinfo import ZoneInfo

import pytest

from mini_nvr.clock import to_utc_us
from mini_nvr.errors import CatalogError
from mini_nvr.storage.unlink import first_day_in_use, remove_empty_day, unlink_all

DAY = PurePosixPath("ch1/2026-03-01")
FILE = DAY / "133000+0000.mp4"
TOMORROW = date(2026, 3, 2)


def make(root: Path, *paths: PurePosixPath) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"footage")


def test_files_of_several_folders_go_folder_by_folder(tmp_path: Path) -> None:
    paths = [
        PurePosixPath(f"ch{channel}/2026-03-0{day}/{hour:02}0000+0000.mp4")
        for channel in (1, 2)
        for day in (1, 2)
        for hour in (3, 4)
    ]
    make(tmp_path, *paths)
    steps: list[str] = []
    result = unlink_all(tmp_path, reversed(paths), steps.append)
    assert sorted(result.gone) == sorted(paths)
    assert result.kept == []
    assert steps == ["unlinked", "synced"] * 4
    assert not list(tmp_path.rglob("*.mp4"))


def test_what_is_gone_already_is_fine(tmp_path: Path) -> None:
    make(tmp_path, FILE)
    other, elsewhere = DAY / "140000+0000.mp4", PurePosixPath("ch9/2026-03-01/140000+0000.mp4")
    assert sorted(unlink_all(tmp_path, [FILE, other, elsewhere]).gone) == sorted([FILE, other, elsewhere])


def test_a_reader_keeps_what_it_reads(tmp_path: Path) -> None:
    make(tmp_path, FILE)
    with (tmp_path / FILE).open("rb") as reader:
        unlink_all(tmp_path, [FILE])
        assert reader.read() == b"footage"


@pytest.mark.parametrize("level", ["ch1", "ch1/2026-03-01"])
def test_s1_a_link_in_the_place_of_a_folder_is_not_followed(tmp_path: Path, level: str) -> None:
    outside, root = tmp_path / "outside", tmp_path / "recordings"
    root.mkdir()
    target = outside / PurePosixPath(FILE).relative_to(level)
    target.parent.mkdir(parents=True)
    target.write_bytes(b"not ours")
    (root / level).parent.mkdir(exist_ok=True)
    (root / level).symlink_to(outside)
    result = unlink_all(root, [FILE])
    assert result.gone == []
    (kept,) = result.kept
    assert "nothing behind it is touched" in str(kept[1])
    assert target.read_bytes() == b"not ours"


def test_s1_a_link_in_the_place_of_a_file_goes_and_not_what_it_names(tmp_path: Path) -> None:
    (tmp_path / "precious").write_bytes(b"not ours")
    (tmp_path / DAY).mkdir(parents=True)
    (tmp_path / FILE).symlink_to(tmp_path / "precious")
    assert unlink_all(tmp_path, [FILE]).gone == [FILE]
    assert (tmp_path / "precious").read_bytes() == b"not ours"


@pytest.mark.parametrize("path", ["/etc/passwd", "../other/x.mp4", "ch1/../../x.mp4"])
def test_s1_a_path_that_leads_out_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(CatalogError, match="outside"):
        unlink_all(tmp_path, [PurePosixPath(path)])


def test_one_file_that_the_disk_keeps_does_not_keep_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = DAY / "140000+0000.mp4"
    make(tmp_path, FILE, other)
    unlink = os.unlink

    def refuse(name: str, *, dir_fd: int) -> None:
        if name == FILE.name:
            raise OSError(errno.EIO, "Input/output error", name)
        unlink(name, dir_fd=dir_fd)

    monkeypatch.setattr(os, "unlink", refuse)
    result = unlink_all(tmp_path, [FILE, other])
    assert result.gone == [other]
    assert [(path, error.errno) for path, error in result.kept] == [(FILE, errno.EIO)]


def test_what_could_not_be_made_durable_is_not_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, FILE)

    def refuse(fd: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", refuse)
    result = unlink_all(tmp_path, [FILE])
    assert result.gone == []
    assert [path for path, _ in result.kept] == [FILE]


def test_an_empty_day_goes(tmp_path: Path) -> None:
    (tmp_path / DAY).mkdir(parents=True)
    assert remove_empty_day(tmp_path, DAY, TOMORROW)
    assert (tmp_path / "ch1").is_dir()
    assert not (tmp_path / DAY).exists()
    assert remove_empty_day(tmp_path, DAY, TOMORROW)


@pytest.mark.parametrize("folder", ["ch1", "ch1/notes", "ch1/2026-03-01/deeper", "."])
def test_a_folder_that_is_no_day_stays(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    assert not remove_empty_day(tmp_path, PurePosixPath(folder), TOMORROW)
    assert (tmp_path / folder).is_dir()


def test_a_day_with_anything_in_it_stays(tmp_path: Path) -> None:
    make(tmp_path, DAY / "notes.txt")
    assert not remove_empty_day(tmp_path, DAY, TOMORROW)
    assert (tmp_path / DAY / "notes.txt").exists()


def test_today_stays_as_the_recorder_may_be_about_to_use_it(tmp_path: Path) -> None:
    (tmp_path / DAY).mkdir(parents=True)
    assert not remove_empty_day(tmp_path, DAY, date(2026, 3, 1))
    assert (tmp_path / DAY).is_dir()


def test_the_day_that_ended_within_the_hour_is_in_use() -> None:
    zone = ZoneInfo("Europe/Berlin")  # an hour ahead of UTC in winter
    for hour, minute, day in ((22, 30, 1), (23, 30, 1), (23, 59, 1), (22, 59, 1)):
        assert first_day_in_use(to_utc_us(datetime(2026, 3, 1, hour, minute, tzinfo=UTC)), zone) == date(2026, 3, day)
    assert first_day_in_use(to_utc_us(datetime(2026, 3, 2, 0, 30, tzinfo=UTC)), zone) == TOMORROW
