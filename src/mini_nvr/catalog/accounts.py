"""Users, sessions, audit records and throttle counters: every query about them, each method one transaction.

Nothing is decided here: what a row means, and when it is due, is the business of `mini_nvr.auth`. Calls block on the disk, so they
belong on a thread. Methods raise `CatalogError`.
"""

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from mini_nvr.catalog.account_rows import AuditRow, SessionRow, ThrottleRow, UserRow
from mini_nvr.catalog.change_mark import Mark
from mini_nvr.catalog.engine import Database
from mini_nvr.catalog.schema import audit, sessions, throttle, users

Verdict = TypeVar("Verdict")
Throttles = Mapping[str, ThrottleRow]

_SESSION_AND_USER = (
    select(sessions, *(column.label(f"users_{column.name}") for column in users.columns))
    .outerjoin(users, users.c.key == sessions.c.user_key)
    .where(sessions.c.id == bindparam("session"))
)  # built once: every request asks it
_OPEN = sessions.c.ended_utc_us.is_(None)


class AccountStore:
    """The account tables of a catalog. Safe to share between threads and processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def mark(self) -> Mark | None:
        """Of the catalog's present state; see `ChangeMark.now`."""
        return self._database.mark()

    # Users

    def users(self) -> list[UserRow]:
        """All accounts kept by us, by name."""
        with self._database.read() as connection:
            return [_user(row) for row in connection.execute(select(users).order_by(users.c.key))]

    def user(self, key: str) -> UserRow | None:
        """One account, by the key of its name."""
        with self._database.read() as connection:
            row = connection.execute(select(users).where(users.c.key == key)).first()
            return _user(row) if row is not None else None

    def add_first_user(self, user: UserRow) -> bool:
        """Add an account when there is none at all; False when there is: another process may have been quicker."""
        with self._database.write() as connection:
            if connection.scalar(select(func.count()).select_from(users)):
                return False
            connection.execute(insert(users).values(asdict(user)))
            return True

    def rehash(self, key: str, old_hash: str, new_hash: str) -> None:
        """Keep the same password under another hash, unless it was changed meanwhile."""
        with self._database.write() as connection:
            same = (users.c.key == key) & (users.c.password_hash == old_hash)
            connection.execute(update(users).where(same).values(password_hash=new_hash))

    def set_password(
        self,
        key: str,
        password_hash: str,
        *,
        must_change: bool,
        now_utc_us: int,
        end_cause: str,
        keep: tuple[str, str] | None = None,
    ) -> list[str] | None:
        """Change a password and end the account's sessions, in one transaction; the ids of those that ended, None: no such user.

        keep: (session id, its new credential) of the session that goes on.
        """
        with self._database.write() as connection:
            changed = {"password_hash": password_hash, "must_change": int(must_change), "changed_utc_us": now_utc_us}
            if not connection.execute(update(users).where(users.c.key == key).values(changed)).rowcount:
                return None
            if keep is not None:
                connection.execute(update(sessions).where(sessions.c.id == keep[0]).values(credential=keep[1]))
            spared = keep[0] if keep is not None else None
            return _end(connection, key, now_utc_us, end_cause, spared=spared)

    def set_disabled(self, key: str, *, disabled: bool, now_utc_us: int, end_cause: str) -> list[str] | None:
        """Shut an account out, which ends its sessions, or let it in again; as `set_password`."""
        with self._database.write() as connection:
            changed = {"disabled": int(disabled), "changed_utc_us": now_utc_us}
            if not connection.execute(update(users).where(users.c.key == key).values(changed)).rowcount:
                return None
            return _end(connection, key, now_utc_us, end_cause) if disabled else []

    # Sessions

    def session(self, session_id: str) -> tuple[SessionRow, UserRow | None] | None:
        """A session, ended ones too, and the account kept by us under its user's name, if there is one."""
        with self._database.read() as connection:
            row = connection.execute(_SESSION_AND_USER, {"session": session_id}).mappings().first()
        if row is None:
            return None
        user = None
        if row["users_key"] is not None:
            user = _user_of({name.removeprefix("users_"): row[name] for name in row if name.startswith("users_")})
        return SessionRow(**{column.name: row[column.name] for column in sessions.columns}), user

    def sessions(self, user_key: str) -> list[SessionRow]:
        """The sessions of a user that nobody has ended, oldest first; some may have expired."""
        with self._database.read() as connection:
            return _open_sessions(connection, user_key)

    def knows_address(self, user_key: str, address: str) -> bool:
        """Whether the user signed in from an address lately, which is as long as sessions are remembered."""
        query = select(sessions.c.id).where(sessions.c.user_key == user_key, sessions.c.address == address).limit(1)
        with self._database.read() as connection:
            return connection.scalar(query) is not None

    def add_session(
        self,
        session: SessionRow,
        surplus: Callable[[Sequence[SessionRow]], Sequence[str]],
        *,
        end_cause: str,
        keep: int,
        forget_before_utc_us: int,
    ) -> list[str]:
        """Add a session, end those of the same user that `surplus` picks from the others; the ids of those.

        forget_before_utc_us, keep: sessions of anybody last seen before that, and beyond that number, are dropped for good.
        """
        with self._database.write() as connection:
            connection.execute(delete(sessions).where(sessions.c.last_seen_utc_us < forget_before_utc_us))
            beyond = select(sessions.c.id).order_by(sessions.c.last_seen_utc_us.desc()).limit(-1).offset(keep - 1)
            connection.execute(delete(sessions).where(sessions.c.id.in_(beyond)))
            ended = list(surplus(_open_sessions(connection, session.user_key)))
            _end_these(connection, ended, session.since_utc_us, end_cause)
            connection.execute(insert(sessions).values(asdict(session)))
            return ended

    def touch(self, session_id: str, now_utc_us: int) -> None:
        """Note that a session was used."""
        with self._database.write() as connection:
            this = (sessions.c.id == session_id) & _OPEN
            connection.execute(update(sessions).where(this).values(last_seen_utc_us=now_utc_us))

    def end_session(self, user_key: str, session_id: str, now_utc_us: int, end_cause: str) -> bool:
        """End one session of a user; False when the user has no such session that is open."""
        with self._database.write() as connection:
            this = (sessions.c.id == session_id) & (sessions.c.user_key == user_key) & _OPEN
            values = {"ended_utc_us": now_utc_us, "end_cause": end_cause}
            return bool(connection.execute(update(sessions).where(this).values(values)).rowcount)

    # Audit

    def add_audit(self, row: AuditRow, *, keep: int) -> None:
        """Add a record and drop those older than the last `keep`."""
        with self._database.write() as connection:
            added = connection.execute(insert(audit).values(asdict(row))).inserted_primary_key
            connection.execute(delete(audit).where(audit.c.id <= (added[0] if added else 0) - keep))

    def audit(self, limit: int) -> list[AuditRow]:
        """The newest records, newest first."""
        with self._database.read() as connection:
            rows = connection.execute(select(audit).order_by(audit.c.id.desc()).limit(limit)).mappings()
            return [AuditRow(**{name: value for name, value in row.items() if name != "id"}) for row in rows]

    # Throttle

    def throttles(self, keys: Sequence[str]) -> Throttles:
        """The counters under each key; a key without a past has empty ones."""
        with self._database.read() as connection:
            return _throttles(connection, keys)

    def change_throttles(
        self, keys: Sequence[str], decide: Callable[[Throttles], tuple[Verdict, Throttles]], *, keep: int, forget_before_utc_us: int
    ) -> Verdict:
        """Let `decide` see the counters and say which to replace; nobody else changes them meanwhile.

        keep: at most so many rows remain; of the others, the shortest streaks go first, and then those that rested longest.
        """
        with self._database.write() as connection:
            verdict, changed = decide(_throttles(connection, keys))
            for key, row in changed.items():
                _put_throttle(connection, key, row)
            if changed:
                connection.execute(delete(throttle).where(throttle.c.last_utc_us < forget_before_utc_us))
                _keep_throttles(connection, keep)
            return verdict


def _user(row: Row[Any]) -> UserRow:
    return _user_of(row._mapping)  # noqa: SLF001  SQLAlchemy's documented name for a row as a mapping


def _user_of(row: Mapping[Any, Any]) -> UserRow:
    flags = {"must_change": bool(row["must_change"]), "disabled": bool(row["disabled"])}
    return UserRow(**{**row, **flags})


def _open_sessions(connection: Connection, user_key: str) -> list[SessionRow]:
    query = select(sessions).where(sessions.c.user_key == user_key, _OPEN).order_by(sessions.c.since_utc_us, sessions.c.id)
    return [SessionRow(**row) for row in connection.execute(query).mappings()]


def _end(connection: Connection, user_key: str, now_utc_us: int, cause: str, *, spared: str | None = None) -> list[str]:
    ended = [row.id for row in _open_sessions(connection, user_key) if row.id != spared]
    _end_these(connection, ended, now_utc_us, cause)
    return ended


def _end_these(connection: Connection, ids: Sequence[str], now_utc_us: int, cause: str) -> None:
    for session_id in ids:
        this = sessions.c.id == session_id
        connection.execute(update(sessions).where(this).values(ended_utc_us=now_utc_us, end_cause=cause))


def _throttles(connection: Connection, keys: Sequence[str]) -> dict[str, ThrottleRow]:
    found = {key: ThrottleRow() for key in keys}
    for key, instants, streak in connection.execute(
        select(throttle.c.key, throttle.c.instants, throttle.c.streak).where(throttle.c.key.in_(keys))
    ):
        found[key] = ThrottleRow(struct.unpack(f">{len(instants) // 8}q", instants[: len(instants) // 8 * 8]), streak)
    return found


def _put_throttle(connection: Connection, key: str, row: ThrottleRow) -> None:
    if not row.instants:
        connection.execute(delete(throttle).where(throttle.c.key == key))
        return
    packed = struct.pack(f">{len(row.instants)}q", *row.instants)
    values = {"instants": packed, "streak": row.streak, "last_utc_us": max(row.instants)}
    statement = upsert(throttle).values(key=key, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_=values))


def _keep_throttles(connection: Connection, keep: int) -> None:
    surplus = (connection.scalar(select(func.count()).select_from(throttle)) or 0) - keep
    if surplus > 0:
        weakest = select(throttle.c.key).order_by(throttle.c.streak, throttle.c.last_utc_us).limit(surplus)
        connection.execute(delete(throttle).where(throttle.c.key.in_(weakest)))
