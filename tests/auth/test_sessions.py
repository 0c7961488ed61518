"""When a session is over, as a table; and what may be a token."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.auth.sessions import EndCause, SessionPolicy, due, is_session_id, new_token, over, session_id, surplus
from mini_nvr.catalog.account_rows import SessionRow
from mini_nvr.clock import US_PER_S

T = 1_772_371_800 * US_PER_S
MINUTE = 60
HOUR = 3_600
POLICY = SessionPolicy()


def row(*, age_s: int = 0, idle_s: int = 0, ended: str | None = None, number: int = 0) -> SessionRow:
    ended_utc_us = T if ended is not None else None
    since, seen = T - age_s * US_PER_S, T - idle_s * US_PER_S
    return SessionRow(f"{number:064x}", "anna", "anna", "credential", since, seen, "192.0.2.1", "Firefox", ended_utc_us, ended)


@pytest.mark.parametrize(
    ("session", "credential", "cause"),
    [
        (row(), "credential", None),
        (row(age_s=12 * HOUR - 1), "credential", None),
        (row(age_s=12 * HOUR), "credential", EndCause.EXPIRED),
        (row(age_s=HOUR, idle_s=30 * MINUTE - 1), "credential", None),
        (row(age_s=HOUR, idle_s=30 * MINUTE), "credential", EndCause.IDLE),
        (row(age_s=-59), "credential", None),
        (row(age_s=-61), "credential", EndCause.EXPIRED),
        (row(), "another", EndCause.PASSWORD_CHANGED),
        (row(), None, EndCause.DISABLED),
        (row(ended="signed out"), "credential", EndCause.SIGNED_OUT),
        (row(ended="signed in elsewhere"), "credential", EndCause.SIGNED_IN_ELSEWHERE),
        (row(ended="a cause of a later version"), "credential", EndCause.EXPIRED),
    ],
)
def test_s13_why_a_session_is_over(session: SessionRow, credential: str | None, cause: EndCause | None) -> None:
    assert over(session, credential, T, POLICY) is cause


def test_s13_limits_come_from_the_policy() -> None:
    assert over(row(idle_s=MINUTE), "credential", T, SessionPolicy(idle_s=MINUTE)) is EndCause.IDLE
    assert over(row(age_s=MINUTE), "credential", T, SessionPolicy(absolute_s=MINUTE)) is EndCause.EXPIRED


@pytest.mark.parametrize(
    ("open_sessions", "ended"),
    [
        ([], []),
        ([row(number=n) for n in range(4)], []),
        ([row(number=n) for n in range(5)], [0]),
        ([row(number=n) for n in range(7)], [0, 1, 2]),
        ([row(number=0, idle_s=HOUR), *(row(number=n) for n in range(1, 5))], []),
        ([row(number=0, idle_s=HOUR), *(row(number=n) for n in range(1, 6))], [1]),
    ],
)
def test_s13_the_oldest_of_the_living_make_room(open_sessions: list[SessionRow], ended: list[int]) -> None:
    assert surplus(open_sessions, T, POLICY) == [f"{number:064x}" for number in ended]


@pytest.mark.parametrize(("idle_s", "worth"), [(0, False), (59, False), (60, True), (-60, True)])
def test_use_is_stored_once_a_minute(idle_s: int, worth: bool) -> None:
    assert due(row(idle_s=idle_s), T, POLICY) is worth


def test_s13_tokens_hold_256_bits_and_ids_do_not_hold_them() -> None:
    tokens = {new_token() for _ in range(50)}
    assert len(tokens) == 50
    for token in tokens:
        name = session_id(token)
        assert is_session_id(name)
        assert name is not None
        assert token not in name


@pytest.mark.parametrize("token", ["", "x" * 42, "x" * 44, "é" * 43, "x" * 42 + "\n", " " * 43, "x" * 42 + "\u0661"])
def test_s12_what_is_no_token_has_no_id(token: str) -> None:
    assert session_id(token) is None


@given(st.one_of(st.none(), st.text(), st.binary(), st.integers(), st.lists(st.text()), st.dictionaries(st.text(), st.text())))
def test_s12_anything_may_be_asked(value: object) -> None:
    assert session_id(value) is None
    assert not is_session_id(value)
