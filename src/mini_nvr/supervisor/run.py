"""`mini-nvr run`: which services there are, demo mode, what is printed at the start, signals."""

import asyncio
import logging
import os
import shlex
import signal
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mini_nvr import log as logs
from mini_nvr.clock import Clock, SystemClock
from mini_nvr.config.load import configured, demo_values, load, read_values
from mini_nvr.errors import ConfigError
from mini_nvr.supervisor.processes import Service, Supervisor

if TYPE_CHECKING:
    from mini_nvr.config.model import Settings

DEMO_HOST: Final = "127.0.0.1"
DEMO_PORT: Final = 8554
DEMO_CAMERAS: Final = 4

NO_CAMERA: Final = (
    "no camera is configured: copy .env.example to .env and name your cameras there, "
    "or look around with four simulated ones: `mini-nvr run --demo`"
)

WEB_MALLOC: Final = {"MALLOC_MMAP_THRESHOLD_": str(1 << 20), "MALLOC_TRIM_THRESHOLD_": str(1 << 20)}
"""glibc raises both by itself after large blocks are freed, and then keeps what a password's hash (19 MiB) and pictures took."""

_ENVIRONMENT_KEPT: Final = frozenset(
    "PATH HOME USER LOGNAME LANG LANGUAGE TZ TZDIR TMPDIR TERM COLUMNS NO_COLOR VIRTUAL_ENV LD_LIBRARY_PATH LD_PRELOAD".split()
)
_PREFIXES_KEPT: Final = ("LC_", "PYTHON", "MALLOC_")

log = logging.getLogger(__name__)


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
    logs.configure(
        "supervisor", level=settings.log_level, zone=settings.zone, log_file=settings.log_file, secrets=settings.secrets()
    )
    services = service_table(demo_port)
    print("\n".join(welcome(settings, services, demo_port, env_file)), flush=True)
    return asyncio.run(_supervise(services, values))


def _problems(values: Mapping[str, str]) -> list[str]:
    """What else is wrong, so that one look at the message is enough."""
    try:
        load(values)
    except ConfigError as exc:
        return str(exc).splitlines()
    return []


async def _supervise(services: Sequence[Service], values: Mapping[str, str]) -> int:
    environment = child_environment(os.environ)  # noqa: TID251  passed on without the settings; nothing is read from it
    supervisor = Supervisor(services, values, environment, SystemClock())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, supervisor.stop)
    exit_code = await supervisor.run()
    log.info("all services have stopped")
    return exit_code


def service_table(demo_port: int | None) -> tuple[Service, ...]:
    """The services in the order in which they start."""
    services = (
        Service("recorder", _command("recorder")),
        Service("storage", _command("storage")),
        Service("web", _command("web"), environment=WEB_MALLOC),
    )
    if demo_port is None:
        return services
    arguments = ("--cameras", str(DEMO_CAMERAS), "--host", DEMO_HOST, "--port", str(demo_port))

    async def listening() -> None:
        await wait_for_port(DEMO_HOST, demo_port, SystemClock())

    return (Service("demo", _command("demo", *arguments), listening), *services)


def _command(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-P", "-m", "mini_nvr", *arguments)  # -P: no module is taken from the folder that we are started in


def welcome(
    settings: "Settings", services: Sequence[Service], demo_port: int | None, env_file: Path | None = None
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


def child_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """What a child inherits: what programs and libraries need, and nothing that can be a setting (SECURITY S5).

    An allow-list, so that a password under a misspelt name stays behind too.
    """
    return {name: value for name, value in environment.items() if name in _ENVIRONMENT_KEPT or name.startswith(_PREFIXES_KEPT)}


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


async def wait_for_port(host: str, port: int, clock: Clock, interval_s: float = 0.05) -> None:
    """Return once something accepts connections there; cancel it to give up."""
    while True:
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError:
            await clock.sleep(interval_s)
        else:
            writer.close()
            return
