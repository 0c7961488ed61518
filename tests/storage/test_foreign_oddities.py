"""Footage of other products as it really lies about: the same second four times, nothing in the file, the wrong suffix."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from mini_nvr.catalog.conversions import failed_conversions
from mini_nvr.catalog.rescan import rescan
from mini_nvr.storage.fsck import check
from tests.support.clock import FakeClock
from tests.support.conversion import NOW_UTC_US, Archive, rows
from tests.support.foreign_files import OLD, make, pictures

DAY = "ch1/2023-11-14"
OTHER_DAY = "ch2/2023-11-14"


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    made = Archive(tmp_path)
    yield made
    made.catalog.close()


def write_old(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (OLD, OLD))


def violations(archive: Archive) -> list[str]:
    found = check(archive.catalog, archive.record_dir, settle_s=0)
    return [example for finding in found for example in finding.examples]


def test_files_that_say_the_same_second_all_stay(archive: Archive) -> None:
    """Both layouts, both suffixes: four films, none in the place of another."""
    films = []
    for seconds, name in enumerate(
        ("{day}/100000.mkv", "{day}/100000.mp4", "ch1_20231114_100000.mkv", "ch1_20231114_100000.mp4"), 1
    ):
        films.append(pictures(make(archive.record_dir / name.format(day=DAY), seconds=seconds)))
    archive.converter(FakeClock(NOW_UTC_US)).look()
    names = [f"{DAY}/100000+0000{ordinal}.mp4" for ordinal in ("", "-2", "-3", "-4")]
    assert sorted(archive.files()) == sorted(names)
    assert sorted(pictures(archive.record_dir / name) for name in names) == sorted(films)
    assert sorted(rows(archive)) == sorted((name, "sealed") for name in names)
    assert violations(archive) == []


def test_names_that_differ_only_in_their_letters_are_each_taken_over(archive: Archive) -> None:
    """As copies by way of a Windows share have them: four films of one second, and none in the place of another."""
    names = ("ch1_20231114_100000.mkv", "CH1_20231114_100000.MKV", f"{DAY}/100000.MP4", "CH1/2023-11-14/100000.Mp4")
    films = [pictures(make_as(archive.record_dir / name, seconds)) for seconds, name in enumerate(names, 1)]
    archive.converter(FakeClock(NOW_UTC_US)).look()
    kept = [f"{DAY}/100000+0000{ordinal}.mp4" for ordinal in ("", "-2", "-3", "-4")]
    assert sorted(archive.files()) == sorted(kept)
    assert sorted(pictures(archive.record_dir / name) for name in kept) == sorted(films)
    assert sorted(rows(archive)) == sorted((name, "sealed") for name in kept)
    assert violations(archive) == []


def make_as(path: Path, seconds: float) -> Path:
    """FFmpeg goes by the suffix, in lower case."""
    made = make(path.with_name(path.name.lower() + ".made" + path.suffix.lower()), seconds=seconds)
    return made.rename(path)


def test_originals_in_capitals_that_cannot_be_converted_are_kept_as_they_are(archive: Archive) -> None:
    """They stay listed, through a rescan too."""
    kept = ["CH2_20231114_120000.MP4", f"{OTHER_DAY}/130000.MKV", f"{OTHER_DAY}/130000.mkv"]
    for number, path in enumerate(kept):
        write_old(archive.record_dir / path, b"somebody's" * number)
    archive.converter(FakeClock(NOW_UTC_US)).look()
    rescan(archive.catalog, archive.record_dir)
    assert archive.files() == sorted(kept)
    assert sorted(rows(archive)) == sorted((path, "damaged") for path in kept)
    assert violations(archive) == []


def test_files_with_nothing_to_see_are_kept_listed_and_told_and_spoil_nothing(archive: Archive, tmp_path: Path) -> None:
    """Empty, and with the other container's suffix; older than all footage, too, where no gap lies between them."""
    kept = [f"{OTHER_DAY}/100000.mkv", f"{OTHER_DAY}/110000.mp4", "ch2_20231114_120000.mp4", f"{OTHER_DAY}/130000.mkv"]
    contents = [b"", make(tmp_path / "film.mkv").read_bytes(), b"", make(tmp_path / "film.mp4").read_bytes()]
    for path, content in zip(kept, contents, strict=True):
        write_old(archive.record_dir / path, content)
    film = pictures(make(archive.record_dir / f"{OTHER_DAY}/140000.mkv"))
    archive.converter(FakeClock(NOW_UTC_US)).look()
    played = f"{OTHER_DAY}/140000+0000.mp4"
    assert sorted(archive.files()) == sorted([*kept, played])
    assert sorted(rows(archive)) == sorted([*((path, "damaged") for path in kept), (played, "sealed")])
    assert sorted(str(failed.path) for failed in failed_conversions(archive.catalog)) == sorted(kept)
    assert pictures(archive.record_dir / played) == film
    assert violations(archive) == []
    rescan(archive.catalog, archive.record_dir)
    assert violations(archive) == []


def test_a_name_in_another_spelling_is_left_alone(archive: Archive) -> None:
    others = [f"{DAY}/100000+0000.MKV", "CH01_20231114_100000.mkv", f"{DAY}/10-00-00.mkv", "ch1_20231114_100000 (1).mkv"]
    for path in others:
        write_old(archive.record_dir / path, b"somebody's")
    archive.converter(FakeClock(NOW_UTC_US)).look()
    assert archive.files() == sorted(others)
    assert rows(archive) == []
