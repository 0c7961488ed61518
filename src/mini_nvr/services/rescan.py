"""`mini-nvr rescan`: the catalog made anew from the files, and what was found, in plain words."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TextIO

from mini_nvr.catalog.lock import DataDirLock
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.rescan import RescanReport, rescan
from mini_nvr.errors import CatalogError
from mini_nvr.recorder.volume import RecordingVolume
from mini_nvr.services.tables import printable

if TYPE_CHECKING:
    from mini_nvr.config.model import Settings

PATHS_LISTED: Final = 20


def run(settings: "Settings", *, file: TextIO | None = None) -> int:
    """Rescan and print the report; 0, unreadable files included: they are reported and kept.

    Raises:
        CatalogError: RECORD_DIR is missing, a recorder is running, or the catalog cannot be written.
        VolumeMissing: RECORD_DIR is not the folder that was recorded to (storage I7).
    """
    if not settings.record_dir.is_dir():
        raise CatalogError(f"{settings.record_dir} is not there: mount it, or correct RECORD_DIR")
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with DataDirLock(settings.data_dir) as lock, Catalog.open(settings.data_dir) as catalog:
        RecordingVolume(settings.record_dir, settings.data_dir, _nothing_to_prepare).verify()
        report = rescan(catalog, settings.record_dir, recover_growing=True, lock=lock, progress=_progress())
    if sys.stderr.isatty():
        print(file=sys.stderr)
    print("\n".join(report_lines(report)), file=file or sys.stdout)
    return 0


def _nothing_to_prepare() -> None:
    """The rescan itself repairs."""


def report_lines(report: RescanReport) -> list[str]:
    """The report for a person; long lists of files are cut."""
    lines = [f"{_count(report.files, 'recording')} in the catalog now"]
    if report.recovered:
        lines.append(f"{_count(report.recovered, 'recording')} that a crash had cut short made whole")
    if report.dropped:
        lines.append(f"{_count(report.dropped, 'entry', 'entries')} without a file removed from the catalog")
    if report.empty:
        lines.append(f"{_count(len(report.empty), 'file')} without any footage left alone:")
        lines += _listed([str(path) for path in report.empty], len(report.empty))
    if report.unreadable_count:
        lines.append(f"{_count(report.unreadable_count, 'file')} could not be read and stayed where they are:")
        lines += _listed([f"{path}: {reason}" for path, reason in report.unreadable], report.unreadable_count)
    return lines


def _listed(texts: list[str], count: int) -> list[str]:
    shown = [f"  {printable(text)}" for text in texts[:PATHS_LISTED]]
    return shown if count <= len(shown) else [*shown, f"  and {count - len(shown)} more"]


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _progress() -> Callable[[int], None] | None:
    """A count that runs on a terminal; nothing in a log."""
    if not sys.stderr.isatty():
        return None

    def show(files: int) -> None:
        print(f"\r{files} files read ", end="", file=sys.stderr, flush=True)

    return show
