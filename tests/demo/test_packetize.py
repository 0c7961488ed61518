"""NAL units come back whole from their RTP payloads, taken apart here by the letter of the RFCs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.demo import packetize

SPS, PPS = b"\x67\x42\xc0\x1f", b"\x68\xce\x3c\x80"


def nal_units(header_bytes: int) -> st.SearchStrategy[list[bytes]]:
    """NAL units with a plausible header and any content, small and large."""
    headers = (
        st.sampled_from([b"\x65", b"\x41", b"\x06"])
        if header_bytes == 1
        else st.sampled_from([b"\x26\x01", b"\x02\x01", b"\x4e\x02"])
    )
    sizes = st.one_of(st.integers(1, 20), st.integers(90, 110), st.integers(180, 320))
    unit = st.builds(lambda header, size, fill: header + bytes([fill]) * size, headers, sizes, st.integers(0, 255))
    return st.lists(unit, min_size=1, max_size=4)


def reassemble_h264(payloads: list[bytes]) -> list[bytes]:
    """RFC 6184 sections 5.6 and 5.8."""
    nals: list[bytes] = []
    for payload in payloads:
        if payload[0] & 0x1F != 28:
            nals.append(payload)
        elif payload[1] & 0x80:
            nals.append(bytes([payload[0] & 0xE0 | payload[1] & 0x1F]) + payload[2:])
        else:
            nals[-1] += payload[2:]
    return nals


def reassemble_h265(payloads: list[bytes]) -> list[bytes]:
    """RFC 7798 sections 4.4.1 and 4.4.3."""
    nals: list[bytes] = []
    for payload in payloads:
        if payload[0] >> 1 & 0x3F != 49:
            nals.append(payload)
        elif payload[2] & 0x80:
            nals.append(bytes([payload[0] & 0x81 | (payload[2] & 0x3F) << 1, payload[1]]) + payload[3:])
        else:
            nals[-1] += payload[3:]
    return nals


@given(nal_units(1))
def test_h264_fragments_join_to_the_same_units(nals: list[bytes]) -> None:
    payloads = list(packetize.h264_payloads(nals, max_payload=100))
    assert reassemble_h264(payloads) == nals
    assert max(map(len, payloads)) <= 100
    assert_fragment_flags([payload[1] for payload in payloads if payload[0] & 0x1F == 28])


@given(nal_units(2))
def test_h265_fragments_join_to_the_same_units(nals: list[bytes]) -> None:
    payloads = list(packetize.h265_payloads(nals, max_payload=100))
    assert reassemble_h265(payloads) == nals
    assert max(map(len, payloads)) <= 100
    assert_fragment_flags([payload[2] for payload in payloads if payload[0] >> 1 & 0x3F == 49])


def assert_fragment_flags(headers: list[int]) -> None:
    """Start, any number of neither, end; never both, which both RFCs forbid."""
    inside = False
    for header in headers:
        start, end = bool(header & 0x80), bool(header & 0x40)
        assert start != inside
        assert not (start and end)
        inside = not end
    assert not inside


def test_h264_parameter_sets_share_one_stap_a() -> None:
    payload = packetize.parameter_set_payload("h264", [SPS, PPS])
    assert payload == b"\x78" + b"\x00\x04" + SPS + b"\x00\x04" + PPS  # NRI 3, type 24


def test_h265_parameter_sets_share_one_aggregation_packet() -> None:
    vps, sps, pps = b"\x40\x01v", b"\x42\x01ss", b"\x44\x01p"
    payload = packetize.parameter_set_payload("h265", [vps, sps, pps])
    assert payload == b"\x60\x01" + b"\x00\x03" + vps + b"\x00\x04" + sps + b"\x00\x03" + pps  # type 48, layer 0, TID 1


def test_an_aac_unit_stands_behind_its_header() -> None:
    assert packetize.aac_payload(b"x" * 371) == b"\x00\x10" + (371 << 3).to_bytes(2, "big") + b"x" * 371


def test_an_aac_unit_too_large_for_its_header_is_refused() -> None:
    with pytest.raises(ValueError, match="8191"):
        packetize.aac_payload(bytes(8192))


def test_stored_units_stand_behind_their_lengths() -> None:
    assert packetize.length_prefixed([b"\x65ab", b"\x41"]) == b"\x00\x00\x00\x03\x65ab\x00\x00\x00\x01\x41"
