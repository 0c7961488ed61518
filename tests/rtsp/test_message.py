"""Messages as cameras write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.rtsp.errors import ProtocolViolation
from mini_nvr.rtsp.message import (
    MAX_BODY_BYTES,
    Response,
    ServerRequest,
    Session,
    format_answer,
    format_request,
    parse_head,
    parse_interleaved,
    parse_session,
)

HIKVISION_401 = (
    b"RTSP/1.0 401 Unauthorized\r\nCSeq: 2\r\n"
    b'WWW-Authenticate: Digest realm="IP Camera(E0621)", nonce="67d6a8b0f1e2", stale="FALSE"\r\n'
    b'WWW-Authenticate: Basic realm="IP Camera(E0621)"\r\nDate:  Sun, Nov 22 2026 10:00:00 GMT'
)


def test_repeated_headers_are_all_kept() -> None:
    message, body_bytes = parse_head(HIKVISION_401)
    assert isinstance(message, Response)
    assert (message.status, message.reason, body_bytes) == (401, "Unauthorized", 0)
    assert [value.split()[0] for value in message.headers.all("www-authenticate")] == ["Digest", "Basic"]
    assert message.headers.integer("cseq") == 2


@pytest.mark.parametrize(
    ("head", "status", "length"),
    [
        (b"RTSP/1.0 200 OK\nCSeq:1\nContent-length : 12", 200, 12),
        (b"RTSP/1.0 200\r\nCSeq: 1", 200, 0),
        (b"RTSP/1.0 200 OK\r\nX-Folded: a\r\n  b\r\nno colon here\r\nContent-Length: many", 200, 0),
        (b"RTSP/1.0 454 Session Not Found \r\n\xff\xfe: \xff", 454, 0),
    ],
)
def test_sloppy_answers_are_read(head: bytes, status: int, length: int) -> None:
    message, body_bytes = parse_head(head)
    assert isinstance(message, Response)
    assert (message.status, body_bytes) == (status, length)


def test_requests_of_the_server_are_answered_with_their_number_and_session() -> None:
    message, _ = parse_head(b"SET_PARAMETER rtsp://cam/ RTSP/1.0\r\nCSeq: 9\r\nSession: 42")
    assert isinstance(message, ServerRequest)
    assert format_answer(message, 200, "OK").split(b"\r\n")[:3] == [b"RTSP/1.0 200 OK", b"CSeq: 9", b"Session: 42"]


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"HTTP/1.1 200 OK",
        b"RTSP/1.0 2000 OK",
        b"OPTIONS rtsp://cam/",
        b"RTSP/1.0 200 OK\r\nContent-Length: %d" % (MAX_BODY_BYTES + 1),
        b"RTSP/1.0 200 OK" + b"\r\nA: b" * 200,
    ],
)
def test_what_is_no_message_or_too_large_is_a_violation(head: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        parse_head(head)


@given(st.one_of(st.binary(max_size=200), st.binary(max_size=200).map(lambda rest: b"RTSP/1.0 200 " + rest)))
def test_any_bytes_parse_or_are_a_violation(head: bytes) -> None:
    try:
        _, length = parse_head(head)
    except ProtocolViolation:
        return
    assert 0 <= length <= MAX_BODY_BYTES


def test_a_request_is_written_as_the_standard_says() -> None:
    assert format_request("OPTIONS", "rtsp://cam/x", 3, [("Session", "42")]) == (
        b"OPTIONS rtsp://cam/x RTSP/1.0\r\nCSeq: 3\r\nUser-Agent: mini-nvr\r\nSession: 42\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("value", "session"),
    [
        ("12345678", Session("12345678", 60)),
        ("12345678;timeout=30", Session("12345678", 30)),
        (' a.b-c ; Timeout = "90"', Session("a.b-c", 90)),
        ("x;timeout=0", Session("x", 60)),
        ("x;timeout=1", Session("x", 4)),
        ("x;timeout=999999999", Session("x", 3600)),
        ("x;timeout=soon", Session("x", 60)),
    ],
)
def test_session(value: str, session: Session) -> None:
    assert parse_session(value) == session


@pytest.mark.parametrize(
    ("transport", "channels"),
    [
        ("RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=1A2B", (0, 1)),
        ("RTP/AVP/TCP;interleaved=6", (6, 7)),
        ("RTP/AVP/TCP; Interleaved = 2 - 3", (2, 3)),
        ("RTP/AVP/TCP;interleaved=255", None),
        ("RTP/AVP/TCP;interleaved=4-4", None),
        ("RTP/AVP/TCP;interleaved=900-901", None),
        ("RTP/AVP;client_port=5000-5001", None),
    ],
)
def test_interleaved(transport: str, channels: tuple[int, int] | None) -> None:
    assert parse_interleaved(transport) == channels
