"""RTSP addresses: taking the user info out of them, and joining the control attributes of an SDP to them."""

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from mini_nvr.rtsp.errors import InvalidUrl, UnsupportedScheme

DEFAULT_PORT = 554  # RFC 2326 section 3.2
MAX_URL_CHARS = 4096

_SCHEME = "rtsp://"
_UNSAFE = re.compile(r"[\x00-\x20\x7f]")  # would break the request line, or forge another one
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SCHEME_NAME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,15}")  # RFC 3986 section 3.1
_AUTHORITY_END = re.compile(r"[/?#]")


@dataclass(frozen=True, slots=True)
class Credentials:
    """User and password in clear, not percent-encoded."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class RtspUrl:
    """Where to connect, what to ask for, and as whom.

    host: name or address, IPv6 without brackets.
    request_uri: the address as it goes over the wire, otherwise unchanged but without user info.
    """

    host: str
    port: int
    request_uri: str
    credentials: Credentials | None


def parse(url: str) -> RtspUrl:
    """Take an address apart.

    Raises:
        InvalidUrl: not an rtsp address, or with characters that have no place in one; the message does not repeat it.
        UnsupportedScheme: an address of another protocol.
    """
    if len(url) > MAX_URL_CHARS or _UNSAFE.search(url):
        raise InvalidUrl("the stream address holds spaces or control characters, or is too long; percent-encode user and password")
    if not _has_scheme(url):
        raise _other_scheme(url)
    rest = url[len(_SCHEME) :]
    end = _AUTHORITY_END.search(rest)
    authority, path = (rest[: end.start()], rest[end.start() :]) if end else (rest, "")
    user_info, _, host_port = authority.rpartition("@")
    host, port = _host_and_port(host_port)
    path = path.partition("#")[0]
    return RtspUrl(host, port, f"{_SCHEME}{host_port}{path}", _credentials(user_info))


def resolve(base: str, control: str | None) -> str:
    """The URL that an `a=control` attribute stands for (RFC 2326 section C.1.1), without user info.

    Cameras expect plain joining with one slash, also behind a query string, rather than RFC 3986 resolution, which would replace
    the last part of the path.

    Raises:
        InvalidUrl: the attribute holds characters that would break the request line.
    """
    if control is None or control in {"", "*"}:
        return base
    if len(control) > MAX_URL_CHARS or _UNSAFE.search(control):
        raise InvalidUrl("the camera describes a track with an unusable control address")
    if _has_scheme(control):
        return without_user_info(control)
    if control.startswith("/"):
        authority = _AUTHORITY_END.split(base[len(_SCHEME) :], maxsplit=1)[0]
        return f"{_SCHEME}{authority}{control}"
    return f"{base}{control}" if base.endswith("/") else f"{base}/{control}"


def is_usable(url: str) -> bool:
    """Whether `url` is an absolute rtsp address that may go into a request line."""
    return len(url) <= MAX_URL_CHARS and _has_scheme(url) and not _UNSAFE.search(url)


def without_user_info(url: str) -> str:
    """An absolute rtsp address with its user info left out."""
    rest = url[len(_SCHEME) :]
    authority = _AUTHORITY_END.split(rest, maxsplit=1)[0]
    return f"{_SCHEME}{authority.rpartition('@')[2]}{rest[len(authority) :]}"


def _credentials(user_info: str) -> Credentials | None:
    if not user_info:
        return None
    user, _, password = user_info.partition(":")
    credentials = Credentials(unquote(user), unquote(password))
    if _CONTROL.search(credentials.user):  # the user goes into a header, the password only into a hash or base64
        raise InvalidUrl("the user name in the stream address holds control characters")
    return credentials


def _other_scheme(url: str) -> InvalidUrl:
    scheme, found, _ = url.partition("://")
    if not found or not _SCHEME_NAME.fullmatch(scheme):
        return InvalidUrl("the stream address must start with rtsp://")
    remedy = "switch on RTSP without TLS in the camera and write its address"
    return UnsupportedScheme(f"{scheme.lower()}:// is not supported, only rtsp:// over TCP is; {remedy}")


def _has_scheme(url: str) -> bool:
    return url[: len(_SCHEME)].lower() == _SCHEME


def _host_and_port(text: str) -> tuple[str, int]:
    if text.startswith("["):
        host, closed, port_text = text[1:].partition("]")
        if not closed or (port_text and not port_text.startswith(":")):
            raise InvalidUrl("the stream address has an IPv6 host without its closing bracket")
        port_text = port_text[1:]
    else:
        host, _, port_text = text.partition(":")
    if not host:
        raise InvalidUrl("the stream address names no host")
    if not port_text:
        return host, DEFAULT_PORT
    if not (re.fullmatch(r"[0-9]{1,5}", port_text) and 0 < int(port_text) < 65536):
        raise InvalidUrl("the stream address has an impossible port; if the password holds a colon, slash or @, percent-encode it")
    return host, int(port_text)
