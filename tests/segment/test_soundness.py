"""What tells a part that the recorder wrote from one whose pages were lost."""

import pytest

from mini_nvr.segment.soundness import holds_zero_page, is_nal_chain


@pytest.mark.parametrize(
    ("data", "sound"),
    [
        (b"", False),
        (b"\0\0\0\x01a", True),
        (b"\0\0\0\x01a\0\0\0\x02bc", True),
        (b"\0\0\0\x01a\0\0\0\x02b", False),
        (b"\0\0\0\x01a\0\0\0", False),
        (b"\0\0\0\0", False),
        (b"\0\0\0\x01a\0\0\0\0", False),
        (bytes(100), False),
        (b"\xff\xff\xff\xffa", False),
    ],
)
def test_nal_chains(data: bytes, sound: bool) -> None:
    assert is_nal_chain(data, 0, len(data)) is sound
    assert is_nal_chain(b"before" + data, 6, 6 + len(data)) is sound


@pytest.mark.parametrize(
    ("offset", "data", "found"),
    [
        (0, bytes(4_096), True),
        (0, bytes(4_095), False),
        (1, bytes(8_000), False),
        (1, bytes(8_191), True),
        (4_000, b"x" * 96 + bytes(4_096) + b"x", True),
        (4_000, b"x" * 97 + bytes(4_096) + b"x", False),
        (0, b"", False),
    ],
)
def test_pages_of_zeros(offset: int, data: bytes, found: bool) -> None:
    assert holds_zero_page(data, offset) is found
