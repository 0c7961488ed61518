"""The web process: its socket, its first user, its end."""

import asyncio
import errno
import logging
import signal
import socket
import stat
import sys
from ipaddress import IPv6Address, ip_address
from pathlib import Path

import httpx
import pytest

from mini_nvr.auth.login import LoginOk
from mini_nvr.catalog.repository import Catalog
from mini_nvr.clock import SystemClock
from mini_nvr.config.load import load
from mini_nvr.live.client import RecorderNotRunning as NoLive
from mini_nvr.recorder.control import RecorderNotRunning
from mini_nvr.services.web import RecorderLink, WebFailed, listen, make_deps, welcome_first_user
from mini_nvr.supervisor.run import free_port
from mini_nvr.supervisor.services import DEMO_HOST, wait_for_port

LOOPBACK = ip_address("127.0.0.1")


def test_a_port_in_use_is_told_with_the_setting_s_name() -> None:
    with listen(0, LOOPBACK) as first, pytest.raises(WebFailed, match="WEB_PORT"):
        listen(first.getsockname()[1], LOOPBACK)


def test_an_address_of_another_machine_is_told_with_the_setting_s_name() -> None:
    with pytest.raises(WebFailed, match=r"port 80 of 192\.0\.2\.1 cannot be used \(Cannot assign requested address\): .*WEB_HOST"):
        listen(80, ip_address("192.0.2.1"))


async def test_one_address_alone_is_answered() -> None:
    with listen(0, LOOPBACK) as listener:
        assert listener.getsockname()[0] == str(LOOPBACK)


@pytest.mark.parametrize("host", [None, IPv6Address("::")])
async def test_both_families_are_answered(host: IPv6Address | None) -> None:
    with listen(0, host) as listener:
        port = listener.getsockname()[1]
        for called in ("127.0.0.1", "::1") if socket.has_dualstack_ipv6() else ("127.0.0.1",):
            _, writer = await asyncio.open_connection(called, port)
            writer.close()


@pytest.mark.parametrize("host", [None, IPv6Address("::")])
async def test_without_ipv6_in_the_kernel_ipv4_alone_is_answered(monkeypatch: pytest.MonkeyPatch, host: IPv6Address | None) -> None:
    monkeypatch.setattr(socket, "has_dualstack_ipv6", lambda: False)
    with listen(0, host) as listener:
        assert listener.family is socket.AF_INET
        assert listener.getsockname()[0] == "0.0.0.0"  # noqa: S104  what the image asks for: all addresses
        _, writer = await asyncio.open_connection("127.0.0.1", listener.getsockname()[1])
        writer.close()


def test_an_ipv6_address_without_ipv6_in_the_kernel_is_told_with_the_setting_s_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_more: object) -> socket.socket:
        raise OSError(errno.EAFNOSUPPORT, "long text of the system")

    monkeypatch.setattr(socket, "create_server", refuse)
    with pytest.raises(
        WebFailed, match=r"port 2126 of ::1 cannot be used \(Address family not supported by protocol\): .*WEB_HOST"
    ):
        listen(2126, IPv6Address("::1"))


async def test_without_a_recorder_the_link_says_so(tmp_path: Path) -> None:
    link = RecorderLink(tmp_path)
    with pytest.raises(RecorderNotRunning):
        await link.status()
    with pytest.raises(NoLive):
        async with link.watch(1, "main"):
            pass
    with pytest.raises(NoLive):
        async with link.events():
            pass


def test_s11_the_first_user_is_made_once_and_its_password_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = load({"DVR_IP": "192.0.2.7", "DATA_DIR": str(tmp_path / "data"), "RECORD_DIR": str(tmp_path / "recordings")})
    with Catalog.open(settings.data_dir) as catalog, caplog.at_level(logging.INFO):
        welcome_first_user(make_deps(settings, catalog, SystemClock()))
        assert caplog.text.count("one-time password") == 1
        password = caplog.messages[-1].split()[-1]
        caplog.clear()
        welcome_first_user(make_deps(settings, catalog, SystemClock()))
        assert password not in caplog.text
    key = tmp_path / "data" / "secret-key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert password.encode() not in (tmp_path / "data" / "catalog.db").read_bytes()


async def test_sigterm_ends_the_process_within_five_seconds_whatever_is_open(tmp_path: Path) -> None:
    port = free_port(DEMO_HOST, 0)
    environment = {
        "PATH": "/usr/bin:/bin",
        "WEB_HOST": str(LOOPBACK),
        "WEB_PORT": str(port),
        "DVR_IP": "192.0.2.7",
        "user1": "anna",
        "pass1": "c4n4ry horse battery",
        "TZ": "UTC",
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "mini_nvr", "web"), cwd=tmp_path, env=environment, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(60):
            await wait_for_port("127.0.0.1", port, SystemClock())
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            answer = await client.post("/api/login", json={"username": "anna", "password": "c4n4ry horse battery"})
            assert answer.status_code == 200
            async with client.stream("GET", "/api/events") as events:
                assert events.status_code == 200
                process.send_signal(signal.SIGTERM)
                _, log = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 0
        assert b"c4n4ry" not in log
        assert b"Traceback" not in log
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def test_s13_the_idle_time_of_a_session_is_the_owner_s_choice(tmp_path: Path) -> None:
    values = {
        "DATA_DIR": str(tmp_path),
        "RECORD_DIR": str(tmp_path),
        "CHANNEL_1_URL": "rtsp://127.0.0.1:1/x",
        "SESSION_IDLE_MINUTES": "2",
    }
    with Catalog.open(tmp_path) as catalog:
        accounts = make_deps(load(values | {"user1": "anna", "pass1": "correct-horse-9"}), catalog, SystemClock()).accounts
        now = 1_772_371_800_000_000
        opened = accounts.login("anna", "correct-horse-9", "127.0.0.1", "", now)
        assert isinstance(opened, LoginOk)
        assert accounts.session(opened.session_token, now + 119_000_000) is not None
        assert accounts.session(opened.session_token, now + 119_000_000 + 241_000_000) is None
