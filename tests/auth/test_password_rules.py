"""What is refused as a new password, and, as much, what is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.auth.commonest import commonest_passwords
from mini_nvr.auth.password_rules import PasswordFault, PasswordRefused, check_new_password, common_words, is_common
from mini_nvr.auth.passwords import one_time_password

GUESSED_FIRST = """
    password password1 Password123 P@ssw0rd p4ssw0rd! passwordpassword PASSWORD 12345678 123456789 1234567890 87654321 11111111
    00000000 12121212 123123123 abcd1234 abcdefgh qwertyuiop qwerty123 qwertzuiop azertyuiop 1qaz2wsx 1q2w3e4r 1q2w3e4r5t q1w2e3r4
    asdfghjkl asdfasdf zxcvbnm1 iloveyou iloveyou2 sunshine princess1 football baseball superman batman123 starwars trustno1
    letmein1 welcome1 Welcome2024! admin123 administrator changeme changeme123 master123 michael1 jennifer computer internet
    dragon99 monkey12 Summer2024 winter2025! 19870504 04.05.1987 1987-05-04 mininvr1 hikvision hik12345 camera123 surveillance
    aaaaaaaa abababab abcabcabc !!!!!!!! qazwsxedc 147258369 159753159753 whatever1 fuckyou1 liverpool1 chocolate secret123
""".split()

GOOD = [
    "correct horse battery staple",
    "violet tram 7",
    "orchard bicycle 12",
    "k3vq-9x2m-t7hd-w4np",
    "blaugrüner Tisch",
    "trouble with tulips",
    "xkcd9361vb",
    "Zug um 7:42 nach Ulm",
    "lighthousekeeper",
    "пароль от дачи 7",
    "海の見える駅まで歩く",
    "no spaces please, 4 words",
]


@pytest.mark.parametrize("password", GUESSED_FIRST)
def test_what_guessing_begins_with_is_refused(password: str) -> None:
    with pytest.raises(PasswordRefused, match="first that anybody would try") as caught:
        check_new_password(password, "nobody")
    assert caught.value.reason is PasswordFault.COMMON


@pytest.mark.parametrize("password", GOOD)
def test_no_composition_rules(password: str) -> None:
    check_new_password(password, "anna")


def test_our_own_one_time_passwords_would_be_accepted() -> None:
    for _ in range(200):
        check_new_password(one_time_password(), "admin")


@pytest.mark.parametrize(
    ("length", "reason"), [(7, PasswordFault.TOO_SHORT), (8, None), (128, None), (129, PasswordFault.TOO_LONG)]
)
def test_lengths(length: int, reason: PasswordFault | None) -> None:
    password = ("vexq pluto hedge mwrt oxbow 93 kz " * 4)[:length]
    if reason is None:
        check_new_password(password, "anna")
        return
    with pytest.raises(PasswordRefused) as caught:
        check_new_password(password, "anna")
    assert caught.value.reason is reason
    assert reason is PasswordFault.TOO_LONG or "at least 8 characters; 12 or more are better" in str(caught.value)


@pytest.mark.parametrize("password", ["katharina", "Katharina1", "katharinakatharina", "KATHARINA-2024"])
def test_the_name_is_no_password(password: str) -> None:
    with pytest.raises(PasswordRefused) as caught:
        check_new_password(password, "Katharina")
    assert caught.value.reason is PasswordFault.NAME


def test_a_name_within_a_longer_password_is_fine() -> None:
    check_new_password("anna likes violet trams", "anna")
    check_new_password("violet tram 7", "v")


@given(st.text(max_size=140), st.text(max_size=20))
def test_any_text_is_judged(password: str, name: str) -> None:
    try:
        check_new_password(password, name)
    except PasswordRefused as refused:
        assert len(password) < 10 or password not in str(refused)


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789", min_size=14, max_size=14))
def test_random_characters_are_hardly_ever_common(password: str) -> None:
    if is_common(password):
        assert len(set(password)) < 10 or any(word in password for word in common_words() if len(word) >= 5)


def test_the_words_are_plain() -> None:
    assert len(common_words()) > 700
    assert all(word == word.casefold() and word.isascii() and word.isalnum() for word in common_words())


def test_none_of_the_three_thousand_commonest_is_accepted() -> None:
    """Those that are too short are refused for that."""
    assert len(commonest_passwords()) >= 3_000
    for password in commonest_passwords():
        for spelling in (password, password.upper()):
            with pytest.raises(PasswordRefused):
                check_new_password(spelling, "anna")
