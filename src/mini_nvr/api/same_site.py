"""Does a request come from our own page, or does another site make the browser send it? (SECURITY S9) Pure.

Two independent signs, each enough to refuse: `Sec-Fetch-Site`, which browsers set and pages cannot, and `Origin`. Programs such as
curl send neither and are held by the CSRF token alone.
"""

import re
from collections.abc import Mapping
from typing import Final

from mini_nvr.api.problems import Problem

_HOST: Final = re.compile(r"(?P<name>[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:(?P<port>[0-9]{1,5}))?")
_ORIGIN: Final = re.compile(r"(?P<scheme>https?)://(?P<host>[^/?#@]{1,300})")
_OWN_SITE: Final = frozenset({"same-origin", "none"})
_DEFAULT_PORTS: Final = {"http": "80", "https": "443"}


def require_host(host: str | None) -> None:
    """Refuse a `Host` that is missing or no host name; whatever builds an address from it would be fooled.

    Raises:
        Problem: 400.
    """
    if host is None or _HOST.fullmatch(host) is None:
        raise Problem("invalid-request", "the Host header is missing or malformed", "send the name or address of this machine")


def require_own_site(headers: Mapping[str, str], *, host: str, secure: bool) -> None:
    """For unsafe methods and WebSocket upgrades.

    headers: by lower-case name. host: as the browser knows it. secure: the browser's connection is HTTPS.

    Raises:
        Problem: 403, the browser says that another site sent it.
    """
    site = headers.get("sec-fetch-site")
    if site is not None and site not in _OWN_SITE:
        raise _refusal()
    origin = headers.get("origin")
    if origin is not None and not is_own_origin(origin, host, secure=secure):
        raise _refusal()


def is_own_origin(origin: str, host: str, *, secure: bool) -> bool:
    """Whether an `Origin` names the host that the request went to.

    A `Host` without port stands for the default port of either scheme: before a proxy that ends TLS and is not in TRUSTED_PROXIES,
    we cannot know which.
    """
    parsed = _ORIGIN.fullmatch(origin)
    if parsed is None or (secure and parsed["scheme"] != "https"):
        return False
    theirs, ours = _HOST.fullmatch(parsed["host"]), _HOST.fullmatch(host)
    if theirs is None or ours is None or theirs["name"].lower() != ours["name"].lower():
        return False
    default = _DEFAULT_PORTS[parsed["scheme"]]
    return (theirs["port"] or default) == (ours["port"] or default)


def _refusal() -> Problem:
    return Problem("cross-site", "another site sent this request", "use the page of Mini-NVR itself")
