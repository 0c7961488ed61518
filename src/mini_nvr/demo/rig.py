"""The demo server on a thread of its own, for tests and benchmarks that are not asynchronous or run another event loop."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote

from mini_nvr.demo.auth import DigestOptions
from mini_nvr.demo.camera import DemoCamera
from mini_nvr.demo.server import SESSION_TIMEOUT_S, DemoServer

T = TypeVar("T")


class DemoRig:
    """A context manager: cameras are served on loopback between enter and exit. All methods may be called from any thread.

    `rig.camera(1).faults` injects faults directly; `offline` and `online` concern the whole server.
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
    ) -> None:
        self.server = DemoServer(
            cameras,
            user=user,
            password=password,
            basic=basic,
            digest=digest,
            session_timeout_s=session_timeout_s,
        )
        self.port = 0
        self._cameras = {camera.number: camera for camera in cameras}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="demo-rig", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.port = self._wait(self.server.start())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self._wait(self.server.stop())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def camera(self, number: int) -> DemoCamera:
        """The camera with this number."""
        return self._cameras[number]

    def url(self, number: int, *, user: str | None = None, password: str | None = None) -> str:
        """The RTSP URL of a camera, with the right user and password unless others are given."""
        user = user if user is not None else self.server.authenticator.user
        password = password if password is not None else self.server.authenticator.password
        info = f"{quote(user, safe='')}:{quote(password, safe='')}@" if user is not None else ""
        return f"rtsp://{info}127.0.0.1:{self.port}/stream{number}"

    def call(self, function: Callable[[], T]) -> T:
        """Run a function on the server's loop and return its result."""

        async def run() -> T:
            return function()

        return self._wait(run())

    def offline(self, *, reset: bool = False) -> None:
        """Refuse new connections and end the existing ones."""
        self._wait(self.server.offline(reset=reset))

    def online(self) -> None:
        """Listen again on the same port."""
        self._wait(self.server.online())

    def change_password(self, password: str) -> None:
        """Accept only this password from the next request on; running sessions go on until their next request."""
        self.server.authenticator.password = password

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=30)
