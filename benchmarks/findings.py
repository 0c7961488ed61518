"""What a benchmark found: figures beside their targets, and tables. Kept as one JSON file a part in `benchmarks/results`.

A file stays until its part is measured again, so that a page made from all of them never mixes up which figure belongs to which
commit and day. Whether a target is met is computed from the figure; no file says it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

FOLDER = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value.

    key: names it within its part, for the report. unit: behind the value, empty for counts and ratios. digits: after the point.
    at_most, at_least: the target, at most one of the two.
    """

    key: str
    what: str
    value: float
    unit: str = ""
    digits: int = 1
    at_most: float | None = None
    at_least: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether the value, as it is shown, keeps to its target; None without a target."""
        shown = round(self.value, self.digits)
        if self.at_most is not None:
            return shown <= self.at_most
        if self.at_least is not None:
            return shown >= self.at_least
        return None

    @property
    def verdict(self) -> str:
        return {None: "", True: "met", False: "missed"}[self.met]

    @property
    def measured(self) -> str:
        return f"{self.value:,.{self.digits}f} {self.unit}".rstrip()

    @property
    def target(self) -> str:
        if self.at_most is not None:
            return f"at most {self.at_most:g} {self.unit}".rstrip()
        if self.at_least is not None:
            return f"at least {self.at_least:g} {self.unit}".rstrip()
        return ""


@dataclass(frozen=True, slots=True)
class Table:
    """Values that are read side by side; cells as they are shown."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Findings:
    """What one run of a benchmark measured. conditions: under which, in half a sentence."""

    figures: Sequence[Figure] = ()
    tables: Sequence[Table] = ()
    conditions: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """The findings of a part, with the machine and the versions they belong to (`machine.describe`) and how long it took.

    load: the machine's load average before the start, where it is known.
    """

    part: str
    facts: Mapping[str, str]
    load: float | None
    seconds: float | None
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    conditions: str = ""

    @property
    def machine(self) -> dict[str, str]:
        """The facts that are the same from run to run."""
        return {name: text for name, text in self.facts.items() if name not in {"date", "commit"}}

    def figure(self, key: str) -> Figure | None:
        return next((figure for figure in self.figures if figure.key == key), None)

    def save(self, folder: Path = FOLDER) -> Path:
        """Replace the last result of this part."""
        folder.mkdir(exist_ok=True)
        path = folder / f"{self.part}.json"
        path.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n")
        return path

    @classmethod
    def read(cls, path: Path) -> Self:
        """What `save` wrote."""
        values: dict[str, Any] = json.loads(path.read_text())
        figures = tuple(Figure(**figure) for figure in values.pop("figures"))
        tables = tuple(Table(tuple(one["headings"]), tuple(map(tuple, one["rows"]))) for one in values.pop("tables"))
        return cls(**values, figures=figures, tables=tables)


def read_all(folder: Path = FOLDER) -> dict[str, Result]:
    """The last result of each part that was ever measured."""
    results = (Result.read(path) for path in sorted(folder.glob("*.json")))
    return {result.part: result for result in results}


def as_text(findings: Findings | Result) -> Iterator[str]:
    """Lines for the terminal."""
    for table in [*findings.tables, *([figure_table(findings.figures)] if findings.figures else [])]:
        rows = [table.headings, *table.rows]
        widths = [max(len(row[column]) for row in rows) for column in range(len(table.headings))]
        yield ""
        for row in rows:
            yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def figure_table(figures: Sequence[Figure]) -> Table:
    """Each figure with its target and whether that is met; without the columns of targets where nothing has one."""
    if all(figure.met is None for figure in figures):
        return Table(("", "measured"), tuple((figure.what, figure.measured) for figure in figures))
    rows = tuple((figure.what, figure.measured, figure.target, figure.verdict) for figure in figures)
    return Table(("", "measured", "target", ""), rows)
