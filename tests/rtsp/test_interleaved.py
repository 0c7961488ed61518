"""Messages and packets out of one byte stream, however it is cut and whatever stands in between."""

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mini_nvr.rtsp.errors import ProtocolViolation
from mini_nvr.rtsp.interleaved import BUFFER_BYTES, MAX_GARBAGE_BYTES, MIN_READ_BYTES, Demultiplexer, PacketHandler
from mini_nvr.rtsp.message import MAX_BODY_BYTES, MAX_HEAD_BYTES, Response, ServerRequest

Event = tuple[str, bytes]


class Stream:
    """Feeds a demultiplexer whose channels 0 and 1 are registered, and keeps what comes out."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.demultiplexer = Demultiplexer(self.message)
        self.demultiplexer.register(0, self.handler("$0"))
        self.demultiplexer.register(1, self.handler("$1"))

    def message(self, message: Response | ServerRequest) -> None:
        name = str(message.status) if isinstance(message, Response) else message.method
        self.events.append((name, message.body))

    def handler(self, name: str) -> PacketHandler:
        return lambda data, start, end, _: self.events.append((name, bytes(data[start:end])))

    def feed(self, *chunks: bytes) -> list[Event]:
        for chunk in chunks:
            position = 0
            while position < len(chunk):
                room = self.demultiplexer.room()
                count = min(len(room), len(chunk) - position)
                room[:count] = chunk[position : position + count]
                self.demultiplexer.received(count, 0)
                position += count
        return self.events


def packet(channel: int, content: bytes) -> bytes:
    return b"$" + bytes((channel,)) + len(content).to_bytes(2) + content


RTP = b"\x80" + bytes(range(40))
RESPONSE = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 4\r\n\r\nbody"
REQUEST = b"SET_PARAMETER rtsp://cam/ RTSP/1.0\r\nCSeq: 1\r\n\r\n"
ITEMS: list[tuple[bytes, Event]] = [
    (packet(0, RTP), ("$0", RTP)),
    (packet(1, b"\x80\xc8\x00\x00"), ("$1", b"\x80\xc8\x00\x00")),
    (packet(0, b"\xa0" + b"RTSP/1.0 $\x00" * 600), ("$0", b"\xa0" + b"RTSP/1.0 $\x00" * 600)),
    (packet(0, b"\x80" * 65_535), ("$0", b"\x80" * 65_535)),
    (RESPONSE, ("200", b"body")),
    (REQUEST, ("SET_PARAMETER", b"")),
    (b"RTSP/1.0 200 OK\nCSeq: 2\n\n", ("200", b"")),
]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(ITEMS), max_size=12), st.data())
def test_the_same_things_come_out_however_the_stream_is_cut(items: list[tuple[bytes, Event]], data: st.DataObject) -> None:
    stream = b"".join(wire for wire, _ in items)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    chunks = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert Stream().feed(*chunks) == [event for _, event in items]


def test_one_byte_at_a_time() -> None:
    items = [item for item in ITEMS if len(item[0]) < 1000]
    stream = b"".join(wire for wire, _ in items)
    assert Stream().feed(*(bytes((byte,)) for byte in stream)) == [event for _, event in items]


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x00",
        b"\x00\x01\x02rubbish",
        b"$",
        b"$\x00\x00\x05abcde",  # no RTP version
        b"$\x09\x00\x05abcde",  # a channel nobody asked for
        b"RTSP/1.x ",
        b"\r\n\r\n",
        b"$\x00\x00\x00",  # an empty packet
        b"Z" * 60_000,
    ],
)
@pytest.mark.parametrize("following", [ITEMS[0], ITEMS[4]])
def test_it_goes_on_after_garbage(garbage: bytes, following: tuple[bytes, Event]) -> None:
    wire, event = following
    stream = Stream()
    assert stream.feed(ITEMS[0][0] + garbage + wire)[-1] == event


def test_packets_of_unknown_channels_are_skipped_whole() -> None:
    stream = Stream()
    assert stream.feed(packet(7, RTP) + packet(0, RTP)) == [("$0", RTP)]
    assert (stream.demultiplexer.stray_packets, stream.demultiplexer.garbage_bytes) == (1, 0)


def test_garbage_is_counted_and_ends_the_patience_at_64_kib() -> None:
    stream = Stream()
    stream.feed(b"Z" * MAX_GARBAGE_BYTES)
    assert stream.demultiplexer.garbage_bytes == MAX_GARBAGE_BYTES
    with pytest.raises(ProtocolViolation):
        stream.feed(b"Z" * 8)


def test_a_port_that_speaks_http_is_named() -> None:
    with pytest.raises(ProtocolViolation, match="HTTP"):
        Stream().feed(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def test_a_head_without_end_is_garbage() -> None:
    stream = Stream()
    assert stream.feed(b"RTSP/1.0 200 OK\r\n" + b"A: b\r\n" * (MAX_HEAD_BYTES // 6) + packet(0, RTP)) == [("$0", RTP)]
    assert stream.demultiplexer.garbage_bytes > 0


def test_whatever_must_stand_in_the_buffer_whole_fits() -> None:
    assert MAX_HEAD_BYTES + MAX_BODY_BYTES + MIN_READ_BYTES <= BUFFER_BYTES
    body = b"x" * MAX_BODY_BYTES
    message = b"RTSP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    assert Stream().feed(*[message] * 5) == [("200", body)] * 5


def test_muted_channels_are_silent() -> None:
    stream = Stream()
    stream.feed(packet(0, RTP))
    stream.demultiplexer.mute()
    assert stream.feed(packet(0, RTP) + packet(9, RTP) + RESPONSE) == [("$0", RTP), ("200", b"body")]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(st.binary(max_size=60), st.sampled_from([wire[:200] for wire, _ in ITEMS])), max_size=20))
def test_any_bytes_are_survived_or_a_violation(chunks: list[bytes]) -> None:
    stream = Stream()
    try:
        stream.feed(*chunks)
    except ProtocolViolation:
        return
    assert stream.demultiplexer.garbage_bytes <= sum(map(len, chunks))


def test_what_was_released_holds_no_memory() -> None:
    """A camera that comes and goes would otherwise cost a buffer each time, until the collector looks."""
    demultiplexer = Demultiplexer(lambda message: None)
    buffer = demultiplexer.room().obj
    before = sys.getrefcount(buffer)
    demultiplexer.release()
    assert sys.getrefcount(buffer) <= before - 2, "the buffer and the view of it are still held"
