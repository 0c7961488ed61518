"""Keeps child processes alive: spawn, hand over the settings, wait, restart, stop.

Each child inherits the reading end of a pipe of its own. The settings come through it as one JSON line, so that no secret is in an
argument or in the environment (SECURITY S5), and its end of file tells the child that the supervisor is gone, however it died.
"""

import asyncio
import contextlib
import json
import logging
import os
import signal
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from mini_nvr.clock import NS_PER_S, Clock
from mini_nvr.supervisor.restart import RestartPolicy, describe_exit

CONFIGURATION_EXIT_CODE: Final = 2
KILLED_WITHIN_S: Final = 1.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Service:
    """A process to keep alive.

    command: its argument vector; `--settings-fd N` is appended.
    ready: returns once the service can be used; the next service in the table is started after that.
    environment: variables of this service alone; what the supervisor hands to all goes before.
    """

    name: str
    command: tuple[str, ...]
    ready: Callable[[], Awaitable[None]] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Child:
    """A service and its present life. pipe_fd: our end of its settings, -1 between lives. level: of the policy's delays."""

    service: Service
    process: Process | None = None
    pipe_fd: int = -1
    level: int | None = None

    def signal(self, number: signal.Signals) -> None:
        if self.process is not None and self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(number)


class Supervisor:
    """Starts the services in order, restarts each one that ends, stops them in reverse order.

    stop_timeout_s: from the SIGTERM to the SIGKILL for whoever is left.
    ready_timeout_s: how long a service may take to be ready before the next one is started all the same.
    """

    def __init__(
        self,
        services: Sequence[Service],
        values: Mapping[str, str],
        environment: Mapping[str, str],
        clock: Clock,
        *,
        policy: RestartPolicy | None = None,
        stop_timeout_s: float = 4.5,
        ready_timeout_s: float = 15.0,
    ) -> None:
        self._services = services
        self._settings = json.dumps(dict(values)).encode() + b"\n"
        self._environment = dict(environment)
        self._clock = clock
        self._policy = policy or RestartPolicy()
        self._stop_timeout_s = stop_timeout_s
        self._ready_timeout_s = ready_timeout_s
        self._stopping = asyncio.Event()
        self._exit_code = 0

    def stop(self) -> None:
        """Ask `run` to stop everything and return; called on the event loop, as often as one likes."""
        self._stopping.set()

    async def run(self) -> int:
        """Keep the services alive until `stop`; 0, or 2 when one of them refused the settings."""
        children: list[_Child] = []
        keepers: list[asyncio.Task[None]] = []
        try:
            for service in self._services:
                child = _Child(service)
                children.append(child)
                keepers.append(asyncio.create_task(self._keep(child), name=service.name))
                await self._until_ready(service)
                if self._stopping.is_set():
                    break
            await asyncio.wait([asyncio.create_task(self._stopping.wait()), *keepers], return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._stopping.set()
            await self._stop_all(children, keepers)
        for keeper in keepers:
            if keeper.done():
                keeper.result()
        return self._exit_code

    async def _until_ready(self, service: Service) -> None:
        if service.ready is None:
            return
        if not await self._unless_stopped(service.ready(), self._ready_timeout_s):
            log.warning("%s is not ready after %g s; going on without waiting for it", service.name, self._ready_timeout_s)

    async def _keep(self, child: _Child) -> None:
        """One service's life after life."""
        name = child.service.name
        while not self._stopping.is_set():
            started_ns = self._clock.monotonic_ns()
            try:
                end = describe_exit(await self._live_once(child))
            except OSError as exc:
                end = f"it could not be started: {exc.strerror}"
            if self._stopping.is_set():
                return
            if child.process is not None and child.process.returncode == CONFIGURATION_EXIT_CODE:
                log.error("%s refuses its settings (its message is above): stopping; correct them and start again", name)
                self._exit_code = CONFIGURATION_EXIT_CODE
                self._stopping.set()
                return
            lived_s = (self._clock.monotonic_ns() - started_ns) / NS_PER_S
            child.level = self._policy.next_level(child.level, lived_s)
            delay_s = self._policy.delays_s[child.level]
            log.error("%s ended after %.1f s (%s); next start %s", name, lived_s, end, f"in {delay_s:g} s" if delay_s else "now")
            await self._unless_stopped(self._clock.sleep(delay_s))

    async def _live_once(self, child: _Child) -> int:
        """Spawn the process, hand over the settings and wait for its end; the return code as in `subprocess`.

        Raises:
            OSError: it could not be started.
        """
        child.process = None
        read_fd, child.pipe_fd = os.pipe()  # both close on exec: no other child ever holds this pipe open
        try:
            try:
                child.process = await asyncio.create_subprocess_exec(
                    *child.service.command,
                    "--settings-fd",
                    str(read_fd),
                    stdin=asyncio.subprocess.DEVNULL,
                    env={**child.service.environment, **self._environment},
                    pass_fds=(read_fd,),
                    start_new_session=True,  # Ctrl-C in a terminal reaches the supervisor alone, which stops the others in order
                )
            finally:
                os.close(read_fd)
            log.info("%s started (process %d)", child.service.name, child.process.pid)
            if self._stopping.is_set():
                child.signal(signal.SIGTERM)
            await asyncio.to_thread(_write_all, child.pipe_fd, self._settings)
            return await child.process.wait()
        finally:
            os.close(child.pipe_fd)
            child.pipe_fd = -1

    async def _stop_all(self, children: Sequence[_Child], keepers: Sequence[asyncio.Task[None]]) -> None:
        for child in reversed(children):
            child.signal(signal.SIGTERM)
        if not keepers:
            return
        _, late = await asyncio.wait(keepers, timeout=self._stop_timeout_s)
        if not late:
            return
        for child in reversed(children):
            if child.process is not None and child.process.returncode is None:
                log.error("%s did not stop within %g s: killed", child.service.name, self._stop_timeout_s)
                child.signal(signal.SIGKILL)
        await asyncio.wait(late, timeout=KILLED_WITHIN_S)

    async def _unless_stopped(self, work: Awaitable[None], timeout_s: float | None = None) -> bool:
        """Wait for `work`, but not longer than until `stop` or the time-out; False when the time-out came first."""
        task = asyncio.ensure_future(work)
        stopping = asyncio.create_task(self._stopping.wait())
        done, pending = await asyncio.wait({task, stopping}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        for other in pending:
            other.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        if task in done:
            await task
        return bool(done)


def _write_all(pipe_fd: int, data: bytes) -> None:
    """Blocks while the pipe is full, so it runs on a thread; a child that died before reading is reported by its exit."""
    view = memoryview(data)
    with contextlib.suppress(BrokenPipeError):
        while view:
            view = view[os.write(pipe_fd, view) :]
