"""Keeps what `benchmarks.soak` printed, for docs/performance.md: reads it on standard input, or from a log, and passes it on.

python -m benchmarks.soak --minutes 60 | python -m benchmarks.soak_result --save
python -m benchmarks.soak_result --save --commit 1a2b3c4 < soak.log
"""

import argparse
import re
import sys
from collections.abc import Iterable, Sequence

from benchmarks import machine, report
from benchmarks.findings import Figure, Findings, Result, Table, as_text
from benchmarks.waiting import BenchmarkFailed

_SUMMARY = re.compile(r"(?P<minutes>[\d.]+) minutes, .*load (?P<load>[\d.]+)$")


def read(lines: Iterable[str]) -> tuple[Findings, float]:
    """(findings, minutes) of the summary and the table behind it.

    Raises:
        BenchmarkFailed: there is no summary, or no table behind it: the soak did not come to its end.
    """
    rest = iter(lines)
    summary = next((found for line in rest if (found := _SUMMARY.match(line))), None)
    rows = []
    for line in rest:
        cells = re.split(r"\s{2,}", line.strip())
        if len(cells) not in {3, 4} or line.startswith("Traceback"):
            break
        rows.append((*cells[:3], "**failed**" if cells[3:] == ["FAILED"] else "held"))
    if summary is None or not rows:
        raise BenchmarkFailed("the soak did not come to its end")
    failed = sum(row[3] != "held" for row in rows)
    figures = [Figure("failed", f"conditions that did not hold, of {len(rows)}", failed, "", 0, at_most=0)]
    table = Table(("", "allowed", "measured", ""), tuple(rows))
    conditions = f"{summary[0].rpartition(', load')[0]}, load at the end {summary['load']}"
    return Findings(figures, [table], conditions), float(summary["minutes"])


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak_result", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--save", action="store_true", help="keep it in benchmarks/results")
    parser.add_argument("--commit", help="that was soaked, when it is not the present one")
    arguments = parser.parse_args(argv)
    lines = []
    for line in sys.stdin:
        print(line, end="", flush=True)
        lines.append(line.rstrip())
    try:
        findings, minutes = read(line for line in lines if line and not line.startswith(" "))
    except BenchmarkFailed as exc:
        print(f"soak: {exc}", file=sys.stderr)
        return 1
    facts = dict(machine.describe()) | ({"commit": arguments.commit} if arguments.commit else {})
    result = Result("soak", facts, None, minutes * 60, tuple(findings.figures), tuple(findings.tables), findings.conditions)
    print(*as_text(result), sep="\n")
    if arguments.save:
        print(f"kept in {result.save().name}")
        report.main([])
    return 0


if __name__ == "__main__":
    sys.exit(main())
