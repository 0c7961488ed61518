"""The services of this program in the order in which they start, and what they inherit."""

import asyncio
import sys
from collections.abc import Mapping
from typing import Final

from mini_nvr.clock import Clock, SystemClock
from mini_nvr.supervisor.processes import Service

DEMO_HOST: Final = "127.0.0.1"
DEMO_CAMERAS: Final = 4

WEB_MALLOC: Final = {"MALLOC_MMAP_THRESHOLD_": str(256 << 10), "MALLOC_TRIM_THRESHOLD_": str(256 << 10), "MALLOC_ARENA_MAX": "2"}
"""glibc raises the thresholds by itself after large blocks are freed, and then keeps what a password's hash (19 MiB) and pictures
took; at 1 MiB still 3 MB of the latter, and below 256 KiB little is gained. Each of the many threads that read files would get an
arena of its own, and keep what it once held there: 2 to 3 MB in all."""

_ENVIRONMENT_KEPT: Final = frozenset(
    "PATH HOME USER LOGNAME LANG LANGUAGE TZ TZDIR TMPDIR TERM COLUMNS NO_COLOR VIRTUAL_ENV LD_LIBRARY_PATH LD_PRELOAD".split()
)
_PREFIXES_KEPT: Final = ("LC_", "PYTHON", "MALLOC_")


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


def child_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """What a child inherits: what programs and libraries need, and nothing that can be a setting (SECURITY S5).

    An allow-list, so that a password under a misspelt name stays behind too.
    """
    return {name: value for name, value in environment.items() if name in _ENVIRONMENT_KEPT or name.startswith(_PREFIXES_KEPT)}


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
