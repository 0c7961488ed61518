"""How fast footage leaves the machine: a file and an hour's export through the web service, beside nginx with the same bytes.

    python -m benchmarks.downloads

Everything is in the page cache. One client reads one answer at a time into the same buffer; the two servers take turns. nginx
(Debian's `nginx-light`) serves the file with sendfile and its defaults otherwise; where it is not installed its column stays empty.
"""

import http.client
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.exports import START_UTC_US, record_hours
from benchmarks.findings import Figure, Findings, Table
from benchmarks.part import parser, run
from benchmarks.program import ENVIRONMENT
from benchmarks.waiting import end, wait_until
from mini_nvr.supervisor.services import WEB_MALLOC

USER, PASSWORD = "bench", "violet otter umbrella"  # noqa: S105  of a server that lives for this run
ROUNDS = 9
BUFFER_BYTES = 1 << 20
HOUR_MS = 3_600_000
TARGET = 0.5
FIRST_BYTE_MS = 50

_NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log off; sendfile on; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s; server {{ listen 127.0.0.1:{port}; root {root}; }}
}}
"""


class Served(NamedTuple):
    """A web service that runs. headers: of somebody who is signed in."""

    pid: int
    port: int
    headers: dict[str, str]


class Compared(NamedTuple):
    """Medians of one answer. theirs: None without nginx; both in bytes a second."""

    ours: float
    theirs: float | None
    first_ms: float


def main(argv: Sequence[str] | None = None) -> int:
    return run("downloads", parser("benchmarks.downloads", __doc__), lambda _: measure(), argv)


def measure() -> Findings:
    with tempfile.TemporaryDirectory(prefix="bench-downloads-") as folder:
        root = Path(folder)
        catalog, _ = record_hours(root, 1)
        row = catalog.segments(1)[0]
        catalog.close()
        whole = root / "whole.mp4"
        with web(root) as served, nginx(root) as nginx_port:
            start = START_UTC_US // 1000
            export = f"/api/channel/1/export.mp4?start={start}&end={start + HOUR_MS}"
            whole.write_bytes(body(served.port, export, served.headers))  # nginx serves the same bytes as a file
            file = compare(served, f"/api/segments/{row.id}.mp4", nginx_port, f"/recordings/{row.path}")
            hour = compare(served, export, nginx_port, "/whole.mp4")
    named = [("file", "a file of five minutes", file), ("export", "an export of an hour", hour)]
    figures = [figure for key, what, one in named for figure in figures_of(key, what, one)]
    rows = tuple((what, rate(one.ours), rate(one.theirs), f"{one.first_ms:.1f}") for _, what, one in named)
    table = Table(("", "ours, MB/s", "nginx, MB/s", "first byte, ms"), rows)
    return Findings(figures, [table], f"medians of {ROUNDS} readings each, one client, from the page cache; {version()}")


def figures_of(key: str, what: str, one: Compared) -> Iterator[Figure]:
    if one.theirs is not None:
        yield Figure(f"{key}_ratio", f"{what}: throughput / nginx's", one.ours / one.theirs, "", 2, at_least=TARGET)
    yield Figure(f"{key}_first", f"{what}: first byte, median", one.first_ms, "ms", 1, FIRST_BYTE_MS)


def rate(bytes_per_s: float | None) -> str:
    return "" if bytes_per_s is None else f"{bytes_per_s / 1e6:.0f}"


def version() -> str:
    """Of nginx."""
    program = installed()
    if program is None:
        return "nginx is not installed"
    return subprocess.run([program, "-v"], capture_output=True, text=True, check=False).stderr.strip().rpartition(": ")[2]


def compare(served: Served, path: str, nginx_port: int | None, nginx_path: str) -> Compared:
    """Take turns."""
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(fetch(served.port, path, served.headers))
        if nginx_port is not None:
            theirs.append(fetch(nginx_port, nginx_path, {}))
    other = median(size / seconds for size, seconds, _ in theirs) if theirs else None
    return Compared(median(size / seconds for size, seconds, _ in ours), other, median(first for _, _, first in ours) * 1000)


def fetch(port: int, path: str, headers: dict[str, str]) -> tuple[int, float, float]:
    """(bytes, seconds in all, seconds to the first byte of the body) of one answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    buffer = memoryview(bytearray(BUFFER_BYTES))
    began = time.perf_counter()
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    assert answer.status == 200, answer.status
    size = answer.readinto(buffer[:1])
    first_s = time.perf_counter() - began
    while count := answer.readinto(buffer):
        size += count
    seconds = time.perf_counter() - began
    connection.close()
    return size, seconds, first_s


def body(port: int, path: str, headers: dict[str, str]) -> bytes:
    """The whole answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", path, headers=headers)
    return connection.getresponse().read()


@contextmanager
def web(root: Path) -> Iterator[Served]:
    """The web service as a process of its own."""
    port = free_port()
    settings = {
        "DATA_DIR": root / "data",
        "RECORD_DIR": root / "recordings",
        "WEB_PORT": port,
        "WEB_HOST": "127.0.0.1",
        "CHANNEL_1_URL": "rtsp://127.0.0.1:1/none",
        "user1": USER,
        "pass1": PASSWORD,
        "LOG_LEVEL": "ERROR",
    }
    env_file = root / "settings.env"
    env_file.write_text("".join(f"{name}='{value}'\n" for name, value in settings.items()))
    command = [sys.executable, "-m", "mini_nvr", "web", "--env-file", str(env_file)]
    process = subprocess.Popen(command, env={**ENVIRONMENT, **WEB_MALLOC}, stdin=subprocess.DEVNULL)  # as the supervisor does
    try:
        wait_until(lambda: listens(port), 20, "the web service listens")
        yield Served(process.pid, port, {"Cookie": sign_in(port)})
    finally:
        end(process)


def sign_in(port: int) -> str:
    """The cookies of a new session."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    sent = json.dumps({"username": USER, "password": PASSWORD})
    connection.request("POST", "/api/login", sent, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    return "; ".join(value.partition(";")[0] for name, value in answer.getheaders() if name.lower() == "set-cookie")


def installed() -> str | None:
    """Where nginx is; the last place is that of `make system-packages`."""
    return shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin:build/nginx/usr/sbin")


@contextmanager
def nginx(root: Path) -> Iterator[int | None]:
    """The port of an nginx that serves the same folder; None when it is not installed."""
    program = installed()
    if program is None:
        yield None
        return
    port = free_port()
    root.chmod(0o755)  # its worker is another user
    for path in (root / "recordings").rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    (root / "recordings").chmod(0o755)
    with tempfile.TemporaryDirectory(prefix="bench-nginx-") as folder:
        configuration = Path(folder) / "nginx.conf"
        configuration.write_text(_NGINX.format(folder=folder, port=port, root=root))
        process = subprocess.Popen([program, "-e", f"{folder}/error.log", "-c", str(configuration)])
        try:
            wait_until(lambda: listens(port), 10, "nginx listens")
            yield port
        finally:
            end(process)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    sys.exit(main())
