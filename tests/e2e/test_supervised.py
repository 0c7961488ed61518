"""`mini-nvr run` as its owner starts it: secrets stay inside, what dies comes back, and the files are sealed however it ends."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import psutil
import pytest

from mini_nvr.demo import ClipSource, DemoCamera, DemoRig
from mini_nvr.recorder.control import ControlError, request_status
from mini_nvr.recorder.status import ChannelStatus
from mini_nvr.segment.scan import scan
from mini_nvr.supervisor.run import free_port
from mini_nvr.supervisor.services import DEMO_HOST
from tests.support.waiting import until

USER = "c4n4ry-user"
PASSWORD = "c4n4ry p%ss/@:$HOME"
STOPS_WITHIN_S = 30.0


@pytest.fixture
def cameras() -> Iterator[DemoRig]:
    with DemoRig([DemoCamera(1, ClipSource()), DemoCamera(2, ClipSource())], user=USER, password=PASSWORD) as rig:
        yield rig


def settings(rig: DemoRig) -> dict[str, str]:
    return {
        "DVR_IP": "127.0.0.1",
        "DVR_PORT": str(rig.port),
        "DVR_USER": USER,
        "DVR_PASS": PASSWORD,
        "RTSP_URL_TEMPLATE": "rtsp://{user}:{pass}@{ip}:{port}/stream{channel}",
        "NUM_CHANNELS": "3",
        "CHANNEL_3_URL": f"rtsp://{USER}:{quote(PASSWORD + 'wrong', safe='')}@127.0.0.1:{rig.port}/stream1",  # fails and says so
        "LOG_LEVEL": "DEBUG",
        "LOG_FILE": "log/mini-nvr.log",
        "SECRET_KEY": "c4n4ry-Zk3vQ9xT7mB2wL5pR8sD1fG6hJ4nK0yU",
        "user1": "anna",
        "pass1": "c4n4ry-web",
    }


@asynccontextmanager
async def running(folder: Path, environment: dict[str, str], *arguments: str) -> AsyncIterator[Process]:
    """`mini-nvr run` in an empty folder; its output goes to `out`."""
    with (folder / "out").open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "mini_nvr", "run", *arguments),
            cwd=folder,
            env={
                "PATH": "/usr/bin:/bin",
                "TZ": "UTC",
                "WEB_HOST": DEMO_HOST,
                "WEB_PORT": str(free_port(DEMO_HOST, 0)),
                **environment,
            },
            stdout=out,
            stderr=out,
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.terminate()
                await asyncio.wait_for(process.wait(), STOPS_WITHIN_S + 1)


async def status_when(process: Process, folder: Path, live: int) -> list[ChannelStatus]:
    """The channels' states once that many are LIVE."""
    channels: list[ChannelStatus] = []
    try:
        async with asyncio.timeout(120):
            while sum(channel.status == "LIVE" for channel in channels) != live:
                assert process.returncode is None, (folder / "out").read_text()
                await asyncio.sleep(0.05)
                with suppress(ControlError):
                    channels = await request_status(folder / "data")
    except TimeoutError:
        raise AssertionError(f"{live} live channels did not come: {channels}\n{(folder / 'out').read_text()}") from None
    return channels


def family(process: Process) -> dict[str, psutil.Process]:
    """The services that run, by name."""
    found = {}
    for service in psutil.Process(process.pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            arguments = service.cmdline()
            if "--settings-fd" in arguments:  # it is past exec
                found[arguments[4]] = service
    return found


def footage(folder: Path) -> list[Path]:
    return sorted((folder / "recordings").rglob("*.mp4"))


def files_with(folder: Path, text: bytes) -> list[Path]:
    """Those that hold it: footage, catalog, logs and whatever else lies there."""
    return [path for path in folder.rglob("*") if path.is_file() and text in path.read_bytes()]


def traces(folder: Path) -> str:
    """Everything that was printed or logged."""
    return "".join(path.read_text() for path in (folder / "out", *(folder / "log").iterdir()))


async def test_a_password_is_in_no_argument_environment_output_or_log(tmp_path: Path, cameras: DemoRig) -> None:
    async with running(tmp_path, settings(cameras)) as process:
        channels = await status_when(process, tmp_path, live=2)
        await until(lambda: "password" in traces(tmp_path))
        await until(lambda: len(family(process)) == 3)
        services, descendants = family(process), psutil.Process(process.pid).children(recursive=True)
        seen = [(service.cmdline(), service.environ()) for service in descendants]
        process_lists = [psutil.Process(process.pid).cmdline(), *seen]
    assert {service.pid for service in descendants} == {service.pid for service in services.values()}  # nobody else is there
    everything = repr(process_lists) + repr(channels) + traces(tmp_path)
    assert "c4n4ry" not in everything
    assert files_with(tmp_path, b"c4n4ry") == []
    assert footage(tmp_path)
    assert channels[2].status == "OFF"
    assert channels[2].error is not None
    assert process.returncode == 0


async def test_a_killed_recorder_is_back_and_sigterm_seals_everything(tmp_path: Path, cameras: DemoRig) -> None:
    async with running(tmp_path, settings(cameras)) as process:
        await status_when(process, tmp_path, live=2)
        first = family(process)["recorder"]
        first.kill()
        await until(lambda: family(process).get("recorder", first).pid != first.pid)
        await status_when(process, tmp_path, live=2)
        second = family(process)["recorder"]
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), STOPS_WITHIN_S) == 0
    assert not second.is_running()
    assert footage(tmp_path)
    assert all(scan(path).sealed for path in footage(tmp_path))


async def test_a_killed_supervisor_leaves_sealed_files_and_no_process(tmp_path: Path, cameras: DemoRig) -> None:
    async with running(tmp_path, settings(cameras)) as process:
        await status_when(process, tmp_path, live=2)
        recorder = family(process)["recorder"]
        process.kill()
        await process.wait()
    await until(lambda: ended(recorder), timeout_s=STOPS_WITHIN_S)
    assert len(footage(tmp_path)) == 2
    assert all(scan(path).sealed for path in footage(tmp_path))


async def test_demo_mode_records_four_cameras_and_ctrl_c_ends_it(tmp_path: Path) -> None:
    async with running(tmp_path, {}, "--demo") as process:
        channels = await status_when(process, tmp_path, live=4)
        await until(lambda: len(family(process)) == 4)
        services = family(process)
        os.kill(process.pid, signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), STOPS_WITHIN_S) == 0
    assert sorted(services) == ["demo", "recorder", "storage", "web"]
    assert not any(service.is_running() for service in services.values())
    assert {channel.codec for channel in channels} == {"h264", "h265"}
    assert all(scan(path).sealed for path in footage(tmp_path))
    text = (tmp_path / "out").read_text()
    assert "Demo mode" in text
    assert str(tmp_path / "recordings") in text
    assert "Traceback" not in text


async def test_settings_that_the_recorder_refuses_end_everything(tmp_path: Path) -> None:
    async with running(tmp_path, {"DVR_IP": "camera", "SEGMENT_DURATION": "1"}) as process:
        assert await asyncio.wait_for(process.wait(), 60) == 2
    assert "SEGMENT_DURATION" in (tmp_path / "out").read_text()
    assert contents(tmp_path) == ["out"]


def contents(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def ended(process: psutil.Process) -> bool:
    """Gone, or a zombie where nobody collects orphans."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
