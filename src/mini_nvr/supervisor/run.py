"""`mini-nvr run`: the settings, demo mode, what is printed at the start."""

import shlex
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mini_nvr import log as logs
from mini_nvr.config.load import configured, demo_values, load, read_values
from mini_nvr.errors import ConfigError
from mini_nvr.supervisor.image import Plan, become_supervisor
from mini_nvr.supervisor.services import DEMO_CAMERAS, DEMO_HOST, service_table

if TYPE_CHECKING:
    from mini_nvr.config.model import Settings
    from mini_nvr.supervisor.processes import Service

DEMO_PORT: Final = 8554

NO_CAMERA: Final = (
    "no camera is configured: copy .env.example to .env and name your cameras there, "
    "or look around with four simulated ones: `mini-nvr run --demo`"
)


def run(env_file: Path | None, *, demo: bool) -> int:
    """Run all services until SIGTERM or SIGINT; the process's exit code.

    `demo`: when no camera is configured, record simulated ones.

    Raises:
        ConfigError: the settings are wrong, or no camera is configured and `demo` is off.
        LogFileUnusable: the log file cannot be opened.
    """
    values = read_values(env_file)
    demo_port: int | None = None
    if not configured(values):
        if not demo:
            raise ConfigError("\n".join([*_problems(values), NO_CAMERA]))
        demo_port = free_port(DEMO_HOST, DEMO_PORT)
        values = demo_values(demo_port, DEMO_CAMERAS, values)
    settings = load(values)
    log_file = str(settings.log_file) if settings.log_file is not None else None
    plan = Plan(values, demo_port, settings.log_level, log_file, settings.zone.key, sorted(settings.secrets()))
    logs.configure("supervisor", level=plan.log_level, zone=settings.zone, log_file=settings.log_file, secrets=plan.secrets)
    print("\n".join(welcome(settings, service_table(demo_port), demo_port, env_file)), flush=True)
    return become_supervisor(plan)


def _problems(values: Mapping[str, str]) -> list[str]:
    """What else is wrong, so that one look at the message is enough."""
    try:
        load(values)
    except ConfigError as exc:
        return str(exc).splitlines()
    return []


def welcome(
    settings: "Settings", services: "Sequence[Service]", demo_port: int | None, env_file: Path | None = None
) -> Iterator[str]:
    """Where to look, line by line. `env_file`: the one named on the command line."""
    cameras = [channel for channel in settings.channels if channel.enabled]
    yield f"Mini-NVR records {len(cameras)} camera{'' if len(cameras) == 1 else 's'}."
    if demo_port is not None:
        yield "Demo mode: no camera is configured, so simulated ones are recorded. For your own, copy .env.example to .env."
    yield f"  recordings  {settings.record_dir.resolve()}"
    if any(service.name == "web" for service in services):
        yield f"  web         {'https' if settings.tls_cert else 'http'}://{web_host(settings)}:{settings.web_port}"
    other_file = "" if env_file in (None, Path(".env")) else f" --env-file {shlex.quote(str(env_file))}"
    yield f"  status      {own_command()} status{other_file}"
    if demo_port is not None:
        for number in range(1, DEMO_CAMERAS + 1):
            yield f"  demo        rtsp://{DEMO_HOST}:{demo_port}/stream{number}"
    yield "Stop with Ctrl-C."


def web_host(settings: "Settings") -> str:
    """What a browser on this machine calls it."""
    host = settings.web_host
    if host is None or host.is_unspecified:
        return "localhost"
    return f"[{host}]" if host.version == 6 else str(host)


def own_command() -> str:
    """How this program was called, so that what is printed can be typed."""
    called = sys.argv[0]
    return called if Path(called).name == "mini-nvr" else "mini-nvr"


def free_port(host: str, preferred: int) -> int:
    """`preferred` when nobody listens on it, otherwise one that the kernel picks."""
    for port in (preferred, 0):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                if port == 0:
                    raise
                continue
            return int(probe.getsockname()[1])
    raise AssertionError("unreachable: port 0 is bound or raises")
