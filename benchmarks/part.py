"""One part of `make bench`, and a command of its own: prints the machine, measures, prints the figures, keeps them on request."""

import argparse
import signal
import sys
import time
from collections.abc import Callable, Sequence

from benchmarks import machine, report
from benchmarks.findings import Findings, Result, as_text
from benchmarks.waiting import BenchmarkFailed

Measure = Callable[[argparse.Namespace], Findings]


def run(name: str, parser: argparse.ArgumentParser, measure: Measure, argv: Sequence[str] | None = None) -> int:
    """The exit code: 1 when nothing was measured. A target that is missed is shown, and not punished without `--strict`.

    name: of the part, and of its file in `benchmarks/results`.
    """
    parser.add_argument(
        "--save",
        action="store_true",
        help="keep the figures in benchmarks/results, and show them in docs/performance.md and README.md",
    )
    parser.add_argument("--strict", action="store_true", help="exit code 1 when a target is missed, too")
    arguments = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # by way of the contexts, which end every process
    facts, load = dict(machine.describe()), machine.load_average()
    print(*(f"{what}: {value}" for what, value in facts.items()), f"load before the start: {load:.2f}", sep="\n", flush=True)
    began = time.monotonic()
    try:
        findings = measure(arguments)
    except BenchmarkFailed as exc:
        print(f"{name}: the run failed: {exc}", file=sys.stderr)
        return 1
    seconds = time.monotonic() - began
    result = Result(
        name, facts, round(load, 2), round(seconds, 1), tuple(findings.figures), tuple(findings.tables), findings.conditions
    )
    print(*as_text(result), f"\n{name}: {seconds:.0f} s", sep="\n")
    if arguments.save:
        print(f"kept in {result.save().name}")
        report.main([])
    return int(arguments.strict and any(figure.met is False for figure in result.figures))


def parser(module: str, doc: str | None) -> argparse.ArgumentParser:
    """Of a benchmark's command; `doc` is its module's documentation, whose first sentence is shown."""
    return argparse.ArgumentParser(prog=f"python -m {module}", description=(doc or "").split("\n", maxsplit=1)[0])
