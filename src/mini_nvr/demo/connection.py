"""One client's RTSP dialogue with the demo server (RFC 2326): requests in, answers out, then the camera sends media beside it."""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping

from mini_nvr.clock import Clock
from mini_nvr.demo.auth import Authenticator
from mini_nvr.demo.camera import DemoCamera
from mini_nvr.demo.message import BadRequestError, Request, offered_channel, read_request, response
from mini_nvr.demo.viewer import Viewer, cut_off
from mini_nvr.errors import MediaError

_log = logging.getLogger(__name__)
METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, TEARDOWN, GET_PARAMETER, SET_PARAMETER"


class Connection:
    """Lives as long as the TCP connection. One session at most, with one camera."""

    def __init__(
        self,
        number: int,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        cameras: Mapping[str, DemoCamera],
        authenticator: Authenticator,
        clock: Clock,
        session_timeout_s: int,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._cameras = cameras
        self._authenticator = authenticator
        self._clock = clock
        self._timeout_s = session_timeout_s
        self._session = secrets.token_hex(8)
        self._viewer = Viewer(number, writer.transport)
        self._camera: DemoCamera | None = None
        self._handlers: dict[str, Callable[[Request, DemoCamera], Awaitable[None]]] = {
            "DESCRIBE": self._describe,
            "SETUP": self._set_up,
            "PLAY": self._play,
            "PAUSE": self._pause,
            "TEARDOWN": self._tear_down,
            "GET_PARAMETER": self._keep_alive,
            "SET_PARAMETER": self._keep_alive,
        }

    async def run(self) -> None:
        """Answer until the client goes away or stays silent for longer than the session timeout."""
        try:
            while not self._writer.transport.is_closing():
                async with asyncio.timeout(self._timeout_s):
                    request = await read_request(self._reader)
                if request is not None:
                    await self._answer(request)
        except BadRequestError:
            self._write(response(400, None))
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
            pass
        finally:
            self._forget()
            self._writer.close()

    def cut_off(self, *, reset: bool) -> None:
        """End the TCP connection at once."""
        cut_off(self._writer.transport, reset=reset)

    async def _answer(self, request: Request) -> None:
        path = request.path()
        camera = self._cameras.get(path[0]) if path else self._camera
        if camera is not None and camera.faults.answer_delay_s > 0:
            await self._clock.sleep(camera.faults.answer_delay_s)
        handler = self._handlers.get(request.method)
        if request.method == "OPTIONS":
            self._write(response(200, request, {"Public": METHODS}))
        elif handler is None:
            self._write(response(501, request, {"Allow": METHODS}))
        elif self._refused(request, camera):
            self._write(response(401, request, {"WWW-Authenticate": self._authenticator.challenge()}))
        elif camera is None or camera.faults.not_found:
            self._write(response(404, request))
        else:
            self._attach(camera)
            try:
                await handler(request, camera)
            except MediaError:
                _log.exception("demo camera %d has nothing to show", camera.number)
                self._write(response(500, request))

    def _refused(self, request: Request, camera: DemoCamera | None) -> bool:
        if camera is not None and camera.faults.password_refused:
            return True
        return not self._authenticator.accepts(request.method, request.headers.get("authorization", ""))

    async def _describe(self, request: Request, camera: DemoCamera) -> None:
        base = request.url if request.url.endswith("/") else request.url + "/"
        headers = {"Content-Type": "application/sdp", "Content-Base": base}
        self._write(response(200, request, headers, camera.sdp()))
        if camera.faults.close_after_describe:
            self._writer.close()

    async def _set_up(self, request: Request, camera: DemoCamera) -> None:
        index = _track_index(request)
        tracks = camera.tracks()
        if index is None or index >= len(tracks):
            self._write(response(404, request))
            return
        channel = offered_channel(request.headers.get("transport", ""), 2 * index)
        if channel is None:
            self._write(response(461, request))
            return
        self._viewer.set_up(index, tracks[index], channel)
        ssrc = self._viewer.senders[index].ssrc
        transport = f"RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1};ssrc={ssrc:08X}"
        self._write(response(200, request, {"Transport": transport} | self._session_header()))

    async def _play(self, request: Request, camera: DemoCamera) -> None:
        if not self._has_session(request):
            return
        base = request.url.rstrip("/")
        media_ns = camera.media_ns()
        info = ",".join(
            f"url={base}/trackID={track};seq={sender.sequence};rtptime={self._viewer.timestamp(track, media_ns)}"
            for track, sender in self._viewer.senders.items()
        )
        headers = self._session_header() | {"Range": "npt=now-", "RTP-Info": info}
        self._write(response(200, request, headers))
        camera.join(self._viewer)

    async def _pause(self, request: Request, camera: DemoCamera) -> None:
        if self._has_session(request):
            camera.leave(self._viewer)
            self._write(response(200, request, self._session_header()))

    async def _tear_down(self, request: Request, camera: DemoCamera) -> None:
        if self._has_session(request):
            camera.leave(self._viewer)
            self._viewer.senders.clear()
            self._write(response(200, request))

    async def _keep_alive(self, request: Request, camera: DemoCamera) -> None:
        self._write(response(200, request, self._session_header()))

    def _has_session(self, request: Request) -> bool:
        given = request.headers.get("session", "").partition(";")[0].strip()
        if self._viewer.senders and given == self._session:
            return True
        self._write(response(454, request))
        return False

    def _session_header(self) -> dict[str, str]:
        return {"Session": f"{self._session};timeout={self._timeout_s}"}

    def _attach(self, camera: DemoCamera) -> None:
        if self._camera is not camera:
            self._forget()
            self._viewer.senders.clear()
            self._camera = camera
            camera.attach(self._writer.transport)

    def _forget(self) -> None:
        if self._camera is not None:
            self._camera.leave(self._viewer)
            self._camera.detach(self._writer.transport)

    def _write(self, data: bytes) -> None:
        if not self._writer.transport.is_closing():
            self._viewer.write(data)


def _track_index(request: Request) -> int | None:
    """The n of `.../trackID=n`."""
    path = request.path()
    name, _, number = path[-1].partition("=") if path else ("", "", "")
    return int(number) if name == "trackID" and number.isascii() and number.isdigit() else None
