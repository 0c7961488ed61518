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
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.exports import START_UTC_US, record_hours
from benchmarks.machine import describe, load_average
from benchmarks.waiting import end, wait_until

USER, PASSWORD = "bench", "violet otter umbrella"  # noqa: S105  of a server that lives for this run
ROUNDS = 9
BUFFER_BYTES = 1 << 20
HOUR_MS = 3_600_000
TARGET = 0.5

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


def main() -> int:
    print(*(": ".join(fact) for fact in [*describe(), ("load before the start", f"{load_average():.2f}")]), sep="\n")
    with tempfile.TemporaryDirectory(prefix="bench-downloads-") as folder:
        root = Path(folder)
        catalog, record_dir = record_hours(root, 1)
        row = catalog.segments(1)[0]
        catalog.close()
        whole = root / "whole.mp4"
        with web(root) as served, nginx(root) as nginx_port:
            port, headers = served.port, served.headers
            start = START_UTC_US // 1000
            export = f"/api/channel/1/export.mp4?start={start}&end={start + HOUR_MS}"
            whole.write_bytes(body(port, export, headers))  # nginx serves the same bytes as a file
            print(f"{'MB/s':34} {'ours':>8} {'nginx':>8} {'ratio':>7} {'first byte, ms':>16}")
            compare("a file of five minutes", port, f"/api/segments/{row.id}.mp4", headers, nginx_port, f"/recordings/{row.path}")
            compare("an export of an hour", port, export, headers, nginx_port, "/whole.mp4")
        assert record_dir.is_dir()
    return 0


def compare(  # noqa: PLR0913  two servers, two addresses
    what: str, port: int, path: str, headers: dict[str, str], nginx_port: int | None, nginx_path: str
) -> None:
    """Take turns and print the medians."""
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(fetch(port, path, headers))
        if nginx_port is not None:
            theirs.append(fetch(nginx_port, nginx_path, {}))
    rate = median(size / seconds for size, seconds, _ in ours)
    first_ms = median(first for _, _, first in ours) * 1000
    if not theirs:
        print(f"{what:34} {rate / 1e6:8.0f} {'':>8} {'':>7} {first_ms:16.1f}")
        return
    other = median(size / seconds for size, seconds, _ in theirs)
    verdict = "met" if rate >= TARGET * other else "missed"
    print(f"{what:34} {rate / 1e6:8.0f} {other / 1e6:8.0f} {rate / other:7.2f} {first_ms:16.1f}   at least {TARGET}: {verdict}")


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
    process = subprocess.Popen([sys.executable, "-m", "mini_nvr", "web", "--env-file", str(env_file)])
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


@contextmanager
def nginx(root: Path) -> Iterator[int | None]:
    """The port of an nginx that serves the same folder; None when it is not installed."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin")
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
