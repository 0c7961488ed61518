"""What `mini-nvr run` becomes once the settings were read: a process that only supervises.

The environment that settings are read from may hold passwords, and what reads and checks them is not needed again. So the process
replaces its image (execve) by one without either: the same process id, parent and terminal. What it has to know comes along in an
anonymous file in memory, since it holds secrets (SECURITY S5).
"""

import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NoReturn
from zoneinfo import ZoneInfo

from mini_nvr import log as logs
from mini_nvr.clock import SystemClock
from mini_nvr.supervisor.processes import Service, Supervisor
from mini_nvr.supervisor.services import child_environment, service_table

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Plan:
    """All that the supervisor has to know, as JSON takes it.

    values: the raw settings, for the services. demo_port: of the simulated cameras, None without them. zone: its IANA name.
    secrets: what the log masks.
    """

    values: dict[str, str]
    demo_port: int | None
    log_level: str
    log_file: str | None
    zone: str
    secrets: list[str]


def become_supervisor(plan: Plan) -> int:
    """Supervise, and return the process's exit code; on Linux as another image, and then this never returns."""
    if sys.platform == "linux":
        _replace_image(plan)
    return supervise(plan)


def _replace_image(plan: Plan) -> NoReturn:
    fd = os.memfd_create("mini-nvr", 0)  # without flags it stays open across execve
    with open(fd, "w", encoding="utf-8", closefd=False) as file:
        json.dump(asdict(plan), file)
    sys.stdout.flush()
    sys.stderr.flush()
    environment = child_environment(os.environ)  # noqa: TID251  passed on without the settings; nothing is read from it
    os.execve(sys.executable, (sys.executable, "-P", "-m", "mini_nvr.supervisor", str(fd)), environment)  # noqa: S606  no shell is wanted


def supervise_from(plan_fd: int) -> int:
    """The new image's beginning; `plan_fd` is read and closed."""
    with open(plan_fd, encoding="utf-8") as file:
        file.seek(0)
        plan = Plan(**json.load(file))
    return supervise(plan)


def supervise(plan: Plan) -> int:
    """Run all services until SIGTERM or SIGINT; the process's exit code.

    Raises:
        LogFileUnusable: the log file cannot be opened.
    """
    log_file = Path(plan.log_file) if plan.log_file is not None else None
    logs.configure("supervisor", level=plan.log_level, zone=ZoneInfo(plan.zone), log_file=log_file, secrets=plan.secrets)
    return asyncio.run(_supervise(service_table(plan.demo_port), plan.values))


async def _supervise(services: Sequence[Service], values: Mapping[str, str]) -> int:
    environment = child_environment(os.environ)  # noqa: TID251  passed on without the settings; nothing is read from it
    supervisor = Supervisor(services, values, environment, SystemClock())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, supervisor.stop)
    exit_code = await supervisor.run()
    log.info("all services have stopped")
    return exit_code
