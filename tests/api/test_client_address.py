"""Whose address counts (SECURITY S14)."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.api.client_address import UNKNOWN, client_origin, is_loopback

PROXIES = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


@pytest.mark.parametrize(
    ("peer", "forwarded", "address", "by_proxy"),
    [
        ("203.0.113.5", [], "203.0.113.5", False),
        ("203.0.113.5", ["198.51.100.1"], "203.0.113.5", False),
        ("10.0.0.1", [], "10.0.0.1", True),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1", True),
        ("10.0.0.1", ["192.0.2.66, 198.51.100.1"], "198.51.100.1", True),
        ("10.0.0.1", ["192.0.2.66", "198.51.100.1, 10.0.0.2"], "198.51.100.1", True),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3", True),
        ("10.0.0.1", ["198.51.100.1, nonsense"], "10.0.0.1", True),
        ("10.0.0.1", ["198.51.100.1, , 10.0.0.2"], "10.0.0.2", True),
        ("10.0.0.1", ["198.51.100.1:4711"], "198.51.100.1", True),
        ("fd00::1", ["[2001:db8::7]:443"], "2001:db8::7", True),
        ("::ffff:10.0.0.1", ["::ffff:198.51.100.1"], "198.51.100.1", True),
        ("fe80::1%eth0", [], "fe80::1", False),
        (None, ["198.51.100.1"], UNKNOWN, False),
    ],
)
def test_s14_proxies_are_walked_from_right_to_left(peer: str | None, forwarded: list[str], address: str, by_proxy: bool) -> None:
    origin = client_origin(peer, forwarded, PROXIES)
    assert (origin.address, origin.by_proxy) == (address, by_proxy)


@given(forwarded=st.lists(st.text(max_size=40), max_size=5))
def test_s14_no_header_moves_a_peer_that_is_no_proxy(forwarded: list[str]) -> None:
    assert client_origin("203.0.113.5", forwarded, PROXIES).address == "203.0.113.5"


@given(forwarded=st.lists(st.text(max_size=40), max_size=5))
def test_s14_what_the_client_wrote_is_never_reached(forwarded: list[str]) -> None:
    assert client_origin("10.0.0.1", [*forwarded, "198.51.100.1"], PROXIES).address == "198.51.100.1"


def test_this_machine() -> None:
    assert is_loopback("127.0.0.1")
    assert is_loopback("::1")
    assert is_loopback("::ffff:127.0.0.1")
    assert not is_loopback("10.0.0.1")
    assert not is_loopback(UNKNOWN)
