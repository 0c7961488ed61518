"""What can go wrong between us and a camera, each with the cause that the time line will show.

Messages are for the owner of the camera: they say what happened and what to do. They name hosts and paths, never user or password.
"""

from typing import ClassVar

from mini_nvr.errors import GapCause, RtspError


class WireError(RtspError):
    """Base of this room; `cause` is what a gap that this error opens is attributed to."""

    cause: ClassVar[GapCause] = GapCause.CAMERA_ERROR


class InvalidUrl(WireError):
    """The stream address cannot be used as written."""


class UnsupportedScheme(InvalidUrl):
    """The stream address is of another protocol than RTSP over TCP."""


class ConnectionRefused(WireError):
    """The host answers, the port does not."""

    cause = GapCause.CAMERA_OFFLINE


class HostUnreachable(WireError):
    """No route to the host, or it does not answer."""

    cause = GapCause.CAMERA_OFFLINE


class NameNotFound(HostUnreachable):
    """The host name does not resolve."""


class TimedOut(WireError):
    """The camera took too long to accept the connection or to answer a request."""

    cause = GapCause.CAMERA_OFFLINE


class ConnectionLost(WireError):
    """The TCP connection broke, or was closed where an answer was due."""

    cause = GapCause.CAMERA_OFFLINE


class AuthenticationFailed(WireError):
    """The camera refused the user or the password, or forbids this user the stream (status 401 or 403)."""

    cause = GapCause.WRONG_PASSWORD


class NoCredentials(AuthenticationFailed):
    """The camera asks for a password and the address holds none."""


class StreamNotFound(WireError):
    """The camera has no stream of that name (status 404)."""

    cause = GapCause.NO_SUCH_STREAM


class NoSupportedTrack(WireError):
    """The camera offers nothing that we can record."""

    cause = GapCause.UNSUPPORTED_CODEC


class ProtocolViolation(WireError):
    """The camera sent what RTSP, SDP or RTP do not allow, beyond what we tolerate."""


class BadResponse(WireError):
    """The camera answered a request with an error status that has no class of its own.

    status: RFC 2326 section 7.1.1.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status
