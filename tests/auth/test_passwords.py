"""Hashes of three kinds, input of all kinds, and the work that a check does."""

import hmac
import threading
import unicodedata

import argon2
import bcrypt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mini_nvr.auth import passwords
from mini_nvr.auth.passwords import (
    Argon2Hash,
    BcryptHash,
    Credential,
    HashingBusy,
    Passwords,
    PlainText,
    bcrypt_hash,
    is_bcrypt,
    one_time_password,
)

KEY = b"k" * 32
RIGHT = "violet tram 7"


def crypt(password: str, cost: int = 4) -> str:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(cost)).decode()


@pytest.mark.parametrize("prefix", ["$2a$", "$2b$", "$2y$"])
def test_bcrypt_hashes_of_each_origin(prefix: str) -> None:
    text = prefix + crypt(RIGHT)[4:]
    checker = Passwords(KEY, [text])
    assert is_bcrypt(text)
    assert checker.check(checker.credential(text), RIGHT)
    assert not checker.check(checker.credential(text), RIGHT + " ")


def test_plain_text_is_kept_as_a_keyed_digest() -> None:
    checker = Passwords(KEY, [RIGHT])
    credential = checker.credential(RIGHT)
    assert RIGHT not in repr(credential)
    assert RIGHT not in repr(vars(checker))
    assert checker.check(credential, RIGHT)
    assert not checker.check(credential, RIGHT.upper())
    assert Passwords(b"other key").credential(RIGHT) != credential


def test_argon2id_hashes() -> None:
    checker = Passwords(KEY)
    credential = checker.hash(RIGHT)
    assert credential.text.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert checker.check(credential, RIGHT)
    assert not checker.check(credential, RIGHT + "x")
    assert not checker.outdated(credential)
    assert checker.outdated(Argon2Hash(argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(RIGHT)))


def test_a_damaged_hash_matches_nothing() -> None:
    assert not Passwords(KEY).check(Argon2Hash("$argon2id$v=19$m=19456"), RIGHT)


def test_nobody_is_let_in_without_an_account() -> None:
    checker = Passwords(KEY, [crypt(RIGHT), RIGHT])
    assert not checker.check(None, RIGHT)
    assert not checker.check(None, "")


def test_composed_and_decomposed_letters_are_the_same_password() -> None:
    checker, text = Passwords(KEY), "Übergröße im Café"
    for credential in (checker.hash(text), checker.credential(text)):
        assert checker.check(credential, unicodedata.normalize("NFD", text))


def test_s16_bcrypt_refuses_what_it_would_not_read() -> None:
    """bcrypt 5 raises above 72 bytes; earlier ones ignored what follows, so any ending would have been right."""
    longest = "ä" * 36
    text = crypt(longest)
    checker = Passwords(KEY, [text])
    assert checker.check(checker.credential(text), longest)
    assert not checker.check(checker.credential(text), longest + "x")
    with pytest.raises(ValueError, match="72"):
        bcrypt_hash(longest + "x")


@settings(max_examples=25)
@given(st.text(max_size=300))
@pytest.mark.parametrize("kind", ["plain", "bcrypt", "argon2"])
def test_s16_any_input_is_answered(kind: str, tried: str) -> None:
    checker, credential = CHECKERS[kind]
    assert checker.check(credential, tried) is (tried == RIGHT)


@pytest.mark.parametrize("tried", ["\x00", "violet tram 7\x00", "\ud800", "x" * 100_000, "\U0001f511" * 128])
def test_s16_hostile_input_is_answered(tried: str) -> None:
    for checker, credential in CHECKERS.values():
        assert checker.check(credential, tried) is False


def test_s16_a_password_longer_than_the_longest_is_never_right() -> None:
    longest = "x" * 128
    checker = Passwords(KEY, [longest])
    for credential in (checker.credential(longest), checker.hash(longest)):
        assert checker.check(credential, longest)
        assert not checker.check(credential, longest + "x")


def _kinds() -> dict[str, tuple[Passwords, Credential]]:
    hashed = crypt(RIGHT)
    checker = Passwords(KEY, [hashed])
    return {
        "plain": (Passwords(KEY), checker.credential(RIGHT)),
        "bcrypt": (checker, checker.credential(hashed)),
        "argon2": (Passwords(KEY), checker.hash(RIGHT)),
    }


CHECKERS = _kinds()


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What expensive calls a check made, in order: kind and cost."""
    calls: list[str] = []
    checkpw, verify, digest = bcrypt.checkpw, argon2.PasswordHasher.verify, hmac.digest

    def counted_checkpw(password: bytes, hashed: bytes) -> bool:
        calls.append(f"bcrypt {hashed[4:6].decode()}")
        return checkpw(password, hashed)

    def counted_verify(self: argon2.PasswordHasher, hashed: str, password: bytes) -> bool:
        calls.append(f"argon2 {hashed.split('$')[3]}")
        return verify(self, hashed, password)

    def counted_digest(key: bytes, message: bytes, name: str) -> bytes:
        calls.append(f"hmac {name}")
        return digest(key, message, name)

    monkeypatch.setattr(bcrypt, "checkpw", counted_checkpw)
    monkeypatch.setattr(argon2.PasswordHasher, "verify", counted_verify)
    monkeypatch.setattr(hmac, "digest", counted_digest)
    return calls


@pytest.mark.parametrize("tried", [RIGHT, "wrong", "", "x" * 100, "x" * 500, "ä" * 80])
@pytest.mark.parametrize("account", ["plain", "bcrypt 4", "bcrypt 5", "argon2", "none"])
def test_s15_every_check_does_the_same_work(account: str, tried: str, work: list[str]) -> None:
    configured = [RIGHT, crypt(RIGHT, 4), crypt(RIGHT, 5)]
    checker = Passwords(KEY, configured)
    plain, four, five = map(checker.credential, configured)
    accounts = {"plain": plain, "bcrypt 4": four, "bcrypt 5": five, "argon2": checker.hash(RIGHT), "none": None}
    work.clear()
    checker.check(accounts[account], tried)
    assert work == ["hmac sha256", "argon2 m=19456,t=2,p=1", "bcrypt 04", "bcrypt 05"]


def test_stand_ins_are_made_without_the_work_of_the_configured_cost() -> None:
    Passwords(KEY, ["$2b$31$" + "a" * 53])  # hashing at this cost would take days


@pytest.mark.parametrize(("waiting", "patience_s"), [(1, 0.01), (0, 60.0)])
def test_at_most_so_many_hash_at_once(waiting: int, patience_s: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who may wait gives up after a while, who may not fails at once: a flood holds few threads."""
    monkeypatch.setattr(passwords, "_PATIENCE_S", patience_s)
    checker = Passwords(KEY, at_once=1, waiting=waiting)
    inside, go_on = threading.Event(), threading.Event()

    def slow(_credential: object, _password: str) -> bool:
        inside.set()
        return go_on.wait(60)

    monkeypatch.setattr(checker, "_check_plain", slow)
    thread = threading.Thread(target=checker.check, args=(None, "x"))
    thread.start()
    assert inside.wait(60)
    with pytest.raises(HashingBusy, match="try again"):
        checker.hash("y")
    assert not go_on.is_set()
    go_on.set()
    thread.join()
    checker.hash("y")


def test_one_time_passwords_are_long_legible_and_different() -> None:
    made = {one_time_password() for _ in range(100)}
    assert len(made) == 100
    assert all(len(text) == 19 and text.count("-") == 3 and not set(text) & set("01loi") for text in made)


def test_the_credential_types_tell_their_kind() -> None:
    checker = Passwords(KEY)
    assert isinstance(checker.credential("plain text"), PlainText)
    assert isinstance(checker.credential(crypt("x")), BcryptHash)
    assert BcryptHash(crypt("x", 6).encode()).cost == 6
