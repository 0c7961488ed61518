"""What goes over the wire, byte by byte, and what is made of bytes that make no sense."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.live import protocol
from mini_nvr.live.protocol import LiveError, ReceivedPart


def test_a_part_as_the_protocol_describes_it() -> None:
    message = protocol.part(0x0102030405060708, protocol.FLAG_KEY, b"moof", b"frame")
    assert message.framed == bytes.fromhex("00000013 03 0102030405060708 01") + b"moofframe"
    assert message.is_key
    assert protocol.read_part(message.body) == ReceivedPart(0x0102030405060708, True, False, b"moofframe")


def test_sound_is_no_place_to_start() -> None:
    message = protocol.part(1, protocol.FLAG_SOUND, b"", b"")
    assert not message.is_key
    assert protocol.read_part(message.body).is_sound


@pytest.mark.parametrize(
    ("message", "kind"), [(protocol.header({"a": 1}), 1), (protocol.init(b"ftyp"), 2), (protocol.event("stalled", since=3), 4)]
)
def test_length_and_kind_stand_in_front(message: protocol.Message, kind: int) -> None:
    assert int.from_bytes(message.framed[:4]) == len(message.body) == len(message.framed) - 4
    assert message.body[0] == message.kind == kind


def test_events_say_their_name() -> None:
    assert protocol.read_json(protocol.event("ended", cause="camera offline").body) == {"event": "ended", "cause": "camera offline"}


@pytest.mark.parametrize("stream", protocol.STREAMS)
def test_requests_are_read_as_they_are_written(stream: protocol.StreamName) -> None:
    for marked in (False, True):
        assert protocol.read_request(protocol.watch_request(64, stream, marked=marked)) == (64, stream, marked)
    assert protocol.read_request(protocol.EVENTS_REQUEST) is None


@pytest.mark.parametrize(
    "line",
    [
        b"", b"\xff", b"[]", b"{}", b"3", b'{"watch": 1}', b'{"watch": "1", "stream": "main"}', b'{"watch": true, "stream": "sub"}',
        b'{"watch": 1, "stream": "third"}', b'{"watch": 1, "stream": ["main"]}', b'{"watch": 1, "stream": "main", "more": 1}',
        b'{"watch": 1, "stream": "main", "mark": 1}', b'{"watch": 1, "mark": true}',
        b'{"events": false}', b"[" * 100_000,
    ],
)  # fmt: skip
def test_a_request_that_makes_no_sense_is_refused(line: bytes) -> None:
    with pytest.raises(LiveError, match="request"):
        protocol.read_request(line)


@given(st.binary(max_size=40) | st.builds(lambda kind, rest: bytes([kind]) + rest, st.integers(0, 5), st.binary(max_size=40)))
def test_bytes_that_are_no_message_are_our_error(message: bytes) -> None:
    for read in (protocol.read_part, protocol.read_json):
        with suppress(LiveError):
            read(message)


@given(
    st.dictionaries(st.sampled_from(["watch", "stream", "events"]), st.none() | st.booleans() | st.integers() | st.text(max_size=5))
)
def test_any_request_is_understood_or_refused(request_fields: dict[str, object]) -> None:
    with suppress(LiveError):
        wanted = protocol.read_request(json.dumps(request_fields).encode())
        assert wanted is None or wanted[1] in protocol.STREAMS
