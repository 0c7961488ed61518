"""AAC and G.711 payloads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.errors import MediaError
from mini_nvr.rtsp.depacketize.aac import AacDepacketizer, AuHeaderLayout, au_header_layout
from mini_nvr.rtsp.depacketize.g711 import G711Depacketizer
from tests.support.rtp_packets import Received, rtp

HBR = AuHeaderLayout(13, 3, 3)


def au_packet(units: list[bytes], sizes: list[int] | None = None) -> bytes:
    """AAC-hbr: a 16-bit header for each access unit, 13 bits of size and 3 of index."""
    headers = b"".join((size << 3).to_bytes(2) for size in sizes or [len(unit) for unit in units])
    return (8 * len(headers)).to_bytes(2) + headers + b"".join(units)


def aac(got: Received) -> AacDepacketizer:
    return AacDepacketizer(HBR, 1024, got.frames.append)


def test_several_access_units_in_a_packet_are_1024_ticks_apart() -> None:
    got = Received()
    got.feed(aac(got), [rtp(au_packet([b"one", b"second", b"3"]), timestamp=5000, marker=True)])
    assert [(frame.data, frame.pts, frame.is_key) for frame in got.frames] == [
        (b"one", 5000, True),
        (b"second", 6024, True),
        (b"3", 7048, True),
    ]


def test_an_access_unit_in_several_packets_is_put_together() -> None:
    got = Received()
    unit = bytes(range(250))
    pieces = [unit[:100], unit[100:200], unit[200:]]
    packets = [rtp(au_packet([piece], [250]), sequence=n, timestamp=77, marker=n == 2) for n, piece in enumerate(pieces)]
    got.feed(aac(got), packets)
    assert [(frame.data, frame.pts, frame.arrival_ns) for frame in got.frames] == [(unit, 77, 2)]


def test_loss_inside_an_access_unit_costs_only_that_one() -> None:
    got = Received()
    packets = [
        rtp(au_packet([b"x" * 100], [250]), sequence=1, timestamp=0),
        rtp(au_packet([b"x" * 50], [250]), sequence=3, timestamp=0, marker=True),
        rtp(au_packet([b"next"]), sequence=4, timestamp=1024, marker=True),
    ]
    got.feed(aac(got), packets)
    assert [frame.data for frame in got.frames] == [b"next"]
    assert got.losses == [1]


def test_low_bit_rate_mode_has_headers_of_one_byte() -> None:
    got = Received()
    layout = au_header_layout({"mode": "AAC-lbr", "sizelength": "6", "indexlength": "2", "indexdeltalength": "2"})
    payload = (16).to_bytes(2) + bytes((3 << 2, 2 << 2)) + b"abcde"
    got.feed(AacDepacketizer(layout, 1024, got.frames.append), [rtp(payload)])
    assert [frame.data for frame in got.frames] == [b"abc", b"de"]


@pytest.mark.parametrize(
    ("parameters", "layout"),
    [
        ({"mode": "AAC-hbr"}, HBR),
        ({"mode": "aac-HBR", "sizelength": "13", "indexlength": "3", "indexdeltalength": "3"}, HBR),
        ({"mode": "AAC-lbr"}, AuHeaderLayout(6, 2, 2)),
        ({"mode": "AAC-hbr", "indexdeltalength": "0"}, AuHeaderLayout(13, 3, 0)),
    ],
)
def test_header_layout(parameters: dict[str, str], layout: AuHeaderLayout) -> None:
    assert au_header_layout(parameters) == layout


@pytest.mark.parametrize(
    "parameters", [{}, {"mode": "generic"}, {"mode": "AAC-hbr", "sizelength": "99"}, {"mode": "AAC-hbr", "ctsdeltalength": "4"}]
)
def test_unreadable_header_layouts_are_refused(parameters: dict[str, str]) -> None:
    with pytest.raises(MediaError):
        au_header_layout(parameters)


@given(st.lists(st.tuples(st.binary(min_size=1, max_size=40), st.integers(0, 3)), max_size=20))
def test_hostile_payloads_never_raise(payloads: list[tuple[bytes, int]]) -> None:
    got = Received()
    got.feed(aac(got), [rtp(body, sequence=n, timestamp=time) for n, (body, time) in enumerate(payloads)])
    assert all(frame.data for frame in got.frames)


def test_a_packet_of_g711_is_a_frame() -> None:
    got = Received()
    got.feed(G711Depacketizer(got.frames.append), [rtp(b"\xd5" * 160, timestamp=160, marker=True)])
    assert [(frame.data, frame.pts, frame.is_key) for frame in got.frames] == [(b"\xd5" * 160, 160, True)]
