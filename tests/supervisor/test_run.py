"""What `mini-nvr run` starts, prints and hands down."""

import asyncio
import socket
import sys
from pathlib import Path

import pytest

from mini_nvr.clock import SystemClock
from mini_nvr.config.load import demo_values, load
from mini_nvr.supervisor.run import free_port, welcome
from mini_nvr.supervisor.services import DEMO_HOST, WEB_MALLOC, child_environment, service_table, wait_for_port


def test_a_child_inherits_nothing_that_can_be_a_setting() -> None:
    secrets = [
        "DVR_PASS",
        "DVR_USER",
        "DVR_PASSS",
        "RTSP_URL_TEMPLATE",
        "CHANNEL_1_URL",
        "SECRET_KEY",
        "user1",
        "pass1",
        "MY_PASSWORD",
    ]
    kept = {"PATH": "/bin", "TZ": "Europe/Rome", "LC_ALL": "C", "PYTHONPATH": "/x", "MALLOC_ARENA_MAX": "2"}
    assert child_environment({**dict.fromkeys(secrets, "c4n4ry"), **kept}) == kept


def test_the_preferred_port_is_taken_when_it_is_free() -> None:
    with socket.socket() as other:
        other.bind((DEMO_HOST, 0))
        port = int(other.getsockname()[1])
    assert free_port(DEMO_HOST, port) == port


def test_another_port_is_taken_when_somebody_listens_on_the_preferred_one() -> None:
    with socket.socket() as other:
        other.bind((DEMO_HOST, 0))
        other.listen()
        port = int(other.getsockname()[1])
        assert free_port(DEMO_HOST, port) not in {0, port}


async def test_waiting_for_a_port_ends_when_somebody_listens() -> None:
    with socket.socket() as other:
        other.bind((DEMO_HOST, 0))
        port = int(other.getsockname()[1])
        waiting = asyncio.create_task(wait_for_port(DEMO_HOST, port, SystemClock(), interval_s=0.01))
        await asyncio.sleep(0.03)
        assert not waiting.done()
        other.listen()
        await asyncio.wait_for(waiting, 60)


def test_the_recorder_starts_before_the_other_services_and_after_the_demo_cameras() -> None:
    assert [service.name for service in service_table(None)] == ["recorder", "storage", "web"]
    demo, recorder, storage, web = service_table(8554)
    assert recorder.command == (sys.executable, "-P", "-m", "mini_nvr", "recorder")
    assert storage.command[4:] == ("storage",)
    assert web.command[4:] == ("web",)
    assert demo.command[4:] == ("demo", "--cameras", "4", "--host", "127.0.0.1", "--port", "8554")
    assert demo.ready is not None
    assert [dict(service.environment) for service in (demo, recorder, storage, web)] == [{}, {}, {}, WEB_MALLOC]


def test_the_welcome_of_demo_mode_says_where_to_look(tmp_path: Path) -> None:
    settings = load(demo_values(8600, 4, {"RECORD_DIR": str(tmp_path / "recordings")}))
    text = "\n".join(welcome(settings, service_table(8600), 8600))
    assert "records 4 cameras" in text
    assert "Demo mode: no camera is configured" in text
    assert str(tmp_path / "recordings") in text
    assert "rtsp://127.0.0.1:8600/stream4" in text
    assert "mini-nvr status" in text
    assert "http://localhost:2126" in text


def test_the_welcome_never_shows_a_camera_s_address() -> None:
    settings = load({"CHANNEL_1_URL": "rtsp://anna:c4n4ry@camera/1", "TZ": "UTC"})
    text = "\n".join(welcome(settings, service_table(None), None))
    assert "records 1 camera." in text
    assert "Demo" not in text
    assert "c4n4ry" not in text
    assert "anna" not in text


def test_the_welcome_names_the_command_with_the_settings_of_this_run() -> None:
    settings = load({"CHANNEL_1_URL": "rtsp://camera/1", "TZ": "UTC"})
    text = "\n".join(welcome(settings, service_table(None), None, Path("my cameras.env")))
    assert "status --env-file 'my cameras.env'" in text
    assert "--env-file" not in "\n".join(welcome(settings, service_table(None), None, Path(".env")))


@pytest.mark.parametrize("port", [None, 8554])
def test_no_secret_is_in_a_command(port: int | None) -> None:
    for service in service_table(port):
        assert not any("pass" in argument.lower() for argument in service.command)
