"""Starts an unpacked image as a container engine would with the options of docker-compose.yml, by util-linux alone.

Own mount, process, IPC and host-name spaces; a read-only root, a temporary /tmp, a few devices; the user of the image, no
capability, no way to a new privilege. The network is this machine's, as cameras and browsers of the tests are on it.
"""

import json
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from tests.e2e.recorder_process import wait_until

STOP_GRACE_S = 15.0
"""`stop_grace_period` of docker-compose.yml; an engine kills after it."""

START_TIMEOUT_S = 30.0

_ENTER = """
folder=$1; root=$2; user=$3; capabilities=$4; shift 4
mount --make-rprivate /
mkdir -p "$folder"/{upper,work,merged}
mount -t overlay -o "lowerdir=$root,upperdir=$folder/upper,workdir=$folder/work" overlay "$folder/merged"
new=$folder/merged
for name in recordings data; do
  mount --bind "$folder/$name" "$new/$name"
done
if [ -e "$folder/.env" ]; then
  if [ -d "$folder/.env" ]; then mkdir -p "$new/.env"; else touch "$new/.env"; fi
  mount --bind "$folder/.env" "$new/.env"
  mount -o remount,ro,bind "$new/.env"
fi
mount -t proc -o nosuid,nodev,noexec proc "$new/proc"
mount -t tmpfs -o nosuid,nodev,noexec,size=64m,mode=1777 tmpfs "$new/tmp"
mount -t tmpfs -o nosuid,mode=755 tmpfs "$new/dev"
for device in null zero full random urandom; do
  touch "$new/dev/$device"
  mount --bind "/dev/$device" "$new/dev/$device"
done
mount -o remount,ro,bind "$new"
exec chroot "$new" setpriv --reuid "${user%:*}" --regid "${user#*:}" --clear-groups --no-new-privs \\
  --inh-caps="-all$capabilities" --ambient-caps="-all$capabilities" --bounding-set="-all$capabilities" env -i "$@"
"""


@dataclass(frozen=True)
class Image:
    """What `provide-image` left in `folder`."""

    folder: Path

    @property
    def root(self) -> Path:
        return self.folder / "root"

    @cached_property
    def config(self) -> dict[str, Any]:
        """What Docker reads of it: User, Env, Entrypoint, Cmd, Healthcheck, Volumes, WorkingDir, StopSignal."""
        document = json.loads((self.folder / "image.json").read_text())
        config: dict[str, Any] = document["Docker"]["config"]
        return config

    def files(self) -> list[Path]:
        """All regular files, relative to the root."""
        return [path.relative_to(self.root) for path in self.root.rglob("*") if path.is_file() and not path.is_symlink()]

    def size_bytes(self) -> int:
        return sum((self.root / path).stat().st_size for path in self.files())


@dataclass
class Container:
    """A context manager: runs between enter and exit. `folder` has `recordings`, `data` and, if it is to be mounted, `.env`.

    command: in place of the image's. entrypoint, user: in place of the image's. environment: more of it. capabilities: kept ones.
    typed: what it reads from its standard input.
    """

    image: Image
    folder: Path
    command: Sequence[str] | None = None
    entrypoint: Sequence[str] | None = None
    user: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    capabilities: Sequence[str] = ()
    typed: str = ""

    def __post_init__(self) -> None:
        self._log = self.folder / "output.log"
        for name in ("recordings", "data"):
            (self.folder / name).mkdir(exist_ok=True)

    def __enter__(self) -> Self:
        program = [*(self.entrypoint or self.image.config["Entrypoint"]), *(self.command or self.image.config["Cmd"])]
        kept = "".join(f",+{capability}" for capability in self.capabilities)
        arguments = [str(self.folder), str(self.image.root), self._user, kept, *self._environment, *program]
        spaces = ["unshare", "--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*spaces, "bash", "-euc", _ENTER, "enter", *arguments], stdin=subprocess.PIPE, stdout=log, stderr=log
            )
        assert self._process.stdin is not None
        self._process.stdin.write(self.typed.encode())
        self._process.stdin.close()
        wait_until(lambda: self._process.poll() is not None or self._entered(), "the container's root", START_TIMEOUT_S)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._process.poll() is None:
            for first in psutil.Process(self._process.pid).children():
                first.kill()  # the first process of its space: the others go with it
            self._process.kill()
            self._process.wait()

    @property
    def _user(self) -> str:
        return self.user or str(self.image.config["User"])

    @property
    def _environment(self) -> list[str]:
        return [*self.image.config["Env"], *(f"{name}={value}" for name, value in self.environment.items())]

    def _entered(self) -> bool:
        """Whether the first process stands in the image's root; before that, `run` would be in this machine's."""
        first = next(iter(psutil.Process(self._process.pid).children()), None)
        return first is not None and not Path(f"/proc/{first.pid}/root").samefile("/")

    def _first(self) -> psutil.Process:
        children = psutil.Process(self._process.pid).children()
        assert children, f"the container has ended\n{self.log()}"
        return children[0]

    def processes(self) -> list[psutil.Process]:
        """All processes in it."""
        first = self._first()
        return [first, *first.children(recursive=True)]

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Another program in it, as `docker compose exec` runs it."""
        entered = ["nsenter", "--target", str(self._first().pid), "--mount", "--pid", "--ipc", "--uts", "--root", "--wd"]
        user, _, group = self._user.partition(":")
        lowered = ["setpriv", "--reuid", user, "--regid", group, "--clear-groups", "--no-new-privs", "--bounding-set=-all"]
        return subprocess.run(
            [*entered, *lowered, "env", "-i", *self._environment, *command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def is_healthy(self) -> bool:
        """What the image's HEALTHCHECK says."""
        kind, *command = self.image.config["Healthcheck"]["Test"]
        assert kind == "CMD"
        return self.run(*command).returncode == 0

    def stop(self) -> int:
        """The stop signal, as `docker compose down` sends it; the exit code.

        Raises:
            subprocess.TimeoutExpired: it is still there after the grace period.
        """
        self._first().send_signal(signal.Signals[self.image.config["StopSignal"]])
        return self._process.wait(STOP_GRACE_S)

    def wait(self, timeout_s: float = 60.0) -> int:
        """Until it ends by itself; the exit code."""
        return self._process.wait(timeout_s)

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def wait_until_healthy(self, timeout_s: float = 120.0) -> None:
        wait_until(lambda: self._process.poll() is not None or self.is_healthy(), "health", timeout_s)
        assert self._process.poll() is None, self.log()
