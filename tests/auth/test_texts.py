import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.auth.texts import account_key, clean


@pytest.mark.parametrize(
    ("one", "other"), [("Anna", "anna"), (" anna ", "anna"), ("A\u0308nne", "änne"), ("STRASSE", "straße"), ("ΣΊΣΥΦΟΣ", "σίσυφος")]
)
def test_names_that_are_one(one: str, other: str) -> None:
    assert account_key(one) == account_key(other)


@pytest.mark.parametrize("name", ["", " ", "x" * 129, "an\nna", "an\x00na", "an\u200bna", "\u202eanna", "\ud800", "an\u2028na"])
def test_names_that_nobody_can_have(name: str) -> None:
    assert account_key(name) is None


@given(st.text())
def test_keys_are_stable_and_storable(name: str) -> None:
    if (key := account_key(name)) is not None:
        assert account_key(key) == key
        key.encode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Firefox 140", "Firefox 140"),
        ("a\nb\tc", "a\ufffdb\ufffdc"),
        ("  a   b ", "a b"),
        ("abcdefghijklm", "abcdefghijk\u2026"),
        ("", ""),
    ],
)
def test_clean(text: str, shown: str) -> None:
    assert clean(text, 12) == shown


@given(st.text(), st.integers(1, 50))
def test_clean_text_is_short_visible_and_storable(text: str, longest: int) -> None:
    cleaned = clean(text, longest)
    assert len(cleaned) <= longest
    cleaned.encode()
    assert not set(cleaned) & set("\n\r\t\x00\x1b\x7f\u2028\u2029\u202e")
