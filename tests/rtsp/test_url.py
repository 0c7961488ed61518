"""Addresses: user info out, control attributes in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.rtsp.errors import InvalidUrl, UnsupportedScheme
from mini_nvr.rtsp.url import Credentials, parse, resolve, without_user_info


@pytest.mark.parametrize(
    ("url", "host", "port", "request_uri", "credentials"),
    [
        ("rtsp://cam/live", "cam", 554, "rtsp://cam/live", None),
        ("RTSP://cam:8554", "cam", 8554, "rtsp://cam:8554", None),
        ("rtsp://u:p@cam/a?b=c&d=1", "cam", 554, "rtsp://cam/a?b=c&d=1", Credentials("u", "p")),
        ("rtsp://u:p%40ss%3Aw%2Frd@cam:1/x", "cam", 1, "rtsp://cam:1/x", Credentials("u", "p@ss:w/rd")),
        ("rtsp://u:p@ss@cam/x", "cam", 554, "rtsp://cam/x", Credentials("u", "p@ss")),
        ("rtsp://u@cam/x", "cam", 554, "rtsp://cam/x", Credentials("u", "")),
        ("rtsp://[fe80::1]:99/x", "fe80::1", 99, "rtsp://[fe80::1]:99/x", None),
        ("rtsp://cam/x#part", "cam", 554, "rtsp://cam/x", None),
        ("rtsp://cam/%41%2f", "cam", 554, "rtsp://cam/%41%2f", None),
    ],
)
def test_parse(url: str, host: str, port: int, request_uri: str, credentials: Credentials | None) -> None:
    found = parse(url)
    assert (found.host, found.port, found.request_uri, found.credentials) == (host, port, request_uri, credentials)


@pytest.mark.parametrize(
    "url",
    [
        "http://cam/",
        "rtsps://cam/",
        "rtsp://",
        "rtsp://u:p@/x",
        "rtsp://cam:0/",
        "rtsp://cam:65536/",
        "rtsp://cam:12x/",
        "rtsp://u:secret/word@cam/",
        "rtsp://[::1/x",
        "rtsp://cam/a b",
        "rtsp://cam/\r\nX: y",
        "rtsp://us%0d%0aX:y@cam/",
        "rtsp://cam/" + "x" * 5000,
    ],
)
def test_unusable_addresses_are_refused_without_repeating_them(url: str) -> None:
    with pytest.raises(InvalidUrl) as caught:
        parse(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["rtsps", "RTSPS", "http", "https"])
def test_another_protocol_is_named_with_what_to_do(scheme: str) -> None:
    with pytest.raises(UnsupportedScheme) as caught:
        parse(f"{scheme}://anna:secret@cam:322/live")
    assert str(caught.value).startswith(f"{scheme.lower()}:// is not supported, only rtsp://")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["", "cam/live", "://cam", "my secret://cam", "secret" * 9 + "://cam"])
def test_what_is_no_scheme_is_not_repeated(url: str) -> None:
    with pytest.raises(InvalidUrl) as caught:
        parse(url)
    assert "secret" not in str(caught.value)


def test_no_password_in_a_repr() -> None:
    assert "hunter2" not in repr(parse("rtsp://u:hunter2@cam/"))


@pytest.mark.parametrize(
    ("base", "control", "expected"),
    [
        ("rtsp://cam/live/", "trackID=1", "rtsp://cam/live/trackID=1"),
        ("rtsp://cam/live", "trackID=1", "rtsp://cam/live/trackID=1"),
        ("rtsp://cam/live?a=1&b=2", "trackID=0", "rtsp://cam/live?a=1&b=2/trackID=0"),
        ("rtsp://cam/live", "*", "rtsp://cam/live"),
        ("rtsp://cam/live", None, "rtsp://cam/live"),
        ("rtsp://cam/live", "", "rtsp://cam/live"),
        ("rtsp://cam/live", "rtsp://10.0.0.9:554/live/track1?x=y", "rtsp://10.0.0.9:554/live/track1?x=y"),
        ("rtsp://cam/live", "RTSP://u:p@10.0.0.9/track1", "rtsp://10.0.0.9/track1"),
        ("rtsp://cam:8554/live/x", "/other/track1", "rtsp://cam:8554/other/track1"),
    ],
)
def test_resolve(base: str, control: str | None, expected: str) -> None:
    assert resolve(base, control) == expected


@pytest.mark.parametrize("control", ["track 1", "track\r1", "x" * 5000])
def test_controls_that_would_break_the_request_line_are_refused(control: str) -> None:
    with pytest.raises(InvalidUrl):
        resolve("rtsp://cam/", control)


@given(st.text(max_size=80))
def test_any_text_parses_or_is_refused(text: str) -> None:
    for url in (text, "rtsp://" + text):
        try:
            found = parse(url)
        except InvalidUrl:
            continue
        assert without_user_info(found.request_uri) == found.request_uri
