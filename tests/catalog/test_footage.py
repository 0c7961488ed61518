import errno
from datetime import date
from pathlib import Path, PurePosixPath

import pytest

from mini_nvr.catalog.footage import day_folders, first_fresh_day, is_there, remove, require_inside
from mini_nvr.errors import CatalogError
from tests.support.catalog import DAY, T0


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "ch1/../../x", ".."])
def test_no_path_leads_out_of_the_folder(tmp_path: Path, path: str) -> None:
    for use in (lambda: require_inside(PurePosixPath(path)), lambda: remove(tmp_path, PurePosixPath(path))):
        with pytest.raises(CatalogError, match="outside the recording folder"):
            use()


def test_days_come_by_channel_number_and_date(tmp_path: Path) -> None:
    for name in (
        "ch10/2026-03-01",
        "ch2/2026-03-02",
        "ch2/2026-03-01",
        "ch2/2026-02-28",
        "ch2/notes",
        "ch2/20260301",
        "other/2026-03-01",
    ):
        (tmp_path / name).mkdir(parents=True)
    failures: list[PurePosixPath] = []
    found = [str(folder) for folder in day_folders(tmp_path, lambda folder, _exc: failures.append(folder), date(2026, 3, 1))]
    assert found == ["ch2/2026-03-01", "ch2/2026-03-02", "ch10/2026-03-01"]
    assert failures == []


@pytest.mark.parametrize("hours_from_utc", [-12, 0, 14])
def test_a_fresh_file_is_never_filed_before_the_first_fresh_day(hours_from_utc: int) -> None:
    for utc_us in range(T0, T0 + DAY, DAY // 48):
        local = date.fromordinal(date(1970, 1, 1).toordinal() + (utc_us + hours_from_utc * DAY // 24) // DAY)
        assert first_fresh_day(utc_us) <= local


def test_what_cannot_be_looked_at_counts_as_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its row must not be dropped for that."""
    path = PurePosixPath("ch1/2026-03-01/133000+0000.mp4")
    assert not is_there(tmp_path, path)

    def refuse(_path: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "lstat", refuse)
    assert is_there(tmp_path, path)


def test_removing_twice_is_removing_once(tmp_path: Path) -> None:
    (tmp_path / "ch1").mkdir()
    (tmp_path / "ch1" / "x.mp4").write_text("")
    for _ in range(2):
        remove(tmp_path, PurePosixPath("ch1/x.mp4"))
    assert list((tmp_path / "ch1").iterdir()) == []
    (tmp_path / "ch1").rmdir()
    remove(tmp_path, PurePosixPath("ch1/x.mp4"))
