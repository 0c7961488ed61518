"""An RTSP server whose mounts are simulated cameras: TCP interleaved, Digest or Basic, several clients per camera."""

import asyncio
from collections.abc import Sequence

from mini_nvr.clock import Clock, SystemClock
from mini_nvr.demo.auth import Authenticator, DigestOptions
from mini_nvr.demo.camera import DemoCamera
from mini_nvr.demo.connection import Connection
from mini_nvr.demo.message import MAX_HEADER_BYTES

SESSION_TIMEOUT_S = 60  # RFC 2326 section 12.37


class DemoServer:
    """All methods are called on one event loop; only the cameras' faults may be touched from elsewhere.

    user None: no authentication. basic: Basic instead of Digest, which `digest` describes.
    session_timeout_s: a client that sends nothing for so long is cut off.
    """

    def __init__(
        self,
        cameras: Sequence[DemoCamera],
        *,
        user: str | None = None,
        password: str | None = None,
        basic: bool = False,
        digest: DigestOptions = DigestOptions(),  # noqa: B008  immutable
        session_timeout_s: int = SESSION_TIMEOUT_S,
        clock: Clock | None = None,
    ) -> None:
        self.authenticator = Authenticator(user, password, basic=basic, digest=digest)
        self._cameras = {camera.path: camera for camera in cameras}
        self._session_timeout_s = session_timeout_s
        self._clock = clock or SystemClock()
        self._listener: asyncio.Server | None = None
        self._address = ("127.0.0.1", 0)
        self._connections: dict[asyncio.Task[None], Connection] = {}
        self._accepted = 0

    @property
    def connections(self) -> int:
        """How many TCP connections were accepted so far."""
        return self._accepted

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listen; returns the port, a free one when 0 was asked for.

        Raises:
            OSError: the address cannot be bound.
        """
        for camera in self._cameras.values():
            camera.bind(self._clock)
        self._address = (host, port)
        await self.online()
        return self._address[1]

    async def stop(self) -> None:
        """Stop listening and end all connections."""
        await self.offline()
        for camera in self._cameras.values():
            camera.stop()

    async def offline(self, *, reset: bool = False) -> None:
        """Refuse new connections and end the existing ones, as if the camera lost power (with RST when it says so)."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        running = dict(self._connections)
        for task, connection in running.items():
            connection.cut_off(reset=reset)
            task.cancel()
        if running:
            await asyncio.wait(running)

    async def online(self) -> None:
        """Listen again on the same port.

        Raises:
            OSError: somebody else has taken it.
        """
        if self._listener is None:
            host, port = self._address
            self._listener = await asyncio.start_server(self._accept, host, port, limit=MAX_HEADER_BYTES)
            self._address = (host, self._listener.sockets[0].getsockname()[1])

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._accepted += 1
        connection = Connection(
            self._accepted,
            reader,
            writer,
            cameras=self._cameras,
            authenticator=self.authenticator,
            clock=self._clock,
            session_timeout_s=self._session_timeout_s,
        )
        task = asyncio.create_task(connection.run())
        self._connections[task] = connection
        task.add_done_callback(self._connections.pop)
