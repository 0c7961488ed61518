"""Addresses of cameras: host names, URLs (RFC 3986) and the templates that they are made from.

Whatever a person writes as user info comes out percent-encoded, once, so a URL from here can be split by its punctuation. Refusals
never quote the URL: it holds a password.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import quote, unquote, unquote_to_bytes

from mini_nvr.config.near import near_match
from mini_nvr.config.problems import Refused
from mini_nvr.config.secret import SecretStr

SCHEMES = ("rtsp", "rtsps", "http", "https")  # SECURITY S4
PLACEHOLDERS = ("user", "pass", "ip", "port", "channel")

_PLACEHOLDER = re.compile(r"\{(?P<name>[^{}:]*)(?::0(?P<digits>[1-9])d)?\}")
_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<rest>.*)")
_HOST_PORT = re.compile(r"(?P<host>\[[^\[\]]*\]|[^:\[\]]*)(?::(?P<port>[0-9]{1,5}))?")
_REST = re.compile(r"[A-Za-z0-9\-._~:/?\[\]!$&'()*+,;=%]*")
_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_LONGEST_HOST = 253  # RFC 1035 section 2.3.4, as text
_QUERY_PASSWORD = re.compile(r"(?:pass|passwd|password|pwd)=(.+?)(?=[&/?]|_[A-Za-z]+=|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Dvr:
    """What the placeholders of a template stand for; None is not set."""

    ip: str | None
    port: int
    user: str | None
    password: SecretStr | None


@dataclass(frozen=True)
class Host:
    """An IP address or host name; IPv6 comes out in brackets, ready for a URL."""

    type_name = "address"
    allowed = "an IPv4 or IPv6 address or a host name, without scheme, port or path"
    secret = False

    def parse(self, text: str) -> str:
        return f"[{_ipv6(text.removeprefix('[').removesuffix(']'))}]" if text.count(":") > 1 else _host(text)


@dataclass(frozen=True, slots=True)
class UrlTemplate:
    """A URL in which placeholders stand for what differs between channels; its syntax is checked."""

    text: str = field(repr=False)  # may hold a password

    @property
    def placeholders(self) -> frozenset[str]:
        return frozenset(match["name"] for match in _PLACEHOLDER.finditer(self.text))

    def without_user_info(self) -> "UrlTemplate":
        """The template for cameras that ask for no password: `{user}:{pass}@` left out."""
        return UrlTemplate(self.text.replace("{user}:{pass}@", "").replace("{user}@", ""))

    def render(self, dvr: Dvr, channel: int) -> str:
        """The URL of a channel; what is not set becomes empty.

        Raises:
            Refused: the URL that comes out is malformed.
        """
        values: dict[str, str] = {
            "user": quote(dvr.user or "", safe=""),
            "pass": quote(dvr.password.get_secret_value() if dvr.password else "", safe=""),
            "ip": dvr.ip or "",
            "port": str(dvr.port),
        }

        def fill(match: re.Match[str]) -> str:
            if match["name"] == "channel":
                return f"{channel:0{match['digits'] or 1}d}"
            return values[match["name"]]

        return canonical_url(_PLACEHOLDER.sub(fill, self.text.replace("[{ip}]", "{ip}")))


_SAMPLE = Dvr(ip="192.0.2.1", port=554, user="user", password=SecretStr("password"))  # an address for documentation, RFC 5737


@dataclass(frozen=True)
class Url:
    """A camera's URL, in which placeholders may stand."""

    type_name = "URL"
    allowed = (
        f"rtsp URL ({', '.join(SCHEMES[1:])} too, which cannot be recorded); "
        f"placeholders {' '.join(f'{{{name}}}' for name in PLACEHOLDERS)}, or {{channel:02d}}"
    )
    secret = True

    def parse(self, text: str) -> UrlTemplate:
        for match in _PLACEHOLDER.finditer(text):
            _check_placeholder(match)
        if re.search(r"[{}]", _PLACEHOLDER.sub("", text)):
            raise Refused("holds a brace that is not part of a placeholder; a brace in a password is written %7B or %7D")
        template = UrlTemplate(text)
        template.render(_SAMPLE, 1)
        return template


def _check_placeholder(match: re.Match[str]) -> None:
    """Refuse an unknown placeholder without quoting it: it may be a piece of a password."""
    name = match["name"]
    if name not in PLACEHOLDERS:
        meant = near_match(name, PLACEHOLDERS)
        hint = "" if meant else "; a brace in a password is written %7B or %7D"
        raise Refused(f"holds a placeholder that is not known{hint}", f"{{{meant}}}" if meant else None)
    if match["digits"] and name != "channel":
        raise Refused("gives a number of digits for something other than {channel}")


def canonical_url(text: str) -> str:
    """`text` checked, its scheme in lower case and its user info percent-encoded (RFC 3986 section 3.2.1).

    User info that is percent-encoded already stays as it is; a `:` or `@` in a password may be raw.

    Raises:
        Refused: not a URL that a camera could have; says what to change.
    """
    if any(character.isspace() or not character.isprintable() for character in text):
        raise Refused("holds a space or control character; a space is written %20")
    match = _URL.fullmatch(text)
    if match is None:
        raise Refused("does not begin with a scheme such as rtsp://")
    scheme, authority, rest = match["scheme"].lower(), match["authority"], match["rest"]
    if scheme not in SCHEMES:
        raise Refused("has a scheme that is not allowed", near_match(scheme, SCHEMES))
    user_info, _, address = authority.rpartition("@")
    host_port = _HOST_PORT.fullmatch(address)
    if "@" in rest or "#" in rest or host_port is None:
        raise Refused(
            "cannot be split into user, password, host and path; in a password / ? # are written %2F %3F %23, elsewhere @ is %40"
        )
    if not _REST.fullmatch(rest):
        raise Refused("has a path with a character that must be percent-encoded")
    return f"{scheme}://{_canonical_user_info(user_info)}{_canonical_address(host_port)}{rest}"


def _canonical_user_info(user_info: str) -> str:
    if not user_info:
        return ""
    user, colon, password = user_info.partition(":")
    return f"{_encode(user)}{colon}{_encode(password)}@"


def _encode(text: str) -> str:
    return quote(unquote_to_bytes(text), safe="")


def _canonical_address(match: re.Match[str]) -> str:
    host, port = match["host"], match["port"]
    host = f"[{_ipv6(host[1:-1])}]" if host.startswith("[") else _host(host)
    if port is None:
        return host
    if not 1 <= int(port) <= 65_535:
        raise Refused("has a port outside 1 to 65535")
    return f"{host}:{int(port)}"


def _host(text: str) -> str:
    if not text:
        raise Refused("has no host")
    if re.fullmatch(r"[0-9.]+", text):
        return _mapped(lambda: str(IPv4Address(text)), "has an IPv4 address that is not four numbers from 0 to 255")
    if len(text) > _LONGEST_HOST or not all(map(_LABEL.fullmatch, text.split("."))):
        raise Refused("has a host that is neither an IP address nor a host name")
    return text


def _ipv6(text: str) -> str:
    if "%" in text:
        raise Refused("has an IPv6 address with a zone, which is not supported; use a global or unique local address")
    return _mapped(lambda: str(IPv6Address(text)), "has a malformed IPv6 address")


def _mapped(parse: Callable[[], str], wrong: str) -> str:
    try:
        return parse()
    except ValueError as exc:
        raise Refused(wrong) from exc


def url_secrets(url: str) -> Iterator[str]:
    """The passwords in a canonical URL, decoded: the one of the user info, and those that some cameras take in path or query."""
    match = _URL.fullmatch(url)
    if match is None:
        return
    user_info, _, _ = match["authority"].rpartition("@")
    _, _, password = user_info.partition(":")
    for found in (password, *_QUERY_PASSWORD.findall(match["rest"])):
        if found:
            yield unquote(found)
            yield found
