"""An empty Debian to try things in: a chroot made by debootstrap from the mirror that this machine's apt uses.

Nothing of it is written into the repository. What this machine was told about package indexes and certificates is passed on, as
somebody behind the same network would have it. Where no chroot can be made, an empty folder with an empty environment serves.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from mini_nvr.clock import NS_PER_S, SystemClock
from mini_nvr.errors import MiniNvrError
from tests.docs.markdown import ROOT

REPOSITORY: Final = "/repository"
TOOLS: Final = "ca-certificates,curl,openssl"
"""What the pages take for granted on any machine."""
PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PASSED_ON: Final = (
    "PIP_",
    "NPM_CONFIG_",
    "NODE_EXTRA_CA_CERTS",
    "SSL_CERT_",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "CURL_CA_BUNDLE",
)
COPIED: Final = ("etc/resolv.conf", "etc/hosts", "etc/pip.conf", "etc/ssl/certs/ca-certificates.crt", "usr/etc/npmrc")
STEP_TIMEOUT_S: Final = 1_800.0
STOP_TIMEOUT_S: Final = 30.0
LINES_SHOWN: Final = 40


class FirstRunFailed(MiniNvrError):
    """A command did not do what its page says, or no machine could be made for it."""


@dataclass
class Terminal:
    """A command in the foreground of a terminal, and what it has printed so far."""

    process: subprocess.Popen[bytes]
    log: Path

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def ended(self) -> bool:
        return self.process.poll() is not None

    def interrupt(self) -> None:
        """Ctrl-C, until everything that was started has ended.

        Raises:
            FirstRunFailed: it does not end; it was killed.
        """
        if self.ended():
            return
        os.killpg(self.process.pid, signal.SIGINT)
        try:
            self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired as exc:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise FirstRunFailed(f"it did not end within {STOP_TIMEOUT_S:g} s of Ctrl-C") from exc


@dataclass
class Machine:
    """root: of its file system. home: of who works on it, from the root. prefix: the command that leads into it.

    stand_ins: what is typed in place of a word of the pages.
    """

    root: Path
    home: str
    prefix: tuple[str, ...]
    environment: Mapping[str, str]
    stand_ins: Mapping[str, str]
    scratch: Path
    empty: bool
    folder: str = field(default="", init=False)
    """Where commands are typed, from the home."""

    def path(self, relative: str) -> Path:
        """A file in the folder where commands are typed, as this machine sees it."""
        return self.root / self.home.strip("/") / self.folder / relative

    def typed(self, command: str) -> str:
        """A command of the pages as it is typed here."""
        for word, stand_in in self.stand_ins.items():
            command = command.replace(word, stand_in)
        return command

    def run(self, command: str, stdin: str = "") -> tuple[int, str]:
        """The exit code, and all that was printed."""
        done = subprocess.run(
            self._line(command),
            input=stdin.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=STEP_TIMEOUT_S,
            env=self.environment,
        )
        return done.returncode, done.stdout.decode(errors="replace")

    def start(self, command: str, name: str) -> Terminal:
        log = self.scratch / f"{name}.log"
        with log.open("wb") as file:
            return Terminal(self._popen(command, file), log)

    def _popen(self, command: str, file: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self._line(command), stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True, env=self.environment
        )

    def _line(self, command: str) -> list[str]:
        where = f"{self.home}/{self.folder}".rstrip("/")
        return [*self.prefix, "bash", "-c", f"cd {where} && {command}"]


def can_chroot() -> bool:
    return os.geteuid() == 0 and shutil.which("debootstrap") is not None and shutil.which("unshare") is not None


@contextmanager
def empty_debian(scratch: Path, cache: Path) -> Iterator[Machine]:
    """Call it in a mount namespace of its own: mounts are made, and go with it."""
    base = _base(cache)
    root = scratch / "root"
    root.mkdir()
    _host("tar", "-C", str(root), "-xpf", str(base))
    for name in COPIED:
        if (Path("/") / name).exists():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(Path("/") / name, root / name)
    _host("git", "clone", "--quiet", "--bare", str(ROOT), str(root / REPOSITORY.strip("/")))
    # nothing of this machine is mounted: what is in the folder may be removed without a look
    _host("mount", "-t", "proc", "proc", str(root / "proc"))
    _host("mount", "-t", "tmpfs", "tmpfs", str(root / "dev/shm"))
    environment = {"PATH": PATH, "HOME": "/root", "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive", **_passed_on()}
    words = {"REPOSITORY": f"file://{REPOSITORY}"}
    machine = Machine(root, "/root", ("chroot", str(root)), environment, words, scratch, empty=True)
    machine.run("apt-get update -qq")
    try:
        yield machine
    finally:
        for mounted in ("dev/shm", "proc"):
            _host("umount", "--lazy", str(root / mounted))


@contextmanager
def empty_folder(scratch: Path) -> Iterator[Machine]:
    """Second best: this machine's programs, an empty home and an empty environment."""
    home = scratch / "home"
    home.mkdir()
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", **_passed_on()}  # noqa: TID251  see above
    words = {"REPOSITORY": f"file://{ROOT}", "/mnt/archive": str(scratch / "archive")}
    yield Machine(Path("/"), str(home), (), environment, words, scratch, empty=False)


def _base(cache: Path) -> Path:
    """The archive of an empty Debian; made once, as it is not what is measured."""
    site, codename = _mirror()
    archive = cache / f"{codename}.tar"
    if not archive.exists():
        cache.mkdir(parents=True, exist_ok=True)
        folder = cache / f"{codename}.making"
        shutil.rmtree(folder, ignore_errors=True)
        _host("debootstrap", "--variant=minbase", f"--include={TOOLS}", codename, str(folder), site)
        _host("tar", "-C", str(folder), "-cpf", f"{archive}.making", ".")
        Path(f"{archive}.making").rename(archive)
        shutil.rmtree(folder)
    return archive


def _mirror() -> tuple[str, str]:
    """Address and release of the first index that apt knows here."""
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(SITE) $(CODENAME)", "Created-By: Packages"],
        capture_output=True,
        text=True,
        check=True,
    )
    for line in listed.stdout.splitlines():
        site, _, codename = line.partition(" ")
        if codename.isalpha():
            return site, codename
    raise FirstRunFailed("apt of this machine knows no package index: configure it, or run without root")


def _passed_on() -> dict[str, str]:
    """What this machine was told about where packages come from, and whom to trust."""
    told = {name: value for name, value in os.environ.items() if name.upper().startswith(PASSED_ON)}  # noqa: TID251  passed on
    told.pop("PIP_FIND_LINKS", None)  # a folder of this machine
    index = _answer("python3", "-m", "pip", "config", "get", "global.index-url")
    registry = _answer("npm", "config", "get", "registry")
    return told | ({"PIP_INDEX_URL": index} if index else {}) | ({"NPM_CONFIG_REGISTRY": registry} if registry else {})


def _answer(*command: str) -> str:
    if shutil.which(command[0]) is None:
        return ""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def _host(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise FirstRunFailed(f"{command[0]} failed: {(done.stderr or done.stdout).strip()[-500:]}")


def tail(output: str) -> str:
    """The last lines, for a message."""
    return "\n".join(output.splitlines()[-LINES_SHOWN:])


def seconds_since(start_ns: int) -> float:
    return (SystemClock().monotonic_ns() - start_ns) / NS_PER_S
