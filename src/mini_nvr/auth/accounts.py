"""The door of this room: signing in and out, sessions, passwords. What the web service asks about who somebody is, it asks here.

All methods are synchronous, and short but for those that hash (`login`, `change_password`, `reset_password`, `bootstrap`), which
take tens to hundreds of milliseconds: call them on a thread, few at once. Whatever touches the catalog may raise `CatalogError`.
Safe to share between threads.
"""

import hmac
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from mini_nvr.auth import password_rules, sessions
from mini_nvr.auth.csrf import csrf_matches, csrf_token
from mini_nvr.auth.login import LoginOk, LoginRefused, LoginResult, LoginThrottled
from mini_nvr.auth.password_rules import PasswordFault, PasswordRefused
from mini_nvr.auth.passwords import Argon2Hash, HashingBusy, Passwords, is_bcrypt, one_time_password
from mini_nvr.auth.people import People, Person
from mini_nvr.auth.session_memory import Looked, SessionMemory
from mini_nvr.auth.sessions import EndCause, Session, SessionInfo, SessionPolicy
from mini_nvr.auth.texts import account_key, clean
from mini_nvr.auth.throttle import Attempt, LoginThrottle, Quiet
from mini_nvr.catalog.account_rows import SessionRow, UserRow
from mini_nvr.catalog.accounts import AccountStore
from mini_nvr.clock import US_PER_S
from mini_nvr.errors import AuthError, CatalogError

FIRST_USER: Final = "admin"
KEPT_DAYS: Final = 30  # how long an ended session is remembered: its notice, and its address as one that the user comes from
KEPT_SESSIONS: Final = 1_000
_BUSY_RETRY_S: Final = 5
_LONGEST_NAME: Final = 64
_LONGEST_ADDRESS: Final = 64
_LONGEST_BROWSER: Final = 200
_HASH_COMMAND: Final = "mini-nvr user hash"

log = logging.getLogger(__name__)


class Accounts:
    """Accounts of the configuration and accounts kept in the catalog, side by side; the configuration's win where names collide."""

    def __init__(
        self,
        store: AccountStore,
        configured: Sequence[tuple[str, str]],
        secret_key: str,
        policy: SessionPolicy | None = None,
    ) -> None:
        """configured: (user, password as plain text or bcrypt hash). secret_key: signs tokens; another one signs everybody out."""
        self._store = store
        self._policy = policy or SessionPolicy()
        self._csrf_key = hmac.digest(secret_key.encode(), b"csrf tokens", "sha256")
        password_key = hmac.digest(secret_key.encode(), b"passwords", "sha256")
        self._passwords = Passwords(password_key, (password for _, password in configured))
        self._people = People(store, configured, self._passwords, password_key)
        self._throttle = LoginThrottle(store)
        self._quiet = Quiet()
        plain = [(clean(name, _LONGEST_NAME), password) for name, password in configured if not is_bcrypt(password)]
        self._readable = [name for name, _ in plain]
        self._guessable = [name for name, password in plain if password_rules.is_guessable(password, name)]
        self._memory = SessionMemory()
        self._listeners: list[Callable[[str], None]] = []

    # Starting

    def bootstrap(self, now_utc_us: int) -> str | None:
        """Make `admin` when there is no user at all; its one-time password, to be shown once. Warns of readable ones. Hashes."""
        if self._readable:
            log.warning(
                "the password of %s stands readable in the configuration: put a hash there instead, which `%s` makes",
                ", ".join(self._readable),
                _HASH_COMMAND,
            )
        if self._guessable:
            log.warning(
                "the password of %s has fewer than %d characters or is among the first that anybody would try: change it",
                ", ".join(self._guessable),
                password_rules.SHORTEST_PASSWORD,
            )
        known = self._store.users()
        for user in known:
            if user.must_change and not user.disabled and not self._people.is_configured(user.key):
                log.warning(
                    "%s still has a one-time password, which an old log may show: sign in and set another one; "
                    "`mini-nvr user reset %s` makes a new one-time password",
                    user.name,
                    user.name,
                )
        if known or self._people.any_configured:
            return None
        password = one_time_password()
        hashed = self._passwords.hash(password).text
        first = UserRow(FIRST_USER, FIRST_USER, hashed, True, False, now_utc_us, now_utc_us)
        return password if self._store.add_first_user(first) else None

    def is_configured(self, name: str) -> bool:
        """Whether the name stands in the configuration, so that its password is not ours to change."""
        return self._people.is_configured(account_key(name))

    # Signing in and out

    def login(self, name: str, password: str, address: str, browser: str, now_utc_us: int) -> LoginResult:
        """Check a name and a password, and begin a session (SECURITY S13-S16). Hashes.

        address: of the client, proxies resolved. browser: the User-Agent header; kept to be shown.
        """
        address = clean(address, _LONGEST_ADDRESS)
        key = account_key(name)
        known = key is not None and self._store.knows_address(key, address)
        attempt = self._throttle.admit(key or name, address, now_utc_us, known=known)
        if not isinstance(attempt, Attempt):
            return LoginThrottled(attempt, self._quiet.worth_telling(address, now_utc_us))
        person = self._people.find(key)
        try:
            right = self._passwords.check(person.credential if person is not None else None, password)
        except HashingBusy:
            self._throttle.withdraw(attempt)
            return LoginThrottled(_BUSY_RETRY_S, self._quiet.worth_telling(address, now_utc_us))
        if person is None or not right:
            return LoginRefused()
        return self._begin(person, password, attempt, (address, clean(browser, _LONGEST_BROWSER)))

    def _begin(self, person: Person, password: str, attempt: Attempt, place: tuple[str, str]) -> LoginOk:
        now_utc_us = attempt.at_utc_us
        failures = self._throttle.forgive(attempt)
        self._renew_hash(person, password)
        token = sessions.new_token()
        row = SessionRow(_id(token), person.key, person.name, person.fingerprint, now_utc_us, now_utc_us, *place)
        ended = self._store.add_session(
            row,
            lambda others: sessions.surplus(others, now_utc_us, self._policy),
            end_cause=EndCause.SIGNED_IN_ELSEWHERE,
            keep=KEPT_SESSIONS,
            forget_before_utc_us=now_utc_us - KEPT_DAYS * 86_400 * US_PER_S,
        )
        self._tell_ended(ended)
        notices = _notices(self._policy, failures, ended)
        return LoginOk(token, csrf_token(self._csrf_key, row.id), person.name, person.must_change, notices)

    def logout(self, token: str | None, now_utc_us: int) -> None:
        """End the session of a token; nothing happens when there is none."""
        session_id = sessions.session_id(token)
        if session_id is None or (found := self._store.session(session_id)) is None:
            return
        if self._store.end_session(found[0].user_key, session_id, now_utc_us, EndCause.SIGNED_OUT):
            self._tell_ended([session_id])

    # Sessions

    def session(self, token: str | None, now_utc_us: int, *, touch: bool = True) -> Session | None:
        """The valid session of a token, else None, whatever the token is (SECURITY S12).

        touch: this request counts as use; stored at most once a minute.
        """
        session_id = sessions.session_id(token)
        if session_id is None:
            return None
        row, person, cause = self._look(session_id, now_utc_us)
        if row is None or person is None or cause is not None:
            return None
        if touch and sessions.due(row, now_utc_us, self._policy):
            self._touch(row, now_utc_us)
        return _session(row, person)

    def remembered(self, token: str | None, now_utc_us: int) -> Session | None:
        """What `session` says, where no question to the database is needed; None: ask it. Never waits: for the event loop."""
        session_id = sessions.session_id(token)
        if session_id is None or session_id not in self._memory:
            return None
        looked = self._memory.get(session_id, self._store.mark())
        if looked is None or sessions.due(looked.row, now_utc_us, self._policy):
            return None
        over = sessions.over(looked.row, looked.person.fingerprint, now_utc_us, self._policy) is not None
        return None if over else _session(looked.row, looked.person)

    def session_alive(self, session_id: str, now_utc_us: int, *, touch: bool = False) -> bool:
        """Whether a session is still valid, by its id: for open WebSockets and event streams, every few seconds (one indexed read).

        touch: being open counts as use. Ends by this process are told at once to `on_session_end`.
        """
        row, _, cause = self._look(session_id, now_utc_us)
        if row is None or cause is not None:
            return False
        if touch and sessions.due(row, now_utc_us, self._policy):
            self._touch(row, now_utc_us)
        return True

    def why_ended(self, token: str | None, now_utc_us: int) -> EndCause | None:
        """Why a token opens nothing any more; None for a valid one and for one that was never ours, or is forgotten."""
        session_id = sessions.session_id(token)
        return self._look(session_id, now_utc_us)[2] if session_id is not None else None

    def sessions(self, user: str, now_utc_us: int | None = None) -> list[SessionInfo]:
        """The open sessions of a user, oldest first; without those that expired, when `now_utc_us` is given."""
        key = account_key(user)
        person = self._people.find(key)
        if key is None or person is None:
            return []
        rows = self._store.sessions(key)
        if now_utc_us is not None:
            rows = [row for row in rows if sessions.over(row, person.fingerprint, now_utc_us, self._policy) is None]
        return [SessionInfo(row.id, row.since_utc_us, row.last_seen_utc_us, row.address, row.browser) for row in rows]

    def end_session(self, user: str, session_id: str, now_utc_us: int) -> bool:
        """End one of the user's sessions; False when the user has no such session, whoever else may."""
        key = account_key(user)
        if key is None or not sessions.is_session_id(session_id):
            return False
        if not self._store.end_session(key, session_id, now_utc_us, EndCause.ENDED_ELSEWHERE):
            return False
        self._tell_ended([session_id])
        return True

    def on_session_end(self, listener: Callable[[str], None]) -> None:
        """Have `listener` called with the id of each session that this process ends, on the thread that ends it."""
        self._listeners.append(listener)

    def check_csrf(self, session: Session, header_token: str | None) -> bool:
        """Whether the header's token belongs to the session."""
        return csrf_matches(self._csrf_key, session.id, header_token)

    def csrf_token(self, session: Session) -> str:
        """The token of a session, for a page that lost its cookie."""
        return csrf_token(self._csrf_key, session.id)

    # Passwords

    def change_password(self, session: Session, current: str, new: str, now_utc_us: int) -> None:
        """Set a new password for the session's user and end the user's other sessions. Hashes.

        Raises:
            PasswordRefused: with the reason; wrong current passwords count as failures to sign in.
        """
        key = account_key(session.user)
        person = self._people.find(key)
        if person is None or person.configured:
            raise PasswordRefused(
                PasswordFault.CONFIGURED,
                f"This account stands in the configuration: change its password there, with a hash made by `{_HASH_COMMAND}`.",
            )
        self._check_current(person, session.address, current, now_utc_us)
        password_rules.check_new_password(new, person.name)
        if new == current:
            raise PasswordRefused(PasswordFault.SAME, "The new password is the old one.")
        self._set_password(person.key, new, now_utc_us, keep=session.id)

    def reset_password(self, name: str, now_utc_us: int) -> str:
        """Give an account a one-time password, which is returned, and end its sessions. Hashes.

        Raises:
            AuthError: there is no such account, or it stands in the configuration.
        """
        person = self._people.find(account_key(name), disabled_too=True)
        if person is None:
            names = ", ".join(user.name for user in self._store.users()) or "none"
            raise AuthError(f"there is no account {clean(name, _LONGEST_NAME)!r}; accounts kept by Mini-NVR: {names}")
        if person.configured:
            raise AuthError(
                f"{person.name!r} stands in the configuration: change its password there; `{_HASH_COMMAND}` makes a hash"
            )
        password = one_time_password()
        self._set_password(person.key, password, now_utc_us, must_change=True)
        return password

    def set_disabled(self, name: str, *, disabled: bool, now_utc_us: int) -> bool:
        """Shut an account kept by us out, which ends its sessions, or let it in again; False when there is none."""
        key = account_key(name)
        ended = key and self._store.set_disabled(key, disabled=disabled, now_utc_us=now_utc_us, end_cause=EndCause.DISABLED)
        if not isinstance(ended, list):
            return False
        self._tell_ended(ended)
        return True

    # Rights

    def may_watch(self, user: str, channel: int) -> bool:
        """Whether a user may see a channel, live or recorded (SECURITY S3). All may see all, until rights per channel exist."""
        return bool(user) and channel > 0

    def _look(self, session_id: str, now_utc_us: int) -> tuple[SessionRow | None, Person | None, EndCause | None]:
        mark = self._store.mark()
        found = self._store.session(session_id)
        if found is None:
            return None, None, None
        row, user = found
        person = self._people.of_session(row, user)
        cause = sessions.over(row, person.fingerprint if person is not None else None, now_utc_us, self._policy)
        if person is not None and cause is None:
            self._memory.put(session_id, Looked(row, person), mark)
        return row, person, cause

    def _touch(self, row: SessionRow, now_utc_us: int) -> None:
        try:
            self._store.touch(row.id, now_utc_us)
        except CatalogError as exc:
            log.warning("a session's last use was not stored: %s", exc)

    def _check_current(self, person: Person, address: str, current: str, now_utc_us: int) -> None:
        attempt = self._throttle.admit(person.key, address, now_utc_us, known=True, by_address=False)
        if not isinstance(attempt, Attempt):
            raise PasswordRefused(PasswordFault.THROTTLED, f"Too many attempts: try again in {attempt} s.", attempt)
        try:
            right = self._passwords.check(person.credential, current)
        except HashingBusy as exc:
            self._throttle.withdraw(attempt)
            raise PasswordRefused(PasswordFault.THROTTLED, f"The recorder is busy: {exc}.", _BUSY_RETRY_S) from exc
        if not right:
            raise PasswordRefused(PasswordFault.WRONG_CURRENT, "The current password is not right.")
        self._throttle.forgive(attempt)

    def _set_password(self, key: str, new: str, now_utc_us: int, *, must_change: bool = False, keep: str | None = None) -> None:
        hashed = self._passwords.hash(new)
        ended = self._store.set_password(
            key,
            hashed.text,
            must_change=must_change,
            now_utc_us=now_utc_us,
            end_cause=EndCause.PASSWORD_CHANGED,
            keep=(keep, self._people.fingerprint(key, now_utc_us)) if keep is not None else None,
        )
        self._tell_ended(ended or [])

    def _renew_hash(self, person: Person, password: str) -> None:
        if isinstance(person.credential, Argon2Hash) and self._passwords.outdated(person.credential):
            self._store.rehash(person.key, person.credential.text, self._passwords.hash(password).text)

    def _tell_ended(self, session_ids: Iterable[str]) -> None:
        for session_id in session_ids:
            for listener in self._listeners:
                listener(session_id)


def _session(row: SessionRow, person: Person) -> Session:
    return Session(row.id, person.name, person.must_change, row.since_utc_us, row.last_seen_utc_us, row.address, row.browser)


def _id(token: str) -> str:
    session_id = sessions.session_id(token)
    assert session_id is not None  # noqa: S101  our own tokens have the form of our tokens
    return session_id


def _notices(policy: SessionPolicy, failures: int, ended: Sequence[str]) -> tuple[str, ...]:
    notices = []
    if failures:
        notices.append(
            f"{failures} wrong password{'s were' if failures > 1 else ' was'} tried for this account within the last hour."
        )
    if ended:
        notices.append(f"Your oldest session was ended: at most {policy.per_user} may be open at once.")
    return tuple(notices)
