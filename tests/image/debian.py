"""A fresh Debian to install things into: the image's root with a layer to write to; network and processes are this machine's."""

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_ENTER = """
folder=$1; root=$2; shift 2
mount --make-rprivate /
mkdir -p "$folder"/{upper,work,merged}
mount -t overlay -o "lowerdir=$root,upperdir=$folder/upper,workdir=$folder/work" overlay "$folder/merged"
mount -t proc proc "$folder/merged/proc"
mount --rbind /dev "$folder/merged/dev"
exec chroot "$folder/merged" "$@"
"""
_SUDO = '#!/bin/sh\n[ "$1" = -u ] || exec "$@"\nuser=$2\nshift 2\nexec runuser -u "$user" -- "$@"\n'


@dataclass(frozen=True)
class Debian:
    """Everything that is written goes below `folder`, and is kept from one command to the next.

    lent: pip.conf and ca.crt, with which this machine reaches package indexes.
    """

    folder: Path
    root: Path
    lent: Path

    @property
    def written(self) -> Path:
        return self.folder / "upper"

    def put(self, source: Path, path: str) -> None:
        """Copy a file to a path in it."""
        target = self.written / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        target.chmod(0o644)

    def prepare(self) -> None:
        """Name service, package settings, and a `sudo` that root needs no password for."""
        for source, path in (("/etc/resolv.conf", "/etc/resolv.conf"), ("/etc/hosts", "/etc/hosts")):
            self.put(Path(source), path)
        for name, path in (("pip.conf", "/etc/pip.conf"), ("ca.crt", "/mnt/ca.crt")):
            if (self.lent / name).exists():
                self.put(self.lent / name, path)
        sudo = self.written / "usr/local/bin/sudo"
        sudo.parent.mkdir(parents=True, exist_ok=True)
        sudo.write_text(_SUDO)
        sudo.chmod(0o755)

    def command(self, *arguments: str) -> list[str]:
        """What runs `arguments` in it as root: an argument vector for this machine, one at a time."""
        return [*("unshare", "--mount", "bash", "-euc", _ENTER, "enter", str(self.folder), str(self.root)), *arguments]

    def run(self, *arguments: str, env: Sequence[str] = (), beside: int | None = None) -> str:
        """Run a command to its end; what it printed.

        beside: the id of a process that runs in it meanwhile.

        Raises:
            AssertionError: it failed; with what it printed.
        """
        clean = ["env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", *env, *arguments]
        enter = ["nsenter", "--target", str(beside), "--mount", "--root", "--wd", *clean]
        done = subprocess.run(
            self.command(*clean) if beside is None else enter,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=600,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout
