"""What has to be true of a Mini-NVR after the next start, whatever a fault left of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mini_nvr.catalog.model import SegmentState
from mini_nvr.catalog.protection_list import FILE_NAME as PROTECTION_LIST
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.rescan import rescan
from mini_nvr.catalog.snapshot import snapshot
from mini_nvr.segment.volume import IDENTITY_FILE
from mini_nvr.storage.fsck import check
from tests.faults.stepped_recorder import Place, started
from tests.support.hybrid_files import packets


@contextmanager
def nothing_to_do(place: Place, now_utc_us: int) -> Iterator[Catalog]:
    """Started once more: there is nothing to repair, and no invariant is violated."""
    with started(place, now_utc_us) as (catalog, _, report):
        assert (report.sealed, report.adopted, report.dropped, report.deleted, report.removed) == ([], [], [], [], [])
        assert not report.damaged
        check_invariants(catalog, place)
        yield catalog


def check_invariants(catalog: Catalog, place: Place) -> None:
    """None is violated."""
    wrong = [finding for finding in check(catalog, place.record_dir, thorough=True, settle_s=0) if finding.violations]
    assert not wrong, wrong


def check_healed(catalog: Catalog, place: Place) -> None:
    """No invariant is violated, every file has its one row and all its frames, and nothing else is there."""
    check_invariants(catalog, place)
    rows = catalog.segments()
    assert {row.state for row in rows} <= {SegmentState.SEALED}, rows
    files = files_in(place.record_dir)
    assert files == sorted(str(row.path) for row in rows), f"{files}, and rows of {[str(row.path) for row in rows]}"
    for row in rows:
        assert len(packets(place.record_dir / row.path, "video")) == row.video_frames, row.path


def check_equals_rescan(catalog: Catalog, place: Place) -> None:
    """The catalog says what one made of the files alone says; gaps too, but for what no file knows: what deletion left."""
    said = snapshot(catalog)
    rescan(catalog, place.record_dir)
    found = snapshot(catalog)
    assert found == said, f"{found} instead of {said}"


def files_in(record_dir: Path) -> list[str]:
    """All files, whatever their names, but the folder's identity and the list of what is protected."""
    known = {IDENTITY_FILE, PROTECTION_LIST}
    found = (path.relative_to(record_dir) for path in record_dir.rglob("*") if path.is_file())
    return sorted(str(path) for path in found if str(path) not in known)


@contextmanager
def explained(what: object) -> Iterator[None]:
    """A failure inside of the block says which case it was."""
    try:
        yield
    except Exception as exc:
        exc.add_note(str(what))
        raise
