"""The supervisor with real processes: a small fake service that is killed, refuses, ignores, crashes."""

import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from mini_nvr.clock import SystemClock
from mini_nvr.supervisor.processes import Service, Supervisor
from mini_nvr.supervisor.restart import RestartPolicy
from tests.support.waiting import until

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
QUICK = RestartPolicy(delays_s=(0.0, 0.02, 0.04))
VALUES = {"DVR_PASS": "c4n4ry p%ss", "NUM_CHANNELS": "2"}


class Rig:
    """One service's folder of starts."""

    def __init__(self, folder: Path, what: str) -> None:
        self.folder = folder
        folder.mkdir()
        self.service = Service(folder.name, (sys.executable, "-m", "tests.support.fake_service", str(folder), what))

    @property
    def starts(self) -> int:
        return len(list(self.folder.iterdir()))

    @property
    def pids(self) -> list[int]:
        """Process ids of all starts, oldest first."""
        return [int(path.name) for path in sorted(self.folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)]

    @property
    def note(self) -> dict[str, Any]:
        note: dict[str, Any] = json.loads((self.folder / str(self.pids[-1])).read_text())
        return note


@asynccontextmanager
async def running(*rigs: Rig, stop_timeout_s: float = 4.5) -> AsyncIterator[tuple[Supervisor, "asyncio.Task[int]"]]:
    services = [rig.service for rig in rigs]
    supervisor = Supervisor(services, VALUES, ENVIRONMENT, SystemClock(), policy=QUICK, stop_timeout_s=stop_timeout_s)
    task = asyncio.create_task(supervisor.run())
    try:
        yield supervisor, task
    finally:
        supervisor.stop()
        await task


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid)


async def test_settings_arrive_and_no_secret_is_in_arguments_or_environment(tmp_path: Path) -> None:
    rig = Rig(tmp_path / "recorder", "serve")
    async with running(rig):
        await until(lambda: rig.starts == 1)
        command_line = psutil.Process(rig.pids[0]).cmdline()
    note = rig.note
    assert note["values"] == VALUES
    assert "c4n4ry" not in repr(command_line) + note["environment"] + repr(note["arguments"])


async def test_variables_of_one_service_do_not_reach_another_nor_win_over_those_of_all(tmp_path: Path) -> None:
    web, storage = Rig(tmp_path / "web", "serve"), Rig(tmp_path / "storage", "serve")
    web.service = replace(web.service, environment={"MALLOC_ARENA_MAX": "2", "PATH": "/nowhere"})
    async with running(web, storage):
        await until(lambda: (web.starts, storage.starts) == (1, 1))
        assert "MALLOC_ARENA_MAX=2" in web.note["environment"]
        assert "/nowhere" not in web.note["environment"]
        assert "MALLOC" not in storage.note["environment"]


async def test_settings_larger_than_a_pipe_arrive_whole(tmp_path: Path) -> None:
    rig = Rig(tmp_path / "recorder", "serve")
    values = {f"CHANNEL_{number}_NAME": "x" * 1000 for number in range(300)}
    supervisor = Supervisor([rig.service], values, ENVIRONMENT, SystemClock(), policy=QUICK)
    task = asyncio.create_task(supervisor.run())
    await until(lambda: rig.starts == 1)
    supervisor.stop()
    assert await task == 0
    assert rig.note["values"] == values


async def test_a_killed_service_is_back_within_a_second_and_the_log_says_how_it_ended(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rig = Rig(tmp_path / "recorder", "serve")
    async with running(rig):
        await until(lambda: rig.starts == 1)
        os.kill(rig.pids[0], signal.SIGKILL)
        await until(lambda: rig.starts == 2)
        assert rig.note["values"] == VALUES
    assert "recorder ended after" in caplog.text
    assert "(signal SIGKILL); next start now" in caplog.text


async def test_a_service_that_keeps_dying_is_started_ever_later(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rig = Rig(tmp_path / "recorder", "exit:1")
    async with running(rig):
        await until(lambda: rig.starts == 5)
    ends = [record.getMessage().partition("; ")[2] for record in caplog.records if record.levelno == logging.ERROR]
    assert ends[:4] == ["next start now", "next start in 0.02 s", "next start in 0.04 s", "next start in 0.04 s"]


async def test_one_dying_service_leaves_the_others_alone(tmp_path: Path) -> None:
    good, bad = Rig(tmp_path / "recorder", "serve"), Rig(tmp_path / "storage", "die")
    async with running(good, bad):
        await until(lambda: bad.starts >= 3)
        assert good.starts == 1


async def test_wrong_settings_end_the_supervisor_with_code_2(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    good, bad = Rig(tmp_path / "recorder", "serve"), Rig(tmp_path / "web", "exit:2")
    async with running(good, bad) as (_, task):
        assert await asyncio.wait_for(task, 60) == 2
    assert bad.starts == 1
    assert all(map(gone, good.pids))
    assert "web refuses its settings" in caplog.text


async def test_stop_ends_all_services_in_reverse_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rigs = [Rig(tmp_path / name, "serve") for name in ("demo", "recorder", "storage")]
    asked: list[int] = []
    send = asyncio.subprocess.Process.send_signal

    def record(process: asyncio.subprocess.Process, number: int) -> None:
        asked.append(process.pid)
        send(process, number)

    monkeypatch.setattr(asyncio.subprocess.Process, "send_signal", record)
    async with running(*rigs) as (supervisor, task):
        await until(lambda: all(rig.starts == 1 for rig in rigs))
        supervisor.stop()
        assert await asyncio.wait_for(task, 60) == 0
    assert asked == [rig.pids[0] for rig in reversed(rigs)]
    assert all(gone(rig.pids[0]) for rig in rigs)


async def test_who_does_not_stop_is_killed_and_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    good, deaf = Rig(tmp_path / "recorder", "serve"), Rig(tmp_path / "storage", "deaf")
    async with running(good, deaf, stop_timeout_s=0.3) as (supervisor, task):
        await until(lambda: good.starts == deaf.starts == 1)
        supervisor.stop()
        assert await asyncio.wait_for(task, 60) == 0
    assert gone(deaf.pids[0])
    assert "storage did not stop within 0.3 s: killed" in caplog.text
    assert "recorder did not stop" not in caplog.text


async def test_stop_during_the_wait_for_a_restart_returns_at_once(tmp_path: Path) -> None:
    rig = Rig(tmp_path / "recorder", "exit:1")
    policy = RestartPolicy(delays_s=(3600.0,))
    supervisor = Supervisor([rig.service], VALUES, ENVIRONMENT, SystemClock(), policy=policy)
    task = asyncio.create_task(supervisor.run())
    await until(lambda: rig.starts == 1 and all(map(gone, rig.pids)))
    supervisor.stop()
    assert await asyncio.wait_for(task, 60) == 0


async def test_a_service_that_cannot_be_started_is_tried_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    service = Service("recorder", (str(tmp_path / "missing"),))
    supervisor = Supervisor([service], VALUES, ENVIRONMENT, SystemClock(), policy=QUICK)
    task = asyncio.create_task(supervisor.run())
    await until(lambda: caplog.text.count("could not be started: No such file or directory") >= 3)
    supervisor.stop()
    assert await task == 0


async def test_the_next_service_waits_until_the_one_before_is_ready(tmp_path: Path) -> None:
    demo, recorder = Rig(tmp_path / "demo", "serve"), Rig(tmp_path / "recorder", "serve")
    listens = asyncio.Event()

    async def ready() -> None:
        await listens.wait()

    services = [Service("demo", demo.service.command, ready), recorder.service]
    supervisor = Supervisor(services, VALUES, ENVIRONMENT, SystemClock(), policy=QUICK)
    task = asyncio.create_task(supervisor.run())
    await until(lambda: demo.starts == 1)
    assert recorder.starts == 0
    listens.set()
    await until(lambda: recorder.starts == 1)
    supervisor.stop()
    assert await task == 0


async def test_a_service_that_is_never_ready_does_not_hold_up_the_rest(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    demo, recorder = Rig(tmp_path / "demo", "serve"), Rig(tmp_path / "recorder", "serve")

    async def never() -> None:
        await asyncio.Event().wait()

    services = [Service("demo", demo.service.command, never), recorder.service]
    supervisor = Supervisor(services, VALUES, ENVIRONMENT, SystemClock(), policy=QUICK, ready_timeout_s=0.05)
    task = asyncio.create_task(supervisor.run())
    await until(lambda: recorder.starts == 1)
    supervisor.stop()
    assert await task == 0
    assert "demo is not ready after 0.05 s" in caplog.text


SUPERVISOR_PROGRAM = """
import asyncio, os, sys
from mini_nvr.clock import SystemClock
from mini_nvr.supervisor.processes import Service, Supervisor
services = [Service(f"s{i}", (sys.executable, "-m", "tests.support.fake_service", sys.argv[i], sys.argv[3])) for i in (1, 2)]
asyncio.run(Supervisor(services, {}, {"PYTHONPATH": sys.argv[4]}, SystemClock()).run())
"""


@pytest.mark.parametrize("what", ["serve", "deaf"])
async def test_services_do_not_outlive_a_supervisor_that_was_killed(tmp_path: Path, what: str) -> None:
    rigs = [Rig(tmp_path / name, what) for name in ("one", "two")]
    arguments = [str(rig.folder) for rig in rigs] + [what, str(ROOT)]
    supervisor = await asyncio.create_subprocess_exec(sys.executable, "-c", SUPERVISOR_PROGRAM, *arguments, cwd=ROOT)
    try:
        await until(lambda: all(rig.starts == 1 for rig in rigs))
    finally:
        supervisor.kill()
        await supervisor.wait()
    await until(lambda: all(ended(rig.pids[0]) for rig in rigs))


def ended(pid: int) -> bool:
    """Gone, or a zombie where nobody collects orphans (a container whose first process does not)."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
