"""RTP and RTCP, byte by byte (RFC 3550)."""

import struct

from mini_nvr.demo.rtp import RtpSender


def sender(sequence: int = 65_535, base: int = 0xFFFF_FFF0) -> RtpSender:
    return RtpSender(channel=2, payload_type=96, ssrc=0xDEADBEEF, sequence=sequence, timestamp_base=base)


def test_packets_carry_consecutive_numbers_and_one_marker() -> None:
    out: list[bytes] = []
    stream = sender()
    stream.write(out, [b"aa", b"bbb"], 7, mark_last=True)
    first, second = (struct.unpack(">BBHBBHII", header) for header in out[::2])
    assert first == (0x24, 2, 14, 0x80, 96, 65_535, 7, 0xDEADBEEF)
    assert second == (0x24, 2, 15, 0x80, 96 | 0x80, 0, 7, 0xDEADBEEF)
    assert out[1::2] == [b"aa", b"bbb"]
    assert stream.sequence == 1


def test_skipped_packets_leave_a_hole_in_the_numbers() -> None:
    stream = sender(sequence=65_530)
    stream.skip(10)
    assert stream.sequence == 4


def test_the_timestamp_wraps() -> None:
    assert sender().timestamp(0x20) == 0x10
    assert sender(base=5).timestamp(-10) == 0xFFFF_FFFB


def test_a_sender_report_tells_wall_clock_and_counts() -> None:
    stream = sender()
    stream.write([], [b"aa", b"bbb"], 7, mark_last=True)
    message = stream.sender_report(1_500_000, 1234)
    assert message[:2] == b"\x24\x03"
    assert int.from_bytes(message[2:4], "big") == len(message) - 4
    _, kind, words, ssrc, ntp_s, fraction, timestamp, packets, octets = struct.unpack_from(">BBHIIIIII", message, 4)
    assert (kind, words, ssrc) == (200, 6, 0xDEADBEEF)
    assert (ntp_s, fraction) == (2_208_988_800 + 1, 1 << 31)
    assert (timestamp, packets, octets) == (1234, 2, 5)
    sdes = message[4 + 28 :]
    assert (sdes[1], (int.from_bytes(sdes[2:4], "big") + 1) * 4) == (202, len(sdes))
    assert b"demo" in sdes
    assert sdes.endswith(b"\x00")


def test_a_goodbye_is_a_compound_packet_that_ends_in_bye() -> None:
    message = sender().bye()
    assert int.from_bytes(message[2:4], "big") == len(message) - 4
    assert (message[5], message[13]) == (201, 203)
