"""The segment header: what is written reads back, and nothing hostile gets through."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.errors import GapCause, SegmentError
from mini_nvr.segment.header import MAX_CHANNEL, MAX_GAPS, MAX_NAME_CHARACTERS, MAX_UTC_US, decode_header, encode_header
from mini_nvr.segment.model import GapNote, SegmentHeader

HEADER = SegmentHeader(
    channel=3,
    camera_name="Einfahrt <b>ä</b>",
    start_utc_us=1_700_000_000_123_456,
    run_id="0123456789abcdef" * 2,
    number=7,
    time_source="sender report",
    gaps_before=(GapNote(1_600_000_000_000_000, 1_700_000_000_123_456, GapCause.CAMERA_OFFLINE),),
)

instants = st.integers(0, MAX_UTC_US)
gaps = st.builds(
    lambda ends, cause: GapNote(min(ends), max(ends), cause), st.tuples(instants, instants), st.sampled_from(list(GapCause))
)
headers = st.builds(
    SegmentHeader,
    channel=st.integers(1, MAX_CHANNEL),
    camera_name=st.text(st.characters(codec="utf-8"), max_size=40),
    start_utc_us=instants,
    run_id=st.text("0123456789abcdef", min_size=32, max_size=32),
    number=st.integers(0, 2**31 - 1),
    time_source=st.sampled_from(["arrival", "sender report"]),
    gaps_before=st.lists(gaps, max_size=MAX_GAPS).map(tuple),
)


@given(headers)
def test_what_is_written_reads_back(header: SegmentHeader) -> None:
    assert decode_header(encode_header(header)) == header


@given(
    st.binary()
    | st.text().map(str.encode)
    | st.recursive(st.none() | st.integers(), st.lists).map(lambda v: json.dumps(v).encode())
)
def test_any_bytes_raise_only_our_error(data: bytes) -> None:
    with pytest.raises(SegmentError):
        decode_header(data)


@given(
    st.sampled_from(sorted(json.loads(encode_header(HEADER)))),
    st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists),
)
def test_any_value_of_a_key_raises_only_our_error(key: str, value: Any) -> None:
    document = json.loads(encode_header(HEADER)) | {key: value}
    try:
        decode_header(json.dumps(document).encode())
    except SegmentError:
        return


def test_unknown_keys_are_ignored() -> None:
    document = json.loads(encode_header(HEADER)) | {"colour": "blue"}
    assert decode_header(json.dumps(document).encode()) == HEADER


def test_a_cause_of_a_newer_release_reads_as_unknown() -> None:
    document = json.loads(encode_header(HEADER)) | {"gaps_before": [[1, 2, "eaten by a bear"]]}
    assert decode_header(json.dumps(document).encode()).gaps_before == (GapNote(1, 2, GapCause.UNKNOWN),)


def test_missing_gaps_mean_none() -> None:
    document = json.loads(encode_header(HEADER))
    del document["gaps_before"]
    assert decode_header(json.dumps(document).encode()).gaps_before == ()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("version", 2),
        ("channel", 0),
        ("channel", True),
        ("channel", 1.0),
        ("channel", "1"),
        ("channel", MAX_CHANNEL + 1),
        ("camera_name", None),
        ("camera_name", "x" * (MAX_NAME_CHARACTERS + 1)),
        ("camera_name", "\ud800"),
        ("start_utc_us", -1),
        ("start_utc_us", MAX_UTC_US + 1),
        ("run_id", "0123456789ABCDEF" * 2),
        ("run_id", "0123456789abcdef" * 2 + "\n"),
        ("number", -1),
        ("time_source", "sundial"),
        ("time_source", []),
        ("gaps_before", {}),
        ("gaps_before", [[1, 2, "unknown"]] * (MAX_GAPS + 1)),
        ("gaps_before", [[2, 1, "unknown"]]),
        ("gaps_before", [[1, 2]]),
        ("gaps_before", [[1, 2, 3]]),
        ("gaps_before", [["1", 2, "unknown"]]),
    ],
)
def test_a_value_out_of_range_is_refused(key: str, value: object) -> None:
    document = json.loads(encode_header(HEADER)) | {key: value}
    with pytest.raises(SegmentError):
        decode_header(json.dumps(document).encode())


@pytest.mark.parametrize("key", ["version", "channel", "camera_name", "start_utc_us", "run_id", "number", "time_source"])
def test_a_missing_key_is_refused(key: str) -> None:
    document = json.loads(encode_header(HEADER))
    del document[key]
    with pytest.raises(SegmentError):
        decode_header(json.dumps(document).encode())


@pytest.mark.parametrize("data", [b"[" * 60_000, b'{"channel":' + b"9" * 5000 + b"}", b" " * 70_000, b"\xff\xfe"])
def test_hostile_json_is_refused(data: bytes) -> None:
    with pytest.raises(SegmentError):
        decode_header(data)


def test_a_header_that_no_reader_would_accept_is_not_written() -> None:
    with pytest.raises(SegmentError, match="channel"):
        encode_header(replace(HEADER, channel=0))
