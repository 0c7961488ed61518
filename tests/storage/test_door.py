"""The storage service's door, over a real socket."""

import asyncio
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from mini_nvr.storage.door import QUEUE_LENGTH, SOCKET_NAME, StorageDoor, StorageUnreachable, events, request_status
from mini_nvr.unix_socket import address_in
from tests.support.waiting import until


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[StorageDoor]:
    made = StorageDoor(lambda: {"alarms": [], "usedBytes": 7})
    await made.start(tmp_path)
    yield made
    await made.stop()


async def ask(data_dir: Path, line: bytes) -> bytes:
    with address_in(data_dir, SOCKET_NAME) as address:
        reader, writer = await asyncio.open_unix_connection(address)
    writer.write(line)
    async with asyncio.timeout(60):
        answer = await reader.readline()
    writer.close()
    return answer


async def test_the_socket_is_the_owner_s_alone(door: StorageDoor, tmp_path: Path) -> None:
    assert stat.S_IMODE((tmp_path / SOCKET_NAME).stat().st_mode) == 0o600


async def test_status(door: StorageDoor, tmp_path: Path) -> None:
    assert await request_status(tmp_path) == {"alarms": [], "usedBytes": 7}


async def test_events_reach_every_listener(door: StorageDoor, tmp_path: Path) -> None:
    async with events(tmp_path) as first, events(tmp_path) as second:
        for number in range(3):
            door.publish({"event": "deleted", "id": number})
        for listener in (first, second):
            async with asyncio.timeout(60):
                assert [(await anext(listener))["id"] for _ in range(3)] == [0, 1, 2]


async def test_a_listener_that_goes_is_forgotten(door: StorageDoor, tmp_path: Path) -> None:
    async with events(tmp_path):
        pass
    await until(lambda: not door.listeners)


async def test_events_end_with_the_service(door: StorageDoor, tmp_path: Path) -> None:
    async with events(tmp_path) as listener:
        await door.stop()
        async with asyncio.timeout(60):
            assert [event async for event in listener] == []


async def test_a_reader_that_does_not_read_loses_the_oldest(door: StorageDoor, tmp_path: Path) -> None:
    async with events(tmp_path) as listener:
        for number in range(QUEUE_LENGTH + 10):
            door.publish({"id": number})
        async with asyncio.timeout(60):
            assert (await anext(listener))["id"] == 10


@pytest.mark.parametrize("line", [b"\n", b"[]\n", b"nonsense\n", b'{"get": "secrets"}\n', b"[" * 100_000 + b"\n", b"\xff\xff\n"])
async def test_nonsense_is_refused_and_the_next_is_served(door: StorageDoor, tmp_path: Path, line: bytes) -> None:
    assert b"status" not in (await ask(tmp_path, line)).replace(b'{\\"get\\": \\"status\\"}', b"")
    assert (await request_status(tmp_path))["usedBytes"] == 7


async def test_two_services_on_one_folder_are_refused(door: StorageDoor, tmp_path: Path) -> None:
    with pytest.raises(StorageUnreachable, match="another storage service"):
        await StorageDoor(dict).start(tmp_path)


async def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(StorageUnreachable):
        await request_status(tmp_path)
    with pytest.raises(StorageUnreachable):
        async with events(tmp_path / "missing"):
            pass


@pytest.mark.parametrize("answer", [b"[]\n", b"nonsense\n", b"{}\n", b""])
async def test_an_answer_that_makes_no_sense(tmp_path: Path, answer: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(answer)
        writer.close()

    server = await asyncio.start_unix_server(serve, tmp_path / SOCKET_NAME)
    with pytest.raises(StorageUnreachable):
        await request_status(tmp_path)
    server.close()


async def test_a_silent_service_is_not_waited_for(tmp_path: Path) -> None:
    left = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        left.set()

    server = await asyncio.start_unix_server(serve, tmp_path / SOCKET_NAME)
    with pytest.raises(StorageUnreachable):
        await request_status(tmp_path, timeout_s=0.05)
    async with asyncio.timeout(60):
        await left.wait()
    server.close()


def test_the_status_is_what_is_told(tmp_path: Path) -> None:
    found: dict[str, Any] = {}

    async def both() -> None:
        door = StorageDoor(lambda: {"usedBytes": None})
        await door.start(tmp_path)
        found.update(await request_status(tmp_path))
        await door.stop()

    asyncio.run(both())
    assert found == {"usedBytes": None}
    assert not (tmp_path / SOCKET_NAME).exists()
