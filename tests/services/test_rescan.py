"""`mini-nvr rescan`: its report, and what it refuses."""

import io
from pathlib import Path, PurePosixPath

import pytest

from mini_nvr.catalog.lock import DataDirBusy, DataDirLock
from mini_nvr.catalog.rescan import RescanReport
from mini_nvr.config.load import load
from mini_nvr.config.model import Settings
from mini_nvr.errors import CatalogError
from mini_nvr.segment.volume import VolumeMissing
from mini_nvr.services.rescan import report_lines, run


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folders = {"DATA_DIR": str(tmp_path / "data"), "RECORD_DIR": str(tmp_path / "recordings")}
    return load({**folders, "CHANNEL_1_URL": "rtsp://camera/1", "TZ": "UTC"})


def test_a_quiet_report() -> None:
    assert report_lines(RescanReport(files=1)) == ["1 recording in the catalog now"]


def test_a_full_report_cuts_its_lists() -> None:
    unreadable = [(PurePosixPath(f"ch1/2026-03-01/{n:06}+0000.mp4"), "no\nmoov") for n in range(1000)]
    lines = report_lines(RescanReport(7, 2, [PurePosixPath("ch2/2026-03-01/000000+0000.mp4")], unreadable, 4321, 1))
    assert lines[:5] == [
        "7 recordings in the catalog now",
        "2 recordings that a crash had cut short made whole",
        "1 entry without a file removed from the catalog",
        "1 file without any footage left alone:",
        "  ch2/2026-03-01/000000+0000.mp4",
    ]
    assert lines[5] == "4321 files could not be read and stayed where they are:"
    assert lines[6] == "  ch1/2026-03-01/000000+0000.mp4: no?moov"
    assert lines[-1] == "  and 4301 more"
    assert len(lines) == 6 + 20 + 1


def test_a_missing_recording_folder_is_refused_and_nothing_is_made(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="RECORD_DIR"):
        run(settings)
    assert list(tmp_path.iterdir()) == []


def test_a_running_recorder_is_left_alone(settings: Settings) -> None:
    settings.record_dir.mkdir()
    settings.data_dir.mkdir()
    with DataDirLock(settings.data_dir), pytest.raises(DataDirBusy):
        run(settings)


def test_files_that_are_not_footage_are_reported_and_kept(settings: Settings) -> None:
    day = settings.record_dir / "ch1" / "2026-03-01"
    day.mkdir(parents=True)
    (day / "120000+0000.mp4").write_bytes(b"nothing that a recorder wrote")
    file = io.StringIO()
    assert run(settings, file=file) == 0
    assert file.getvalue().startswith("0 recordings in the catalog now\n")
    assert "ch1/2026-03-01/120000+0000.mp4" in file.getvalue()
    assert (day / "120000+0000.mp4").exists()


def test_another_volume_than_the_known_one_is_refused(settings: Settings) -> None:
    """A rescan of a folder that is not mounted would forget all footage (storage I7)."""
    settings.record_dir.mkdir()
    assert run(settings, file=io.StringIO()) == 0
    settings.record_dir.rename(settings.record_dir.with_name("unmounted"))
    settings.record_dir.mkdir()
    with pytest.raises(VolumeMissing, match="volume-id"):
        run(settings, file=io.StringIO())
