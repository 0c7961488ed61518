"""The whole program, `mini-nvr run`, in a folder of its own, and a person who signs in to it. Imports nothing that the program has.

A benchmark that maps the same libraries would take a share of the program's memory for its own.
"""

import http.client
import json
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.waiting import BenchmarkFailed, end, wait_until

HOST = "127.0.0.1"
USER, PASSWORD = "bench", "violet otter umbrella"  # noqa: S105  of a server that lives for this run
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}  # no setting of the caller's
_STOP_S = 20


@dataclass
class Program:
    """A running NVR. pid: the supervisor's."""

    folder: Path
    port: int
    pid: int
    cookie: str = field(default="", repr=False)

    @property
    def record_dir(self) -> Path:
        return self.folder / "recordings"

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    def services(self) -> dict[str, int]:
        """Process ids by name, the supervisor first."""
        found = {"supervisor": self.pid}
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        for child in children:
            words = Path(f"/proc/{child}/cmdline").read_bytes().decode().split("\0")
            found[words[words.index("mini_nvr") + 1]] = int(child)
        return found

    def alive(self) -> bool:
        try:
            return self._ask("GET", "/healthz")[0] == 200
        except OSError:
            return False

    def sign_in(self) -> None:
        """Raises BenchmarkFailed when it is refused."""
        status, _, cookies = self._ask("POST", "/api/login", {"username": USER, "password": PASSWORD})
        if status != 200:
            raise BenchmarkFailed(f"signing in was answered with {status}")
        self.cookie = cookies

    def get(self, path: str) -> bytes:
        """What is answered; raises BenchmarkFailed unless that is 200."""
        status, body, _ = self._ask("GET", path)
        if status != 200:
            raise BenchmarkFailed(f"{path} was answered with {status}: {body[:200]!r}")
        return body

    def _ask(self, method: str, path: str, body: Mapping[str, str] | None = None) -> tuple[int, bytes, str]:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=30)
        headers = {"Cookie": self.cookie, "Content-Type": "application/json"}
        connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        cookies = [value.partition(";")[0] for name, value in answer.getheaders() if name.lower() == "set-cookie"]
        return answer.status, content, "; ".join(cookies)


def launch(folder: Path, settings: Mapping[str, object], command: str = "run") -> "subprocess.Popen[bytes]":
    """Start a command of ours with these settings, recordings and data in `folder`; it may have been started there before."""
    values = {"RECORD_DIR": folder / "recordings", "DATA_DIR": folder / "data", "LOG_LEVEL": "ERROR", **settings}
    env_file = folder / "env"
    env_file.write_text("".join(f"{name}='{value}'\n" for name, value in values.items()))
    arguments = [sys.executable, "-m", "mini_nvr", command, "--env-file", str(env_file)]
    return subprocess.Popen(arguments, cwd=folder, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


@contextmanager
def running(folder: Path, cameras: Mapping[str, object]) -> Iterator[Program]:
    """All services until the block ends. cameras: the settings that name them.

    Raises:
        BenchmarkFailed: the web service does not answer.
    """
    port = free_port()
    web = {"WEB_HOST": HOST, "WEB_PORT": port, "user1": USER, "pass1": PASSWORD}
    process = launch(folder, {**cameras, **web})
    try:
        program = Program(folder, port, process.pid)
        wait_until(program.alive, 60, "the web service answers")
        yield program
    finally:
        end(process, _STOP_S)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
