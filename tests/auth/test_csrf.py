import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.auth.csrf import csrf_matches, csrf_token

KEY = b"k" * 32
SESSION = "ab" * 32
ODD = st.one_of(st.none(), st.text(), st.binary(), st.integers(), st.booleans(), st.lists(st.text()), st.floats())


def test_s9_the_token_is_bound_to_session_and_key() -> None:
    token = csrf_token(KEY, SESSION)
    assert csrf_matches(KEY, SESSION, token)
    assert not csrf_matches(KEY, "cd" * 32, token)
    assert not csrf_matches(b"other", SESSION, token)
    assert SESSION not in token


def test_the_token_fits_a_cookie_and_a_header() -> None:
    token = csrf_token(KEY, SESSION)
    assert len(token) == 43
    assert token.replace("-", "").replace("_", "").isalnum()
    assert token.isascii()


@pytest.mark.parametrize("change", [str.lower, str.upper, str.swapcase, lambda t: t + "=", lambda t: t[:-1], lambda t: " " + t])
def test_s9_nothing_but_the_token_itself_matches(change: object) -> None:
    assert callable(change)
    assert not csrf_matches(KEY, SESSION, change(csrf_token(KEY, SESSION)))


@given(ODD)
def test_s12_odd_values_match_nothing_and_raise_nothing(value: object) -> None:
    assert csrf_matches(KEY, SESSION, value) is False
