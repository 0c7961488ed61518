"""Connections that do not come about are told with the cause and what to do."""

import asyncio
import errno
import os
import socket
from typing import NoReturn

import pytest

from mini_nvr.rtsp.connection import Connection, connect
from mini_nvr.rtsp.errors import ConnectionRefused, HostUnreachable, NameNotFound

TIMEOUT_S = 60.0


def no_connection() -> Connection:
    raise AssertionError("nobody accepts")


async def test_a_host_that_cannot_be_reached_is_told_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    async def no_route(*_: object) -> NoReturn:
        raise OSError(errno.EHOSTUNREACH, os.strerror(errno.EHOSTUNREACH))

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", no_route)
    with pytest.raises(HostUnreachable, match=r"^192\.0\.2\.1 cannot be reached: No route to host; check the address, "):
        await connect("192.0.2.1", 554, TIMEOUT_S, no_connection)


async def test_a_port_that_nobody_listens_on_is_told_with_the_remedy() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        with pytest.raises(ConnectionRefused, match=rf"^127\.0\.0\.1 refuses connections on port {port}; check the port "):
            await connect("127.0.0.1", port, TIMEOUT_S, no_connection)


async def test_a_name_that_is_none_is_told() -> None:
    with pytest.raises(NameNotFound, match=r"^nvr\.\.lan "):
        await connect("nvr..lan", 554, TIMEOUT_S, no_connection)
