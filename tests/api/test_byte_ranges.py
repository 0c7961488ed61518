"""`Range` headers, RFC 9110 section 14."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.api.byte_ranges import Span, Unsatisfiable, applies, matches, parse_range


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (None, None),
        ("bytes=0-0", (0, 1)),
        ("bytes=0-", (0, 100)),
        ("bytes=10-19", (10, 20)),
        ("bytes=90-200", (90, 100)),
        ("bytes=-1", (99, 100)),
        ("bytes=-1000", (0, 100)),
        ("BYTES = 5-6", (5, 7)),
        ("items=0-1", None),
        ("bytes", None),
        ("bytes=", None),
        ("bytes=-", None),
        ("bytes=5-4", None),
        ("bytes=a-b", None),
        ("bytes=1-2-3", None),
        ("bytes=+1-2", None),
        ("bytes=0x1-2", None),
        ("bytes=" + "1" * 80 + "-", None),
    ],
)
def test_what_a_header_asks_for(header: str | None, found: tuple[int, int] | None) -> None:
    span = parse_range(header, 100)
    assert (None if span is None else (span.start, span.end)) == found


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0", "bytes=0-1,5-6", "bytes=0-1,", "bytes=,"])
def test_what_cannot_be_served(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        parse_range(header, 100)


@pytest.mark.parametrize("header", ["bytes=0-", "bytes=-5", "bytes=0-0"])
def test_an_empty_file_has_no_range(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        parse_range(header, 0)


def test_the_header_of_the_answer() -> None:
    assert Span(10, 20, 100).content_range == "bytes 10-19/100"
    assert Span(10, 20, 100).length == 10


@given(header=st.one_of(st.text(max_size=80), st.from_regex(r"bytes=[0-9,-]{0,30}")), size=st.integers(0, 1 << 40))
def test_whatever_comes_the_span_lies_inside(header: str, size: int) -> None:
    try:
        span = parse_range(header, size)
    except Unsatisfiable:
        return
    assert span is None or 0 <= span.start < span.end <= size


def test_conditions() -> None:
    assert applies(None, '"a"')
    assert applies('"a"', '"a"')
    assert not applies('"b"', '"a"')
    assert not applies("Sun, 22 Nov 2026 08:00:00 GMT", '"a"')
    assert matches('"b", W/"a"', '"a"')
    assert matches("*", '"a"')
    assert not matches('"b"', '"a"')
    assert not matches(None, '"a"')
