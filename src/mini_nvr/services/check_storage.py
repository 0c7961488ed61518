"""`mini-nvr check --storage`: each storage invariant, how much was looked at, and how often it does not hold."""

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, TextIO

from mini_nvr.catalog.repository import Catalog
from mini_nvr.clock import block
from mini_nvr.errors import CatalogError
from mini_nvr.services.tables import Cell, Row, print_table, printable
from mini_nvr.storage.fsck import Finding, check
from mini_nvr.storage.limits import limits_of

if TYPE_CHECKING:
    from mini_nvr.config.model import Settings

HEADINGS: Final = ("", "What must hold", "Looked at", "Violations")
EXIT_FINE: Final = 0
EXIT_VIOLATED: Final = 1
_CATALOG: Final = "catalog.db"
_MORE_THAN_A_CHECKPOINT_S: Final = 1.0


def run(settings: "Settings", *, thorough: bool = False, file: TextIO | None = None, wait: Callable[[float], None] = block) -> int:
    """Print the table, and the first violations of each kind; 0 when there is none, 1 otherwise.

    thorough: read every part of every file, not its two ends only.

    Raises:
        CatalogError: nothing was ever recorded, the recording folder is missing, or the catalog cannot be read.
    """
    file = file or sys.stdout
    if not (settings.data_dir / _CATALOG).exists():
        raise CatalogError(f"nothing was recorded yet: there is no catalog in {settings.data_dir}; is DATA_DIR right?")
    with Catalog.open(settings.data_dir) as catalog:
        settle_s = settings.sync_interval_s + _MORE_THAN_A_CHECKPOINT_S
        limits = limits_of(settings)
        found = check(catalog, settings.record_dir, limits=limits, thorough=thorough, settle_s=settle_s, wait=wait)
    print_table(HEADINGS, [_row(one) for one in found], file)
    for line in explained(found):
        print(line, file=file)
    return EXIT_VIOLATED if any(one.violations for one in found) else EXIT_FINE


def _row(one: Finding) -> Row:
    violations = Cell(str(one.violations), "bad" if one.violations else "good")
    return [Cell(one.invariant, "quiet"), Cell(one.says), Cell(str(one.looked_at)), violations]


def explained(found: Sequence[Finding]) -> list[str]:
    """The first violations of each kind in words, and what to do; nothing when all is well."""
    lines = [printable(f"{one.invariant or '-'}: {example}") for one in found for example in one.examples]
    if lines:
        lines.append("A restart of the recorder repairs what a crash left; `mini-nvr rescan`, while nothing records, the rest.")
    return lines
