"""`kill -9` at every system call of a conversion that changes the disk: files, catalog, and the list of what is protected.

Whatever starts next - recorder and storage service, the latter alone, or both without the catalog - ends where an undisturbed
conversion ends, and at no moment is a recording neither original nor result.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

import pytest

from mini_nvr.catalog.conversions import count_failed
from mini_nvr.catalog.model import SegmentState
from mini_nvr.catalog.protection_list import FILE_NAME, write_protection_list
from mini_nvr.catalog.repository import Catalog
from mini_nvr.segment.volume import IDENTITY_FILE
from mini_nvr.storage.deleter import Deleter
from mini_nvr.storage.policy import Deletion
from mini_nvr.storage.volume import require_known_volume
from tests.faults.healed import explained, nothing_to_do
from tests.faults.layer import CHANGES, Operation
from tests.faults.stepped_converter import FOREIGN, convert_all, put_footage
from tests.faults.stepped_recorder import Place, started
from tests.faults.steps import Check, Steps, Told, check_equals_rescan, kill_at_each
from tests.faults.steps_program import LATER_US
from tests.support.catalog import T0
from tests.support.hybrid_files import opened, packets, pictures

NOW_US = T0 + LATER_US
RESCAN_EVERY = 4
RESULT_OF_FOREIGN = "ch1/2026-03-01/110000+0000.mp4"

Tracks = tuple[list[tuple[int, int | None, bytes]], ...]
"""What a file holds: times and bytes of each frame of video, and of sound."""
Restart = Callable[[Place], None]


@dataclass(frozen=True)
class Footage:
    """Before any conversion: `place`, with `originals` by path. Behind it: `results` by path, each with its `original`.

    ids: those of the rows that the originals have before, by the path of the result.
    """

    place: Place
    ids: dict[PurePosixPath, int]
    originals: dict[PurePosixPath, bytes]
    results: dict[PurePosixPath, Tracks]
    original: dict[PurePosixPath, PurePosixPath]


@pytest.fixture(scope="module")
def steps(layer: Path, tmp_path_factory: pytest.TempPathFactory, empty_catalog: Path) -> Iterator[Steps]:
    """One program for all tests; every disk of the machine counts."""
    with closing(Steps(layer, tmp_path_factory.mktemp("steps"), empty_catalog, "/")) as steps:
        yield steps


@pytest.fixture(scope="module")
def footage(steps: Steps) -> Footage:
    place = steps.place("template")
    put_footage(place)
    protect_all(place)
    originals = {PurePosixPath(path.relative_to(place.record_dir)): path.read_bytes() for path in place.record_dir.rglob("*.mkv")}
    assert len(originals) == 2
    with Catalog.open(place.data_dir) as catalog:
        ids = {row.path.with_suffix(".mp4"): row.id for row in catalog.segments()}
    return Footage(place, ids, originals, *converted(steps, place, list(originals)))


def protect_all(place: Place) -> None:
    """The list names the foreign file, too, as if a catalog that was lost had protected it."""
    with Catalog.open(place.data_dir) as catalog:
        catalog.protect([row.id for row in catalog.segments()], protected=True)
        verify = partial(require_known_volume, place.record_dir, place.data_dir)
        assert write_protection_list(catalog, place.record_dir, verify)
    with (place.record_dir / FILE_NAME).open("a") as file:
        file.write(f"{FOREIGN}\n")


def converted(
    steps: Steps, place: Place, originals: list[PurePosixPath]
) -> tuple[dict[PurePosixPath, Tracks], dict[PurePosixPath, PurePosixPath]]:
    """What an undisturbed conversion makes of them; the same pictures, or nothing that is compared with it means anything."""
    whole = steps.copy(place, "converted")
    report = convert_all(whole, NOW_US)
    assert (report.converted, report.failures) == (len(originals), 0)
    results, original = {}, {}
    for path in originals:
        result = PurePosixPath(RESULT_OF_FOREIGN) if str(path) == FOREIGN else path.with_suffix(".mp4")
        shown = [luma for _, luma in pictures(whole.record_dir / result)]
        assert shown == [luma for _, luma in pictures(place.record_dir / path)]
        results[result], original[result] = tracks(whole.record_dir / result), path
    steps.remove(whole)
    return results, original


def tracks(path: Path) -> Tracks:
    with opened(path) as container:
        kinds = [stream.type for stream in container.streams]
    return tuple(packets(path, kind) for kind in kinds)


def both_start(place: Place) -> None:
    """The recorder first: it repairs."""
    with started(place, NOW_US):
        pass
    storage_starts(place)


def storage_starts(place: Place) -> None:
    assert convert_all(place, NOW_US).failures == 0


def both_start_without_the_catalog(place: Place) -> None:
    """It was lost as well."""
    for file in place.data_dir.glob("catalog.db*"):
        file.unlink()
    both_start(place)


RESTARTS: tuple[Restart, ...] = (both_start, storage_starts, both_start_without_the_catalog)


def check_left(footage: Footage, place: Place) -> None:
    """What a kill leaves: each recording as its untouched original, as its complete result, or both."""
    found = {PurePosixPath(path.relative_to(place.record_dir)) for path in place.record_dir.rglob("*.mp4")}
    assert found <= footage.results.keys()
    for path in found:
        assert tracks(place.record_dir / path) == footage.results[path], f"{path} is not complete"
    for path, original in footage.original.items():
        if (place.record_dir / original).exists():
            assert (place.record_dir / original).read_bytes() == footage.originals[original], f"{original} was written to"
        else:
            assert path in found, f"{original} is gone, {path} is not there"


def check_converted(footage: Footage, place: Place, scratch: Path | None) -> dict[PurePosixPath, int]:
    """All is converted, once, and nothing is left to do; the rows' ids by path. scratch: where a rescan makes its catalog."""
    with nothing_to_do(place, NOW_US) as catalog:
        assert count_failed(catalog) == 0
        rows = {row.path: row for row in catalog.segments()}
        if scratch is not None:
            check_equals_rescan(catalog, place, scratch)
    assert [path for path, row in rows.items() if row.state is not SegmentState.SEALED or not row.protected] == []
    listed = set((place.record_dir / FILE_NAME).read_text().split()) - {FOREIGN}  # which was named until it was gone
    there = {str(path.relative_to(place.record_dir)) for path in place.record_dir.rglob("*") if path.is_file()}
    results = {str(path) for path in footage.results}
    assert (set(map(str, rows)), listed, there) == (results, results, results | {IDENTITY_FILE, FILE_NAME})
    for path, expected in footage.results.items():
        assert tracks(place.record_dir / path) == expected
    return {path: row.id for path, row in rows.items()}


@pytest.fixture
def recovered(steps: Steps, footage: Footage, tmp_path: Path) -> Check:
    """What was left, and what a restart makes of it, each kind in its turn."""

    def look(place: Place, _: Told, tried: int) -> None:
        restart = RESTARTS[tried % len(RESTARTS)]
        check_left(footage, place)
        with explained(f"restarted: {restart.__name__}"):
            restart(place)
            ids = check_converted(footage, place, tmp_path / "fresh" if tried % RESCAN_EVERY == 0 else None)
            assert footage.ids.items() <= ids.items() or restart is both_start_without_the_catalog

    return look


@pytest.fixture
def recovered_by_all(steps: Steps, recovered: Check) -> Check:
    """The same, with each kind of restart for each kill."""

    def look(place: Place, told: Told, tried: int) -> None:
        for number in range(len(RESTARTS)):
            restarted = steps.copy(place, f"restarted{number}")
            recovered(restarted, told, tried * len(RESTARTS) + number)
            steps.remove(restarted)

    return look


@pytest.mark.parametrize("operations", [CHANGES, Operation.RENAME | Operation.UNLINK], ids=["any step", "each exchange of files"])
def test_a_kill_in_a_conversion_loses_nothing(
    steps: Steps, footage: Footage, recovered: Check, recovered_by_all: Check, operations: Operation, *, long: bool
) -> None:
    most = 6 if operations is CHANGES and not long else None
    changes = kill_at_each(steps, "convert", footage.place, recovered_by_all if long else recovered, most, operations)
    print(f"{changes} changes in a conversion")
    assert changes > (100 if operations is CHANGES else 5)


@pytest.mark.parametrize("first_killed", ["behind the rename", "before the removal"])
def test_a_kill_in_the_next_attempt_loses_nothing(
    steps: Steps, footage: Footage, recovered: Check, first_killed: str, *, long: bool
) -> None:
    """The recorder repairs what a first kill left, and the converter goes on; that is killed, too."""
    behind = first_killed == "behind the rename"
    left = steps.copy(footage.place, first_killed.replace(" ", "-"))
    assert steps.run("convert", left, 1, Operation.RENAME if behind else Operation.UNLINK, after=behind).killed
    changes = kill_at_each(steps, "restart", left, recovered, None if long else 4)
    print(f"{changes} changes in the next attempt")
    assert changes > 100


def test_nothing_is_left_of_footage_that_is_deleted_before_the_next_attempt(steps: Steps, footage: Footage) -> None:
    place = steps.copy(footage.place, "deleted")
    assert steps.run("convert", place, 1, Operation.RENAME).killed
    assert len(list(place.record_dir.rglob("*.converting"))) == 1
    with Catalog.open(place.data_dir) as catalog:
        known = catalog.segments(start_utc_us=T0)
        catalog.protect([row.id for row in known], protected=False)
        gone = Deleter(catalog, place.record_dir, asked="by a user").delete([Deletion(row, None) for row in known])
    assert [deletion.segment.path for deletion in gone.deleted] == [row.path for row in known]
    storage_starts(place)
    found = {str(path.relative_to(place.record_dir)) for path in place.record_dir.rglob("*") if path.is_file()}
    assert found == {RESULT_OF_FOREIGN, IDENTITY_FILE, FILE_NAME}


def test_a_list_that_names_the_original_protects_the_result(steps: Steps, footage: Footage) -> None:
    """Killed between the rename and the writing of the list, as the catalog is lost: only the list can tell, by the old name."""
    place = steps.copy(footage.place, "listed")
    (place.record_dir / next(path for path in footage.originals if str(path) != FOREIGN)).unlink()
    assert steps.run("convert", place, 1, Operation.RENAME, after=True).killed
    assert (place.record_dir / RESULT_OF_FOREIGN).exists()
    both_start_without_the_catalog(place)
    with Catalog.open(place.data_dir) as catalog:
        assert [(str(row.path), row.protected) for row in catalog.segments()] == [(RESULT_OF_FOREIGN, True)]
    assert RESULT_OF_FOREIGN in (place.record_dir / FILE_NAME).read_text().splitlines()


def test_nothing_outside_of_the_two_folders_is_touched(steps: Steps, footage: Footage) -> None:
    place = steps.copy(footage.place, "only")
    assert steps.run("convert", place).converted == len(footage.originals)
    changes = steps.changes()
    assert len(changes) > 100
    folders = (place.record_dir, place.data_dir)
    assert [change.path for change in changes if not any(change.path.is_relative_to(folder) for folder in folders)] == []
