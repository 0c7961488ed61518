"""Who sent a request: the peer, or what trusted proxies say of it (SECURITY S14); pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

UNKNOWN = "unknown"
_MOST_HOPS = 32


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request really comes from.

    address: the client's address as text, `unknown` where there is none (a test without sockets).
    by_proxy: the peer is a trusted proxy, so its X-Forwarded-Proto and X-Forwarded-Host are believed.
    """

    address: str
    by_proxy: bool


def client_origin(peer: str | None, forwarded_for: Iterable[str], trusted: Sequence[Network]) -> Origin:
    """The client's address.

    X-Forwarded-For is walked from the right, where our own proxy wrote, to the left, where the client may have written anything:
    the first address that no trusted proxy has is the client. An entry that is no address ends the walk at the last sound one.

    peer: the address of the connection. forwarded_for: the values of all X-Forwarded-For headers, in their order.
    """
    here = parse_address(peer)
    if here is None:
        return Origin(UNKNOWN, by_proxy=False)
    if not _is_trusted(here, trusted):
        return Origin(str(here), by_proxy=False)
    hops = [hop for value in forwarded_for for hop in value.split(",")]
    for hop in reversed(hops[-_MOST_HOPS:]):
        address = parse_address(_without_port(hop.strip()))
        if address is None:
            break
        here = address
        if not _is_trusted(here, trusted):
            break
    return Origin(str(here), by_proxy=True)


def parse_address(text: str | None) -> Address | None:
    """An IP address without scope; IPv4 mapped into IPv6 (`::ffff:192.0.2.1`) is the IPv4 address."""
    try:
        address = ip_address((text or "").partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def is_loopback(address: str) -> bool:
    """Whether the client is on this machine."""
    parsed = parse_address(address)
    return parsed is not None and parsed.is_loopback


def _is_trusted(address: Address, trusted: Sequence[Network]) -> bool:
    return any(address in network for network in trusted)


def _without_port(hop: str) -> str:
    """Some proxies write `192.0.2.1:4711` and `[2001:db8::1]:4711`."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop
