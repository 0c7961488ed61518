"""`mini-nvr cleanup`: what the storage service would delete now, and why; without `--dry-run`, that is done once."""

import sys
from typing import TYPE_CHECKING, Final, TextIO

from mini_nvr.catalog.repository import Catalog
from mini_nvr.clock import Clock, SystemClock
from mini_nvr.services import wording
from mini_nvr.services.tables import Cell, print_table
from mini_nvr.storage.alarms import AlarmBoard
from mini_nvr.storage.cleaner import Cleaner
from mini_nvr.storage.limits import Limits, limits_of
from mini_nvr.storage.policy import Deletion, Plan, Space
from mini_nvr.storage.rooms import RoomBook
from mini_nvr.storage.tally import gigabytes

if TYPE_CHECKING:
    from mini_nvr.config.model import Settings

HEADINGS: Final = ("Ch", "From", "Length", "Size", "Why", "File")
EXIT_DONE: Final = 0
EXIT_UNMET: Final = 1
CLOCK_DOUBTED: Final = (
    "the clock is more than a day ahead of the footage: either it is wrong, or nothing was recorded for so long. Ages are reckoned "
    "from where the footage ends; the storage service believes the clock when that has lasted for an hour"
)


def run(settings: "Settings", *, dry_run: bool, clock: Clock | None = None, file: TextIO | None = None) -> int:
    """Print the plan, carry it out unless `dry_run`; 1 when a limit stays passed with nothing left to delete.

    Raises:
        NotRecordedYet: nothing was ever recorded.
        VolumeMissing, SegmentError: RECORD_DIR is not the folder that was recorded to (storage I7).
        CatalogError: the catalog cannot be used.
    """
    file, clock = file or sys.stdout, clock or SystemClock()
    with Catalog.open(settings.data_dir) as catalog:
        cleaner = Cleaner(settings, catalog, clock, alarms=AlarmBoard(clock), rooms=RoomBook())
        found, space = cleaner.plan_all()
        print_plan(found, space, settings, file)
        if cleaner.age_clock.doubted and limits_of(settings).by_age:
            print(CLOCK_DOUBTED, file=file)
        if not dry_run and found.deletions:
            refused = cleaner.carry_out(found)
            print(f"deleted {len(found.deletions) - refused} files" + (f"; {refused} could not be" if refused else ""), file=file)
    return EXIT_UNMET if found.unmet else EXIT_DONE


def print_plan(found: Plan, space: Space, settings: "Settings", file: TextIO) -> None:
    """The plan for a person: every file, then what it amounts to."""
    if found.deletions:
        print_table(HEADINGS, [_row(deletion, settings) for deletion in found.deletions], file)
    for line in summary(found, space, limits_of(settings)):
        print(line, file=file)


def _row(deletion: Deletion, settings: "Settings") -> list[Cell]:
    segment = deletion.segment
    return [
        Cell(str(segment.channel)),
        Cell(wording.instant(segment.start_utc_us, settings.zone)),
        Cell(wording.duration(segment.duration_us / 1e6)),
        Cell(gigabytes(segment.size_bytes)),
        Cell(str(deletion.reason)),
        Cell(str(segment.path)),
    ]


def summary(found: Plan, space: Space, limits: Limits) -> list[str]:
    """What is there, what goes, and what cannot be reached."""
    size = sum(deletion.segment.size_bytes for deletion in found.deletions)
    lines = [f"{gigabytes(space.used_bytes)} of footage; {gigabytes(space.ahead)} of room are kept ahead of what comes"]
    if not limits.any:
        lines.append("no limit is set (MAX_STORAGE_GB, MIN_FREE_GB, RETENTION_DAYS): footage is never deleted")
    elif not found.deletions:
        lines.append("nothing has to be deleted")
    else:
        count = len(found.deletions)
        lines.append(f"{count} file{'s' if count > 1 else ''}, {gigabytes(size)}, to be deleted")
    lines += [f"nothing is left to delete, and still passed: {reason}" for reason in sorted(found.unmet)]
    return lines
