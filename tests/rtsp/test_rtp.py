"""Order, loss and timestamps of RTP, and RTCP reports."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.rtsp import rtcp
from mini_nvr.rtsp.depacketize.g711 import G711Depacketizer
from mini_nvr.rtsp.rtp import MAX_DROPOUT, RtpReceiver, TimestampUnwrapper
from tests.support.rtp_packets import Received, rtp


def received(*packets: bytes) -> tuple[list[bytes], RtpReceiver, Received]:
    """Payloads that got through; a packet of G.711 is a frame, so they are easy to see."""
    got = Received()
    receiver = got.feed(G711Depacketizer(got.frames.append), packets)
    return [frame.data for frame in got.frames], receiver, got


@pytest.mark.parametrize(
    ("first", "body", "payload"),
    [
        (0x80, b"abc", b"abc"),
        (0x82, b"\0" * 8 + b"abc", b"abc"),  # two contributing sources
        (0xA0, b"abc\x00\x00\x03", b"abc"),  # padding
        (0x90, b"\xbe\xde\x00\x01\x11\x22\x33\x44abc", b"abc"),  # extension of one word
        (0x90, b"\xab\xac\x00\x00abc", b"abc"),  # empty extension (ONVIF sends these around recordings)
        (0xB1, b"\0" * 4 + b"\xbe\xde\x00\x01" + b"\0" * 4 + b"abc\x01", b"abc"),
    ],
)
def test_header_forms(first: int, body: bytes, payload: bytes) -> None:
    assert received(rtp(body, first=first))[0] == [payload]


@pytest.mark.parametrize(
    ("first", "body"), [(0x80, b""), (0x8F, b"abc"), (0x90, b"ab"), (0x90, b"\xbe\xde\xff\xff1234"), (0xA0, b"abc\xff")]
)
def test_packets_that_contradict_themselves_are_ignored(first: int, body: bytes) -> None:
    payloads, receiver, _ = received(rtp(body, first=first))
    assert (payloads, receiver.packets_ignored) == ([], 1)


def test_a_cut_header_is_ignored() -> None:
    assert received(rtp(b"")[:11])[1].packets_ignored == 1


def test_other_payload_types_take_part_in_the_sequence() -> None:
    payloads, receiver, _ = received(rtp(b"a", sequence=1), rtp(b"cn", sequence=2, payload_type=13), rtp(b"b", sequence=3))
    assert (payloads, receiver.packets_lost, receiver.packets_ignored) == ([b"a", b"b"], 0, 1)


class Patient(G711Depacketizer):
    """Counts how often it was told to forget what it has."""

    resets = 0

    def reset(self) -> None:
        self.resets += 1


@pytest.mark.parametrize(("sequence", "ssrc"), [(2, 7), (9_000, 1), (0, 0)])
def test_other_payload_types_with_numbers_of_their_own_cost_nothing(sequence: int, ssrc: int) -> None:
    """Seen while a camera is turned: packets of type 50 between those of the pictures."""
    got = Received()
    reader = Patient(got.frames.append)
    foreign = rtp(b"ptz", sequence=sequence, payload_type=50, ssrc=ssrc)
    receiver = got.feed(reader, (rtp(b"a", sequence=1, ssrc=1), foreign, rtp(b"b", sequence=2, ssrc=1)))
    assert [frame.data for frame in got.frames] == [b"a", b"b"]
    assert (got.losses, receiver.packets_ignored) == ([], 1)
    assert reader.resets == 1  # by the first packet


@pytest.mark.parametrize(
    ("sequences", "kept", "losses"),
    [
        ([65_534, 65_535, 0, 1], 4, []),
        ([65_534, 1, 2], 3, [2]),
        ([10, 11, 11, 12], 3, []),
        ([10, 12, 11, 13], 3, [1]),
        ([10, 11 + MAX_DROPOUT], 2, [MAX_DROPOUT]),
        ([10, 30_000, 30_001], 3, [1]),
        ([30_000, 10, 11], 3, [1]),
    ],
)
def test_sequences(sequences: list[int], kept: int, losses: list[int]) -> None:
    payloads, receiver, got = received(*(rtp(bytes((n,)), sequence=sequence) for n, sequence in enumerate(sequences)))
    assert (len(payloads), got.losses, receiver.packets_lost) == (kept, losses, sum(losses))


def test_another_source_is_no_loss() -> None:
    payloads, receiver, got = received(rtp(b"a", sequence=9, ssrc=1), rtp(b"b", sequence=700, ssrc=2))
    assert (payloads, got.losses, receiver.ssrc) == ([b"a", b"b"], [], 2)


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(-(2**31) + 1, 2**31 - 1), max_size=30))
def test_timestamps_unwrap_to_the_true_line(start: int, steps: list[int]) -> None:
    unwrapper, truth = TimestampUnwrapper(), start
    assert unwrapper.advance(start) == start
    for step in steps:
        truth += step
        assert unwrapper.advance(truth & 0xFFFFFFFF) == truth


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_any_packets_are_survived(packets: list[bytes]) -> None:
    received(*packets)


def sender_report(seconds: int, fraction: int, timestamp: int, ssrc: int = 7) -> bytes:
    return struct.pack(">BBHIIIIII", 0x80, 200, 6, ssrc, seconds, fraction, timestamp, 0, 0)


@pytest.mark.parametrize(
    ("seconds", "fraction", "utc_us"),
    [
        (2_208_988_800, 0, 0),
        (3_997_000_000, 1 << 31, 1_788_011_200_500_000),
        (0, 1, 2_085_978_496_000_000),  # era 1 began on 2036-02-07T06:28:16Z
    ],
)
def test_ntp_time(seconds: int, fraction: int, utc_us: int) -> None:
    (report,) = rtcp.parse(sender_report(seconds, fraction, 90)).sender_reports
    assert (report.ssrc, report.ntp_utc_us, report.rtp_timestamp) == (7, utc_us, 90)


def test_compound_packets() -> None:
    bye = struct.pack(">BBHII", 0x82, 203, 2, 7, 8)
    reports = rtcp.parse(rtcp.receiver_report(1) + sender_report(3_997_000_000, 0, 1) + bye)
    assert (len(reports.sender_reports), reports.goodbyes) == (1, [7, 8])


def test_a_report_without_clock_is_left_out() -> None:
    assert rtcp.parse(sender_report(0, 0, 1)).sender_reports == []


def test_our_report_is_a_whole_compound_packet() -> None:
    report = rtcp.receiver_report(0x01020304)
    assert report[:8] == b"\x80\xc9\x00\x01\x01\x02\x03\x04"
    kind, words = report[9], int.from_bytes(report[10:12])
    assert (kind, len(report)) == (rtcp.SOURCE_DESCRIPTION, 8 + 4 * (words + 1))
    assert report.endswith(b"\x00")


@given(st.binary(max_size=120))
def test_any_rtcp_is_survived(packet: bytes) -> None:
    rtcp.parse(packet)
    rtcp.parse(b"\x81\xcb\x00\x01" + packet)
