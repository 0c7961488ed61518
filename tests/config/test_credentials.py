"""Passwords, hashes and the secret key."""

import secrets

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mini_nvr.config.credentials import KEY_COMMAND, Password, SecretKey, SignInPassword
from mini_nvr.config.problems import Refused

HASH = "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW"


@pytest.mark.parametrize(
    "text", [HASH, HASH.replace("2b", "2a"), HASH.replace("2b", "2y"), "12345678", "x", "x" * 128, "pa$$ word ü"]
)
def test_a_sign_in_password_is_kept_as_it_is(text: str) -> None:
    assert SignInPassword().parse(text).get_secret_value() == text


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("x" * 129, "too long"),
        (HASH[:-1], r"single quotes.*pass1='\$2b"),
        (HASH + "x", "60 characters"),
        (HASH.replace("2b", "2x"), "bcrypt"),
        (HASH.replace("$12$", "$99$"), "bcrypt"),
        (HASH.replace("$", "$$"), r"each \$ once"),
        ("$2b", "bcrypt"),
    ],
)
def test_a_sign_in_password_is_refused(text: str, wrong: str) -> None:
    with pytest.raises(Refused, match=wrong) as caught:
        SignInPassword().parse(text)
    assert text not in str(caught.value) or text == "$2b"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("changeme", "placeholder"),
        ("change-me-" * 5, "placeholder"),
        ("your-secret-key-here-0123456789abcdef", "placeholder"),
        ("please replace this with something random", "placeholder"),
        ("a" * 64, "placeholder"),
        ("0123" * 16, "placeholder"),
        ("kB8s-1Zq", "too short"),
        ("kB8s-1ZqPw0LmX93vNcR5tYu7iOaEdF", r"too short \(31"),
    ],
)
def test_a_weak_key_is_refused(text: str, wrong: str) -> None:
    with pytest.raises(Refused, match=wrong):
        SecretKey().parse(text)
    assert KEY_COMMAND in SecretKey().allowed


@settings(deadline=None)
@given(st.binary(min_size=16, max_size=64).filter(lambda raw: len(set(raw)) > 12))
def test_a_random_hexadecimal_key_is_taken(raw: bytes) -> None:
    assert SecretKey().parse(raw.hex()).get_secret_value() == raw.hex()


def test_the_recommended_key_is_taken() -> None:
    for _ in range(200):
        SecretKey().parse(secrets.token_urlsafe(48))


def test_a_camera_password_may_be_short_but_not_endless() -> None:
    assert Password().parse("1").get_secret_value() == "1"
    with pytest.raises(Refused, match="too long"):
        Password().parse("x" * 257)
