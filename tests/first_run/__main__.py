"""`make first-run`: everything that README and guide tell a reader to type, in an empty Debian, and how long it took.

From `git clone` of the last commit of this checkout to recordings that play in a browser, then every other command. Needs root and
debootstrap for the empty Debian; otherwise it is an empty folder of this machine, and what would install packages is left out.
`--write` puts the table into docs/guide/first-steps.md.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from mini_nvr.clock import SystemClock, to_datetime
from mini_nvr.errors import MiniNvrError
from tests.docs.markdown import ROOT
from tests.first_run.machine import Machine, can_chroot, empty_debian, empty_folder
from tests.first_run.reader import Reader
from tests.first_run.report import table, write_into
from tests.first_run.steps import STEPS

PAGE: Final = ROOT / "docs/guide/first-steps.md"
CACHE: Final = ROOT / "build/first-run"
OWN_NAMESPACES: Final = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="first-run", description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table into docs/guide/first-steps.md")
    parser.add_argument("--no-chroot", action="store_true", help="an empty folder of this machine even where a chroot can be made")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    if can_chroot() and not arguments.inside and not arguments.no_chroot:
        given = ["--write"] if arguments.write else []
        return subprocess.run(
            [*OWN_NAMESPACES, sys.executable, "-m", "tests.first_run", "--inside", *given], check=False
        ).returncode
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="first-run-")))
        machine = stack.enter_context(empty_debian(scratch, CACHE) if arguments.inside else empty_folder(scratch))
        text = _run(machine)
    print(text)
    if arguments.write:
        write_into(PAGE, text)
    return 0


def _run(machine: Machine) -> str:
    load = os.getloadavg()[0]
    reader = Reader(machine, lambda command: print(f"$ {command}", file=sys.stderr, flush=True))
    try:
        for step in STEPS:
            if machine.empty or "apt-get" not in step.command:
                reader.do(step)
        size = _size(machine.path(""))
    finally:
        reader.leave()
    return table(reader.done, reader.marks, {**_facts(machine, load), "size of the folder afterwards": size})


def _facts(machine: Machine, load: float) -> dict[str, str]:
    """load: of this machine before the first command."""
    now = to_datetime(SystemClock().utc_us())
    _, commit = machine.run("git rev-parse --short HEAD")
    _, release = machine.run("cd /; . /etc/os-release; echo $PRETTY_NAME")
    return {
        "date": f"{now:%Y-%m-%d %H:%M} UTC",
        "commit": commit.strip(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {load:.1f} before and {os.getloadavg()[0]:.1f} after",
        "system": f"an empty {release.strip()} with curl and openssl" if machine.empty else f"this {release.strip()}",
    }


def _size(folder: Path) -> str:
    listed = subprocess.run([shutil.which("du") or "du", "-sm", str(folder)], capture_output=True, text=True, check=False)
    return f"{listed.stdout.split()[0]} MB, footage included"


if __name__ == "__main__":
    try:
        sys.exit(main())
    except MiniNvrError as exc:
        print(f"first-run: {exc}", file=sys.stderr)
        sys.exit(1)
