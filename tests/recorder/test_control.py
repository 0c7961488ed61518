"""The recorder's socket: real sockets in a temporary folder, good and bad clients."""

import asyncio
import json
import os
import socket
import stat
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvloop

from mini_nvr.recorder.control import (
    REQUEST_MAX_BYTES,
    SOCKET_NAME,
    ControlError,
    ControlServer,
    RecorderNotRunning,
    request_status,
)
from mini_nvr.recorder.status import ChannelStatus
from mini_nvr.unix_socket import CONNECTIONS_MAX

CHANNELS = [ChannelStatus(number=n, name=f"Camera {n}", status="LIVE", fps=25.0) for n in range(1, 65)]


@asynccontextmanager
async def serving(
    data_dir: Path, provider: Callable[[], list[ChannelStatus]] = lambda: CHANNELS, *, idle_timeout_s: float = 30
) -> AsyncIterator[ControlServer]:
    server = ControlServer(provider, idle_timeout_s=idle_timeout_s)
    await server.start(data_dir)
    try:
        yield server
    finally:
        await server.stop()


async def exchange(data_dir: Path, *lines: bytes) -> list[bytes]:
    reader, writer = await asyncio.open_unix_connection(data_dir / SOCKET_NAME)
    answers = []
    for line in lines:
        writer.write(line)
        answers.append(await asyncio.wait_for(reader.readline(), 60))
    writer.close()
    return answers


async def test_status_of_64_channels_arrives_whole(tmp_path: Path) -> None:
    async with serving(tmp_path):
        assert await request_status(tmp_path) == CHANNELS


def test_it_works_on_the_recorder_s_own_event_loop(tmp_path: Path) -> None:
    async def ask_twice() -> None:
        async with serving(tmp_path):
            assert await request_status(tmp_path) == CHANNELS
            assert await request_status(tmp_path) == CHANNELS

    uvloop.run(ask_twice())
    assert list(tmp_path.iterdir()) == []


async def test_one_connection_carries_several_requests(tmp_path: Path) -> None:
    async with serving(tmp_path, lambda: CHANNELS[:1]):
        answers = await exchange(tmp_path, b'{"get": "status"}\n', b'{"get":"status"}\n')
    assert [json.loads(answer)["status"][0]["name"] for answer in answers] == ["Camera 1", "Camera 1"]


async def test_the_socket_is_the_owners_alone_and_goes_away(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        async with serving(tmp_path):
            mode = (tmp_path / SOCKET_NAME).stat().st_mode
            assert stat.S_ISSOCK(mode)
            assert stat.S_IMODE(mode) == 0o600
    finally:
        os.umask(old)
    assert not (tmp_path / SOCKET_NAME).exists()


async def test_a_folder_name_longer_than_a_socket_address_works(tmp_path: Path) -> None:
    folder = tmp_path / ("a" * 120) / ("b" * 120)
    folder.mkdir(parents=True)
    async with serving(folder):
        assert await request_status(folder) == CHANNELS


async def test_a_dead_recorders_socket_is_replaced(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / SOCKET_NAME))
    with pytest.raises(RecorderNotRunning):
        await request_status(tmp_path)
    async with serving(tmp_path):
        assert await request_status(tmp_path) == CHANNELS


async def test_a_second_recorder_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    async with serving(tmp_path):
        with pytest.raises(ControlError, match="another recorder is running"):
            await ControlServer(list).start(tmp_path)
        assert await request_status(tmp_path) == CHANNELS


async def test_starting_in_a_missing_folder_names_the_setting(tmp_path: Path) -> None:
    server = ControlServer(list)
    with pytest.raises(ControlError, match="DATA_DIR"):
        await server.start(tmp_path / "missing")
    await server.stop()


@pytest.mark.parametrize("folder", ["", "missing"])
async def test_no_recorder_is_a_plain_error(tmp_path: Path, folder: str) -> None:
    with pytest.raises(RecorderNotRunning, match="mini-nvr run"):
        await request_status(tmp_path / folder)


@pytest.mark.parametrize(
    "line", [b"\n", b"hello\n", b"[]\n", b'{"get": "secrets"}\n', b'{"get": ["status"]}\n', b"[" * 4000 + b"\n", b"\xff\xfe\n"]
)
async def test_a_bad_request_is_answered_with_an_error_and_the_connection_goes_on(tmp_path: Path, line: bytes) -> None:
    async with serving(tmp_path, list):
        bad, good = await exchange(tmp_path, line, b'{"get":"status"}\n')
    assert "error" in json.loads(bad)
    assert json.loads(good) == {"status": []}


async def test_an_endless_request_is_cut_off(tmp_path: Path) -> None:
    async with serving(tmp_path, list):
        (answer,) = await exchange(tmp_path, b"x" * (REQUEST_MAX_BYTES * 3))
        assert "longer than" in json.loads(answer)["error"]
        assert await request_status(tmp_path) == []


async def test_an_idle_connection_is_closed(tmp_path: Path) -> None:
    async with serving(tmp_path, list, idle_timeout_s=0.05):
        reader, writer = await asyncio.open_unix_connection(tmp_path / SOCKET_NAME)
        assert await asyncio.wait_for(reader.read(), 60) == b""
        writer.close()


async def test_too_many_connections_are_told_so(tmp_path: Path) -> None:
    async with serving(tmp_path, list):
        held = []
        for _ in range(CONNECTIONS_MAX):
            held.append(await asyncio.open_unix_connection(tmp_path / SOCKET_NAME))
            held[-1][1].write(b'{"get":"status"}\n')
            assert await asyncio.wait_for(held[-1][0].readline(), 60) == b'{"status":[]}\n'
        with pytest.raises(ControlError, match="too many connections"):
            await request_status(tmp_path)
        for _, writer in held:
            writer.close()


@pytest.mark.parametrize(
    "answer", [b"", b"nonsense\n", b"[]\n", b"{}\n", b'{"status":[{}]}\n', b'{"error":"busy"}\n', b"x" * 5_000_000]
)
async def test_an_answer_that_makes_no_sense_is_our_error(tmp_path: Path, answer: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(answer)
        writer.close()

    async with await asyncio.start_unix_server(serve, tmp_path / SOCKET_NAME):
        with pytest.raises(ControlError) as caught:
            await request_status(tmp_path)
    assert not isinstance(caught.value, RecorderNotRunning)


async def test_a_recorder_that_does_not_answer_is_not_waited_for_forever(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / SOCKET_NAME))
        silent.listen()
        with pytest.raises(ControlError, match="did not answer"):
            await request_status(tmp_path, timeout_s=0.05)


async def test_stopping_with_a_client_connected_ends_it(tmp_path: Path) -> None:
    server = ControlServer(list)
    await server.start(tmp_path)
    reader, writer = await asyncio.open_unix_connection(tmp_path / SOCKET_NAME)
    writer.write(b'{"get":"status"}\n')
    await reader.readline()
    await server.stop()
    await server.stop()
    assert await asyncio.wait_for(reader.read(), 60) == b""
    writer.close()
