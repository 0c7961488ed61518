"""`make bench`: all parts one after the other, each kept in benchmarks/results and shown in the pages at once.

    python -m benchmarks.everything [--only record kills] [--without soak] [--quick]

A part that fails, or takes longer than it may, keeps its last result and makes the exit code 1; the others are measured all the
same. The archive of 6.7 million rows is made once, in a temporary folder (2.4 GB), and used by the parts that need it; cleanup
changes it, and is the last of them. The soak takes longer than all others together and comes at the end, so that who has less time
can end it. `--quick` tries every part with a few seconds and small archives, and keeps nothing.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.waiting import end

ROOT = Path(__file__).parents[1]
ARCHIVE = "{archive}"
LONGEST_S = 30 * 60.0
LEAVING_S = 60.0


@dataclass(frozen=True, slots=True)
class Part:
    """One benchmark. arguments, quick: of its command, always and for a trial; `{archive}`: a folder with a large catalog.

    longest_s: after which it is ended; a part that works is far from it.
    """

    name: str
    module: str
    arguments: tuple[str, ...] = ()
    quick: tuple[str, ...] = ()
    longest_s: float = LONGEST_S

    @property
    def needs_archive(self) -> bool:
        return ARCHIVE in self.arguments

    def command(self, archive: Path, *, quick: bool) -> list[str]:
        chosen = (*self.arguments, *self.quick) if quick else (*self.arguments, "--save")
        return [sys.executable, "-m", f"benchmarks.{self.module}", *(word.replace(ARCHIVE, str(archive)) for word in chosen)]


PARTS = (
    Part("record", "record", quick=("--cameras", "1", "4", "--seconds", "4", "--rounds", "1")),
    Part("memory", "memory", quick=("--seconds", "8")),
    Part("kills", "kills", quick=("--kills", "2", "--cameras", "4")),
    Part("checkpoints", "checkpoints", quick=("--cameras", "4", "--seconds", "22")),
    Part("startup", "startup", quick=("--starts", "1")),
    Part("live", "live", quick=("--viewers", "1", "--seconds", "3")),
    Part("wire", "wire", quick=("--cameras", "4", "--seconds", "3")),
    Part("demo", "demo", quick=("--seconds", "3")),
    Part("playback", "playback", (ARCHIVE,), ("--rounds", "5")),
    Part("api", "api", (ARCHIVE,), ("--rounds", "5")),
    Part("stills", "stills", quick=("--rounds", "10")),
    Part("downloads", "downloads"),
    Part("web_memory", "web_memory", quick=("--hours", "1")),
    Part("viewer", "viewer_figures", quick=("--seconds", "5")),
    Part("storage", "storage", (ARCHIVE,), ("--files", "1600")),
    Part("soak", "soak", quick=("--minutes", "1"), longest_s=80 * 60.0),
)
QUICK_ARCHIVE = ("--channels", "16", "--days", "40")


def main(argv: Sequence[str] | None = None) -> int:
    arguments = _parser().parse_args(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # by way of what runs, and of the folder of the archive
    parts = chosen(arguments.only or (), arguments.without or ())
    took = list(run_all(parts, quick=arguments.quick))
    print(*(f"{name:12} {seconds:5.0f} s  {'failed' if code else ''}".rstrip() for name, seconds, code in took), sep="\n")
    print(f"{'all':12} {sum(seconds for _, seconds, _ in took):5.0f} s")
    return int(any(code for _, _, code in took))


def chosen(only: Collection[str], without: Collection[str]) -> list[Part]:
    """The parts to run, in their order; `only` of none means all."""
    return [part for part in PARTS if (not only or part.name in only) and part.name not in without]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.everything", description=(__doc__ or "").split("\n", maxsplit=1)[0])
    names = [part.name for part in PARTS]
    parser.add_argument("--only", nargs="+", choices=names, metavar="PART", help=f"only these of {', '.join(names)}")
    parser.add_argument("--without", nargs="+", choices=names, metavar="PART", help="all but these")
    parser.add_argument("--quick", action="store_true", help="a few seconds each, to see that all work; nothing is kept")
    return parser


def run_all(parts: Sequence[Part], *, quick: bool) -> Iterator[tuple[str, float, int]]:
    """Name, seconds and exit code of each part, the making of the archive included."""
    with tempfile.TemporaryDirectory(prefix="bench-archive-") as folder:
        archive = Path(folder)
        if any(part.needs_archive for part in parts):
            making = [sys.executable, "-m", "benchmarks.archive", folder, *(QUICK_ARCHIVE if quick else ())]
            yield run_one("archive", making, LONGEST_S)
        for part in parts:
            yield run_one(part.name, part.command(archive, quick=quick), part.longest_s)


def run_one(name: str, command: Sequence[str], longest_s: float) -> tuple[str, float, int]:
    """Name, seconds and exit code; after `longest_s` it is ended, and that is a failure."""
    print(f"\n== {name}", flush=True)
    began = time.monotonic()
    with subprocess.Popen(command, cwd=ROOT) as process:
        try:
            process.wait(longest_s)
        except subprocess.TimeoutExpired:
            print(f"{name}: not done within {longest_s / 60:g} minutes, ended", file=sys.stderr)
            end(process, LEAVING_S)  # it ends what it has started
        except SystemExit:
            end(process, LEAVING_S)
            raise
    return name, time.monotonic() - began, process.returncode


if __name__ == "__main__":
    sys.exit(main())
