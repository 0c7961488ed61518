"""Each plain kind: what it takes, what it refuses, and what it guesses."""

from decimal import Decimal
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mini_nvr.config.kinds import Choice, Decimals, FilePath, Gigabytes, Kind, LocalAddress, Networks, Switch, Text, Whole, Zone
from mini_nvr.config.problems import Refused

PORT = Whole(1, 65_535)
SYNC = Decimals(Decimal("0.5"), Decimal(60))
DAYS = Decimals(Decimal(0), Decimal(100), least_included=False)
FORMAT: Choice[Literal["mp4", "mkv"]] = Choice(Literal["mp4", "mkv"])
KINDS: list[Kind[object]] = [
    PORT,
    SYNC,
    DAYS,
    FORMAT,
    Gigabytes(),
    Switch(),
    Text(),
    FilePath(),
    Networks(),
    LocalAddress(),
    Zone(),
]


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (PORT, "1", 1),
        (LocalAddress(), "127.0.0.1", ip_address("127.0.0.1")),
        (LocalAddress(), "[::1]", ip_address("::1")),
        (PORT, "65535", 65_535),
        (PORT, "+0554", 554),
        (SYNC, "0.5", 0.5),
        (SYNC, "60", 60.0),
        (DAYS, "0.25", 0.25),
        (Gigabytes(), "1", 2**30),
        (Gigabytes(), "0.5", 2**29),
        (Gigabytes(zero_allowed=True), "0", 0),
        (Switch(), "On", True),
        (Switch(), "YES", True),
        (Switch(), "1", True),
        (Switch(), "true", True),
        (Switch(), "off", False),
        (Switch(), "No", False),
        (Switch(), "0", False),
        (Switch(), "FALSE", False),
        (FORMAT, "MKV", "mkv"),
        (Text(4), "<b>å", "<b>å"),
        (FilePath(), "/srv/video", Path("/srv/video")),
        (FilePath(), "./video", Path("video")),
        (Zone(), "Europe/Berlin", ZoneInfo("Europe/Berlin")),
        (Zone(), ":Asia/Kolkata", ZoneInfo("Asia/Kolkata")),
        (Zone(), ":/usr/share/zoneinfo/Asia/Kolkata", ZoneInfo("Asia/Kolkata")),
        (Networks(), "10.0.0.0/8, fd00::/8 127.0.0.1", tuple(map(ip_network, ("10.0.0.0/8", "fd00::/8", "127.0.0.1/32")))),
    ],
)
def test_takes(kind: Kind[object], text: str, value: object) -> None:
    assert kind.parse(text) == value


@pytest.mark.parametrize(
    ("kind", "text", "wrong", "near"),
    [
        (PORT, "0", "too small", None),
        (PORT, "65536", "too large", None),
        (PORT, "-1", "too small", None),
        (PORT, "5.0", "not a whole number", None),
        (PORT, "٣", "not a whole number", None),
        (PORT, "9" * 5000, "not a whole number", None),
        (PORT, "1_0", "not a whole number", None),
        (SYNC, "0.49", "too small", None),
        (SYNC, "60.000000001", "too large", None),
        (SYNC, "nan", "not a number", None),
        (SYNC, "1e1", "not a number", None),
        (SYNC, "1,5", "written with a point", None),
        (DAYS, "0", "too small", None),
        (Gigabytes(), "0", "too small", None),
        (Gigabytes(), "-3", "too small", None),
        (Gigabytes(), "inf", "not a number", None),
        (Gigabytes(), "500 GB", "not a number", None),
        (Switch(), "onn", "neither on nor off", "on"),
        (Switch(), "2", "neither on nor off", None),
        (FORMAT, "mk4", "not one of the words", "mp4"),
        (FORMAT, "avi", "not one of the words", None),
        (Text(4), "12345", "5 characters long", None),
        (FilePath(), "~nobody-of-that-name/x", "unknown user", None),
        (Zone(), "Europe/Berln", "not a known time zone", "Europe/Berlin"),
        (Zone(), "europe/berlin", "not a known time zone", "Europe/Berlin"),
        (Zone(), "../etc/passwd", "not a known time zone", None),
        (Zone(), "Europe", "not a known time zone", None),
        (Networks(), "10.0.0.1/8", "host bits", "10.0.0.0/8"),
        (LocalAddress(), "localhost", "is not an IP address", None),
        (Networks(), "proxy.local", "not a network", None),
    ],
)
def test_refuses(kind: Kind[object], text: str, wrong: str, near: str | None) -> None:
    with pytest.raises(Refused, match=wrong) as caught:
        kind.parse(text)
    if near is not None:
        assert caught.value.near == near


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: type(kind).__name__)
@settings(deadline=None)
@given(text=st.text(min_size=1, max_size=80).filter(lambda text: "\0" not in text))
def test_anything_else_is_refused_in_our_words(kind: Kind[object], text: str) -> None:
    try:
        kind.parse(text)
    except Refused as refused:
        assert refused.wrong


@settings(deadline=None)
@given(st.integers(1, 10**6))
def test_a_gigabyte_is_exact(size: int) -> None:
    assert Gigabytes().parse(f"{size}") == size * 2**30
