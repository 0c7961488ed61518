"""HTTP/1.1 connections whose request heads must come soon: uvicorn alone waits for ever, and takes only so many connections.

A head has `HEAD_S` seconds from the connection on, later ones on it from their first byte on, however many bytes trickle in.
Between two requests uvicorn's own keep-alive time-out holds.
"""

import asyncio
from typing import Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from mini_nvr.api.problems import Problem
from mini_nvr.services.refusal import refuse

HEAD_S: Final = 10.0


class TimedHeads(H11Protocol):
    """One connection; uvicorn makes and drives it."""

    head_s = HEAD_S
    _limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._start_limit()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop_limit()
        elif self._limit is None and self.conn.trailing_data[0]:
            self._start_limit()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_limit()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """A head that came in part while the answer went out has its time from here on."""
        super().on_response_complete()
        if self.conn.their_state is h11.IDLE and self._limit is None and self.conn.trailing_data[0]:
            self._start_limit()

    def _start_limit(self) -> None:
        self._limit = self.loop.call_later(self.head_s, self._give_up)

    def _stop_limit(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

    def _give_up(self) -> None:
        self._limit = None
        if not self.transport.is_closing():
            refuse(self, Problem("too-slow", "the head of the request took too long to arrive", "send it at once"))
