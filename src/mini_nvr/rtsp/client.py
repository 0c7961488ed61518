"""A session with a camera, from DESCRIBE to TEARDOWN (RFC 2326), over one TCP connection.

Reconnecting, stall detection and back-off are the caller's: a client is used once.
"""

import asyncio
import logging
import math
import secrets
from collections.abc import Sequence
from contextlib import suppress

from mini_nvr.clock import Clock
from mini_nvr.rtsp import rtcp, sdp, tracks, url
from mini_nvr.rtsp.authenticator import Authenticator
from mini_nvr.rtsp.connection import Connection, connect
from mini_nvr.rtsp.errors import (
    AuthenticationFailed,
    BadResponse,
    ConnectionLost,
    InvalidUrl,
    NoSupportedTrack,
    ProtocolViolation,
    StreamNotFound,
    TimedOut,
    WireError,
)
from mini_nvr.rtsp.message import Headers, Response, ServerRequest, Session, parse_interleaved, parse_session
from mini_nvr.rtsp.receiver import TrackReceiver
from mini_nvr.rtsp.sink import Sink
from mini_nvr.rtsp.tracks import SkippedTrack, Track

__all__ = ["RtspClient", "SkippedTrack", "Track"]

MAX_REDIRECTS = 3
MAX_ATTEMPTS = 4  # of one request: challenge, stale nonce, a camera that hangs up in between
TEARDOWN_TIMEOUT_S = 1.0
MAX_SERVER_CHARS = 120

_MOVED = frozenset({301, 302})  # sections 11.3.2, 11.3.3
_SESSION_NOT_FOUND = 454

_log = logging.getLogger(__name__)


class RtspClient:
    """One session. Call `describe`, `play`, `wait_closed`, in this order, and `close` at any time.

    url: may hold percent-encoded user and password; they leave this object only inside Authorization headers.
    skipped: the tracks that were left out. server: the Server header, empty when the camera does not send it.

    Raises:
        InvalidUrl: `url` is no rtsp address.
    """

    def __init__(self, url: str, clock: Clock, *, connect_timeout_s: float = 5, response_timeout_s: float = 10) -> None:
        self._target = _parse(url)
        self._clock = clock
        self._connect_timeout_s = connect_timeout_s
        self._response_timeout_s = response_timeout_s
        self._authenticator = Authenticator(self._target.credentials)
        self._connection: Connection | None = None
        self._session: Session | None = None
        self._aggregate_uri = self._target.request_uri
        self._keep_alive_method = "OPTIONS"
        self._receivers: list[TrackReceiver] = []
        self._rtcp_channels: list[int] = []
        self._keep_alive: asyncio.Task[None] | None = None
        self._ended = asyncio.Event()
        self._failure: WireError | None = None
        self._is_closing = False
        self.skipped: tuple[SkippedTrack, ...] = ()
        self.server = ""

    @property
    def media_bytes(self) -> int:
        """RTP payload received, on all tracks."""
        return sum(receiver.rtp.payload_bytes for receiver in self._receivers)

    @property
    def packets_lost(self) -> int:
        """RTP packets missing from the sequences of all tracks."""
        return sum(receiver.rtp.packets_lost for receiver in self._receivers)

    async def describe(self) -> tuple[Track, ...]:
        """Connect and ask what the camera offers: its first supported video and its first supported audio.

        Raises:
            WireError: the connection is closed by then.
        """
        try:
            description, base = await self._description()
            self._aggregate_uri = url.resolve(base, description.control)
            found, self.skipped = tracks.choose(description, base)
            _check_any(found, self.skipped)
        except BaseException:
            self._abort()
            raise
        return found

    async def play(self, tracks: Sequence[Track], sink: Sink) -> None:
        """Set up the tracks, start them and keep the session alive from then on. Frames may come before this returns.

        Sound that the camera describes and then refuses is left out, and is in `skipped` from then on.

        Raises:
            WireError: the connection is closed by then.
        """
        try:
            for position, track in enumerate(tracks):
                try:
                    await self._set_up(position, track, sink)
                except (BadResponse, StreamNotFound) as exc:
                    self._leave_out(track, tracks, exc)
            response = await self._request("PLAY", self._aggregate_uri, ("Range", "npt=0.000-"))
            _check(response, "PLAY")
        except BaseException:
            self._abort()
            raise
        self._keep_alive = asyncio.create_task(self._stay_alive(), name="rtsp keep-alive")

    async def wait_closed(self) -> None:
        """Return when the session is over in good order: the camera hung up, said goodbye or took it down, or we did.

        Raises:
            WireError: what ended it otherwise.
        """
        await self._ended.wait()
        if self._failure is not None:
            raise self._failure

    async def close(self) -> None:
        """Take the session down and close the connection, within a second. Never raises; no frame comes after the call."""
        self._is_closing = True
        connection = self._connection
        if connection is not None:
            connection.mute()
        if self._keep_alive is not None:
            self._keep_alive.cancel()
        try:
            if connection is not None and self._session is not None and not connection.is_closed:
                with suppress(WireError, TimeoutError):
                    async with asyncio.timeout(TEARDOWN_TIMEOUT_S):
                        await self._request("TEARDOWN", self._aggregate_uri)
        finally:
            self._abort()
            self._ended.set()

    # -- steps

    async def _description(self) -> tuple[sdp.SessionDescription, str]:
        """The session description, and the URL that its control attributes are relative to (section C.1.1)."""
        for _ in range(MAX_REDIRECTS + 1):
            uri = self._target.request_uri
            await self._connect()
            self._note_methods(await self._request("OPTIONS", uri))
            response = await self._request("DESCRIBE", uri, ("Accept", "application/sdp"))
            if response.status not in _MOVED:
                _check(response, "DESCRIBE")
                return sdp.parse(response.body), _base(response.headers, uri)
            self._target = _redirected(self._target, response.headers.get("Location") or "")
        raise ProtocolViolation("the camera redirects in circles")

    def _note_methods(self, response: Response) -> None:
        """From the answer to OPTIONS, whose status does not matter: cameras without it still describe."""
        methods = ",".join(response.headers.all("Public")).upper()
        if "GET_PARAMETER" in {method.strip() for method in methods.split(",")}:
            self._keep_alive_method = "GET_PARAMETER"

    async def _set_up(self, position: int, track: Track, sink: Sink) -> None:
        channels = (2 * position, 2 * position + 1)
        transport = f"RTP/AVP/TCP;unicast;interleaved={channels[0]}-{channels[1]}"
        response = await self._request("SETUP", track.control, ("Transport", transport))
        _check(response, "SETUP")
        connection = self._open_connection()
        session = response.headers.get("Session")
        if session is not None:
            self._session = parse_session(session)
        if self._session is None:
            raise ProtocolViolation("the camera set up a track without naming the session")
        granted = response.headers.get("Transport") or transport
        if "interleaved" not in granted.lower() and "/tcp" not in granted.lower():
            raise ProtocolViolation("the camera insists on UDP; allow RTP over TCP in its settings")
        rtp, rtcp_channel = parse_interleaved(granted) or channels
        if connection.is_registered(rtp) or connection.is_registered(rtcp_channel):
            raise ProtocolViolation("the camera sends two tracks on the same channel; switch its sound off (CHANNEL_n_AUDIO=off)")
        receiver = TrackReceiver(position, track, sink, self._warn, self._goodbye)
        connection.register(rtp, receiver.rtp.packet, receiver.settle, receiver.rtp.lane(rtp))
        connection.register(rtcp_channel, receiver.rtcp_packet)
        self._receivers.append(receiver)
        self._rtcp_channels.append(rtcp_channel)

    def _leave_out(self, track: Track, tracks: Sequence[Track], refusal: WireError) -> None:
        """Raise the refusal, unless there are pictures to go on with."""
        if track.kind != "audio" or all(other.kind != "video" for other in tracks):
            raise refusal
        self.skipped = (*self.skipped, SkippedTrack(track.kind, track.codec.upper(), str(refusal)))
        self._warn(f"its sound is left out: {refusal}")

    async def _stay_alive(self) -> None:
        """Until cancelled, or until the camera has forgotten the session."""
        session = self._session
        assert session is not None  # noqa: S101  play() starts this after SETUP
        ssrc = secrets.randbits(32)
        while True:
            await self._clock.sleep(session.timeout_s / 2)
            for channel in self._rtcp_channels:
                self._open_connection().send_packet(channel, rtcp.receiver_report(ssrc))
            try:
                await self._beat(session.timeout_s / 4)
            except TimedOut:
                continue  # some cameras never answer while they play; a dead one is found by its missing frames
            except WireError as exc:
                self._end(exc)
                return

    async def _beat(self, timeout_s: float) -> None:
        """One sign of life: OPTIONS also where GET_PARAMETER is named, but refused, unanswered, or does not know the session.

        Raises:
            WireError: no answer within `timeout_s`, or the session is over.
        """
        if self._keep_alive_method != "OPTIONS":
            with suppress(TimedOut):
                response = await self._request(self._keep_alive_method, self._aggregate_uri, timeout_s=timeout_s)
                if response.status < 300:
                    return
            self._keep_alive_method = "OPTIONS"
        response = await self._request("OPTIONS", self._aggregate_uri, timeout_s=timeout_s)
        if response.status == _SESSION_NOT_FOUND:
            raise BadResponse("the camera has ended the session", response.status)

    # -- requests

    async def _connect(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._ended.clear()
        self._failure = None
        host, port = self._target.host, self._target.port
        self._connection = await connect(
            host, port, self._connect_timeout_s, lambda: Connection(self._clock, self._server_request, self._end)
        )

    def _open_connection(self) -> Connection:
        if self._connection is None:
            raise ConnectionLost("there is no connection to the camera")
        return self._connection

    async def _request(self, method: str, uri: str, *headers: tuple[str, str], timeout_s: float = math.inf) -> Response:
        """Send a request, signed if need be; the answer has any status but 401."""
        timeout_s = min(timeout_s, self._response_timeout_s)
        hung_up = False
        for attempt in range(MAX_ATTEMPTS):
            session = [("Session", self._session.identifier)] if self._session is not None else []
            signed = [*headers, *session, *self._authenticator.sign(method, uri)]
            try:
                response = await self._open_connection().request(method, uri, signed, timeout_s)
            except ConnectionLost:
                if not attempt or hung_up or self._session is not None:
                    raise
                hung_up = True
                await self._connect()  # some cameras close the connection with each 401
                continue
            self.server = self.server or _printable(response.headers.get("Server"))
            if response.status != 401:
                return response
            self._authenticator.challenged(response.headers, was_answered=attempt > 0)
        raise AuthenticationFailed("the camera goes on asking for the password")

    # -- called on the event loop

    def _server_request(self, request: ServerRequest) -> None:
        ends = request.method in {"TEARDOWN", "REDIRECT"}
        if request.method == "ANNOUNCE":  # RealNetworks' notices: 21xx is the end of the stream
            notice = request.headers.get("x-notice") or request.headers.get("Event-Type") or ""
            ends = notice.strip().startswith("21")
        if ends:
            self._end(None)

    def _goodbye(self, gone: TrackReceiver) -> None:
        """RTCP BYE (RFC 3550 section 6.6): the session is over when its pictures are, or with its last track."""
        if gone.track.kind == "video" or len(self._receivers) == 1:
            self._end(None)

    def _end(self, error: WireError | None) -> None:
        if self._ended.is_set():
            return
        self._failure = error
        self._ended.set()
        if not self._is_closing:
            for receiver in self._receivers:
                receiver.rtp.flush()

    def _abort(self) -> None:
        if self._keep_alive is not None:
            self._keep_alive.cancel()
        if self._connection is not None:
            self._connection.close()

    def _warn(self, note: str) -> None:
        _log.warning("camera %s:%d: %s", self._target.host, self._target.port, note)


_parse = url.parse  # the constructor's parameter hides the module


def _base(headers: Headers, request_uri: str) -> str:
    for name in ("Content-Base", "Content-Location"):
        value = headers.get(name)
        if value and url.is_usable(value):
            return url.without_user_info(value)
    return request_uri


def _check_any(found: Sequence[Track], skipped: Sequence[SkippedTrack]) -> None:
    if not found:
        reasons = "; ".join(f"{track.kind} {track.encoding}: {track.reason}" for track in skipped) or "no track at all"
        raise NoSupportedTrack(f"the camera offers nothing that can be recorded ({reasons})")


def _redirected(target: url.RtspUrl, location: str) -> url.RtspUrl:
    """Where to go next, with the same user (SECURITY S10: never to another host)."""
    try:
        there = url.parse(location)
    except InvalidUrl as exc:
        raise ProtocolViolation("the camera redirects to an address that is not rtsp") from exc
    if there.host.lower() != target.host.lower():
        raise ProtocolViolation("the camera redirects to another host, which is not followed; configure that address instead")
    return url.RtspUrl(there.host, there.port, there.request_uri, target.credentials)


_EXPLAINED = {
    406: "the camera cannot describe the stream as SDP",
    453: "the camera has no bandwidth left; close other viewers or lower its bit rate",
    461: "the camera does not send RTP over TCP; allow it in its settings",
    503: "the camera is busy; it may allow fewer viewers than are connected",
}


def _check(response: Response, method: str) -> None:
    """Raise the error that a status stands for."""
    status = response.status
    if 200 <= status < 300:
        return
    if status == 403:
        raise AuthenticationFailed("the camera forbids this user to watch the stream; give it the right, or use another user")
    if status in {404, 410} or (status == _SESSION_NOT_FOUND and method != "PLAY"):
        raise StreamNotFound("the camera has no such stream; check the path and the channel number in the address")
    explained = _EXPLAINED.get(status, f"the camera answered {method} with an error")
    raise BadResponse(f"{explained} (status {status} {_printable(response.reason)})".replace(" )", ")"), status)


def _printable(text: str | None) -> str:
    return "".join(char for char in (text or "")[:MAX_SERVER_CHARS] if char.isprintable() and not "\ud800" <= char <= "\udfff")
