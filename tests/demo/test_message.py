"""Requests are read, or refused with our error, whatever the client sends."""

import asyncio
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.demo.message import MAX_HEADER_BYTES, BadRequestError, Request, offered_channel, parse_request, read_request, response


def reader_with(data: bytes) -> asyncio.StreamReader:
    reader = asyncio.StreamReader(limit=MAX_HEADER_BYTES)
    reader.feed_data(data)
    reader.feed_eof()
    return reader


async def test_requests_and_packets_are_read_from_one_stream() -> None:
    rtcp = b"$\x01\x00\x04abcd"
    first = b"SET_PARAMETER rtsp://cam/stream1 RTSP/1.0\r\nCSeq: 4\r\nContent-Length: 3\r\n\r\nabc"
    reader = reader_with(rtcp + first + b"OPTIONS * RTSP/1.0\r\n\r\n")
    assert await read_request(reader) is None
    request = await read_request(reader)
    assert request is not None
    assert (request.method, request.headers["cseq"], request.path()) == ("SET_PARAMETER", "4", ("stream1",))
    last = await read_request(reader)
    assert last is not None
    assert last.method == "OPTIONS"


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"PLAY\r\n\r\n",
        b"PLAY rtsp://[::1 RTSP/1.0\r\n\r\n",
        b"PLAY rtsp://a RTSP/1.0\r\nno colon\r\n\r\n",
        b"PLAY rtsp://a RTSP/1.0\r\nContent-Length: -5\r\n\r\n",
        b"PLAY rtsp://a RTSP/1.0\r\nContent-Length: 99999999\r\n\r\n",
        "PLAY rtsp://a RTSP/1.0\r\nContent-Length: ٣\r\n\r\n".encode(),
        b"PLAY rtsp://a RTSP/1.0\r\nA: " + b"x" * 2 * MAX_HEADER_BYTES + b"\r\n\r\n",
    ],
)
async def test_what_is_no_request_is_refused(data: bytes) -> None:
    with pytest.raises(BadRequestError):
        await read_request(reader_with(data))


@given(st.binary(max_size=200) | st.binary(max_size=80).map(lambda tail: b"PLAY rtsp://a/b RTSP/1.0\r\n" + tail + b"\r\n\r\n"))
def test_any_bytes_end_in_a_request_or_our_error(data: bytes) -> None:
    async def read_all() -> None:
        reader = reader_with(data)
        with contextlib.suppress(asyncio.IncompleteReadError, BadRequestError):
            while True:
                request = await read_request(reader)
                if request is not None:
                    request.path()

    asyncio.run(read_all())


def test_the_path_is_decoded_in_parts() -> None:
    assert Request("SETUP", "rtsp://h:1/stream1/trackID=0?x=1").path() == ("stream1", "trackID=0")
    assert Request("PLAY", "rtsp://h/a%2Fb/").path() == ("a/b",)
    assert parse_request("OPTIONS * RTSP/1.0").path() == ("*",)


def test_an_answer_repeats_the_sequence_number_and_counts_its_body() -> None:
    request = Request("DESCRIBE", "rtsp://h/s", {"cseq": "9"})
    head, _, body = response(200, request, {"Content-Type": "text/plain"}, "é\r\n").partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[0] == b"RTSP/1.0 200 OK"
    assert b"CSeq: 9" in head
    assert b"Content-Length: 3" in head
    assert body == b"\xe9\r\n"


@pytest.mark.parametrize(
    ("transport", "channel"),
    [
        ("RTP/AVP/TCP;unicast;interleaved=4-5", 4),
        ("RTP/AVP;unicast;client_port=5000-5001,RTP/AVP/TCP;interleaved=2-3", 2),
        ("rtp/avp/tcp;unicast", 6),
        ("RTP/AVP;unicast;client_port=5000-5001", None),
        ("RTP/AVP/TCP;interleaved=255-256", None),
        ("", None),
    ],
)
def test_the_first_tcp_offer_counts(transport: str, channel: int | None) -> None:
    assert offered_channel(transport, 6) == channel
