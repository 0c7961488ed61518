"""Writes the figures of `benchmarks/results` into docs/performance.md and README.md, between markers; all other text is by hand.

    python -m benchmarks.report [--check]

`<!-- bench NAME: begin -->` and `end` in docs/performance.md hold the part NAME; `bench machine` the machine, `bench targets` how
many targets are met. `<!-- performance: begin -->` in README.md holds the figures named in `README_ROWS`.
"""

import argparse
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path

from benchmarks.findings import Figure, Result, Table, figure_table, read_all

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "performance.md"
README = ROOT / "README.md"
MISSING = "Not measured yet."

README_ROWS = (
    ("record", "16.cpu", "processor time per camera, 16 cameras of 1080p25"),
    ("record", "16.cpu_share", "the same, divided by that of one `ffmpeg` process per camera"),
    ("record", "64.cpu_share", "the same with 64 cameras"),
    ("record", "16.added", "memory added per camera"),
    ("record", "16.written", "bytes written per byte of media"),
    ("memory", "first.watched", "memory of all services together, 8 cameras, all of them watched live"),
    ("kills", "worst", "footage lost by `kill -9`, the worst"),
    ("checkpoints", "p95", "making 5 s of footage of 16 cameras durable, p95"),
    ("startup", "later", "start to the first frame of 4 cameras on the disk"),
    ("viewer", "1080p25: packet received -> painted, p95", "live picture: packet received to painted, p95"),
    ("viewer", "first picture after opening the page, p95", "opening the page to the first live picture, p95"),
    ("viewer", "seek anywhere in 30 days: first frame painted, p95", "seek anywhere in 30 days to the first frame, p95"),
    ("api", "timeline_day", "a day's time line of 16 channels among 6.7 million files, p95"),
    ("downloads", "export_ratio", "export of an hour, throughput / nginx sending a file"),
)
"""(part, key of the figure, words for a reader who knows nothing of the parts)."""

_SECTION = re.compile(r"<!-- bench (?P<name>\w+): begin -->\n.*?<!-- bench (?P=name): end -->", re.DOTALL)
_README_SECTION = re.compile(r"<!-- performance: begin -->\n.*?<!-- performance: end -->", re.DOTALL)


def page(document: str, results: Mapping[str, Result]) -> str:
    """The document with what stands between its markers made anew.

    Raises:
        ValueError: a result has no markers in the document.
    """
    named = {found["name"] for found in _SECTION.finditer(document)}
    if homeless := sorted(results.keys() - named):
        raise ValueError(f"docs/performance.md has no markers for {', '.join(homeless)}")

    def section(found: re.Match[str]) -> str:
        name = found["name"]
        return f"<!-- bench {name}: begin -->\n{_section(name, results)}\n<!-- bench {name}: end -->"

    return _SECTION.sub(section, document)


def readme(document: str, results: Mapping[str, Result]) -> str:
    """The README with its table made anew; figures that were never measured are left out, and without any it stays as it is."""
    rows = [(words, figure, results[part]) for part, key, words in README_ROWS if (figure := _find(results, part, key))]
    if not rows:
        return document
    table = markdown(Table(("figure", "measured", "target", ""), tuple(_readme_row(words, figure) for words, figure, _ in rows)))
    text = f"{table}\n\n{_provenance([result for _, _, result in rows])}"
    return _README_SECTION.sub(lambda _: f"<!-- performance: begin -->\n{text}\n<!-- performance: end -->", document)


def newest(results: Mapping[str, Result]) -> Result | None:
    return max(results.values(), key=lambda result: result.facts["date"], default=None)


def markdown(table: Table) -> str:
    lines = [table.headings, ("---",) * len(table.headings), *table.rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _section(name: str, results: Mapping[str, Result]) -> str:
    if name == "machine":
        return _machine(results)
    if name == "targets":
        return _targets(results)
    return _part(results[name], newest(results)) if name in results else MISSING


def _machine(results: Mapping[str, Result]) -> str:
    last = newest(results)
    if last is None:
        return MISSING
    load = {} if last.load is None else {"load before the start": f"{last.load:.2f}"}
    facts = {**last.facts, **load, "parts of this commit": _of_this_commit(last, results)}
    return markdown(Table((f"newest part: {last.part}", ""), tuple(facts.items())))


def _of_this_commit(last: Result, results: Mapping[str, Result]) -> str:
    """How many, and which are of another one, so that nobody compares figures of two states of the program unawares."""
    others = {name: result.facts["commit"] for name, result in results.items() if result.facts["commit"] != last.facts["commit"]}
    if not others:
        return f"all {len(results)}"
    listed = ", ".join(f"{name} ({commit})" for name, commit in sorted(others.items()))
    return f"{len(results) - len(others)} of {len(results)}; of others: {listed}"


def _targets(results: Mapping[str, Result]) -> str:
    judged = [(result.part, figure) for result in results.values() for figure in result.figures if figure.met is not None]
    missed = [(part, figure) for part, figure in judged if not figure.met]
    text = f"{len(judged) - len(missed)} of {len(judged)} targets are met"
    if not missed:
        return f"{text}."
    rows = tuple((part, figure.what, figure.measured, figure.target) for part, figure in missed)
    return f"{text}; missed are:\n\n{markdown(Table(('part', 'figure', 'measured', 'target'), rows))}"


def _part(result: Result, last: Result | None) -> str:
    """Its tables, its figures beside their targets, and in a line when, at which commit and under which load."""
    tables = [*result.tables, *([_with_bold_misses(figure_table(result.figures))] if result.figures else [])]
    load = [] if result.load is None else [f"load before the start {result.load:.2f}"]
    took = [] if result.seconds is None else [f"took {_length(result.seconds)}"]
    text = ", ".join([result.facts["date"], f"commit {result.facts['commit']}", *load, *took])
    other = {} if last is None else {name: value for name, value in result.machine.items() if last.machine.get(name) != value}
    parts = [text, *([result.conditions] if result.conditions else []), *(f"{name}: {value}" for name, value in other.items())]
    return "\n\n".join([f"{'; '.join(parts)}.", *map(markdown, tables)])


def _length(took_s: float) -> str:
    minutes, seconds = divmod(round(took_s), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def _with_bold_misses(table: Table) -> Table:
    rows = tuple(tuple("**missed**" if cell == "missed" else cell for cell in row) for row in table.rows)
    return Table(table.headings, rows)


def _find(results: Mapping[str, Result], part: str, key: str) -> Figure | None:
    return results[part].figure(key) if part in results else None


def _readme_row(words: str, figure: Figure) -> tuple[str, ...]:
    return words, figure.measured, figure.target, "**missed**" if figure.verdict == "missed" else figure.verdict


def _provenance(results: Iterable[Result]) -> str:
    """Where and when, in a sentence; several days and commits when not all parts were measured at once."""
    commits: dict[str, dict[str, None]] = {}
    for result in results:
        commits.setdefault(result.facts["date"][:10], {})[result.facts["commit"]] = None
    machines = dict.fromkeys(result.facts["CPU"] for result in results)
    days = [f"{day} ({', '.join(some)})" for day, some in sorted(commits.items())]
    return f"{'; '.join(machines)}. Measured on {', '.join(days)}."


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report", description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 when a page is out of date")
    arguments = parser.parse_args(argv)
    results = read_all()
    pages = {DOCUMENT: page(DOCUMENT.read_text(), results), README: readme(README.read_text(), results)}
    stale = [path for path, text in pages.items() if path.read_text() != text]
    for path in stale:
        print(f"{path.relative_to(ROOT)}: {'out of date; run `make bench-report`' if arguments.check else 'written'}")
        if not arguments.check:
            path.write_text(pages[path])
    missed = [figure for figure in chain(*(result.figures for result in results.values())) if figure.met is False]
    print(f"{len(results)} parts, {len(missed)} targets missed")
    return 1 if arguments.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
