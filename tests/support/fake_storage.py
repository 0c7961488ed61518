"""A storage service that says what a test put into it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from mini_nvr.storage.door import StorageUnreachable


class FakeStorage:
    """`answer`: its status, None while it does not run. `told`: what it tells whoever listens."""

    def __init__(self) -> None:
        self.answer: dict[str, Any] | None = {
            "alarms": [],
            "usedBytes": None,
            "aheadBytes": None,
            "deletedFiles": 0,
            "deletedBytes": 0,
            "convertedFiles": 0,
            "conversionFailures": 0,
            "conversionsWaiting": 0,
            "unconvertedFiles": 0,
            "converting": None,
        }
        self.told: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()

    async def status(self) -> Mapping[str, Any]:
        if self.answer is None:
            raise StorageUnreachable("the storage service does not answer")
        return self.answer

    @asynccontextmanager
    async def events(self) -> AsyncIterator[AsyncIterator[Mapping[str, Any]]]:
        if self.answer is None:
            raise StorageUnreachable("the storage service does not answer")
        yield self._tell()

    async def _tell(self) -> AsyncIterator[Mapping[str, Any]]:
        while True:
            yield await self.told.get()
