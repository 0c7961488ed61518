"""Who has an account: the configuration's users and those of the catalog, in one form."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from mini_nvr.auth.passwords import Argon2Hash, Credential, Passwords
from mini_nvr.auth.texts import account_key
from mini_nvr.catalog.account_rows import SessionRow, UserRow
from mini_nvr.catalog.accounts import AccountStore
from mini_nvr.errors import AuthError


@dataclass(frozen=True, slots=True)
class Person:
    """An account that may sign in.

    key: its name as compared. fingerprint: changes with the password, without telling anything about it; sessions carry it.
    """

    key: str
    name: str
    credential: Credential
    fingerprint: str
    must_change: bool
    configured: bool


class People:
    """Finds accounts by the key of their name."""

    def __init__(self, store: AccountStore, configured: Sequence[tuple[str, str]], passwords: Passwords, key: bytes) -> None:
        """key: for fingerprints.

        Raises:
            AuthError: a configured name cannot be one.
        """
        self._store = store
        self._key = key
        self._configured: dict[str, Person] = {}
        for name, password in configured:
            of_name = account_key(name)
            if of_name is None:
                raise AuthError("a configured user's name is too long or holds invisible characters: type it again")
            fingerprint = self._digest("configured", of_name, password)
            person = Person(of_name, name.strip(), passwords.credential(password), fingerprint, False, True)
            self._configured.setdefault(of_name, person)

    @property
    def any_configured(self) -> bool:
        """Whether the configuration names a user."""
        return bool(self._configured)

    def is_configured(self, key: str | None) -> bool:
        """Whether the account stands in the configuration."""
        return key in self._configured

    def find(self, key: str | None, *, disabled_too: bool = False) -> Person | None:
        """The account of a name, unless it is disabled. Asks the catalog also for names that it need not, for equal time."""
        user = self._store.user(key or "")
        return self._person(key or "", user, disabled_too=disabled_too)

    def of_session(self, row: SessionRow, user: UserRow | None) -> Person | None:
        """The account that a session belongs to; `user`: the catalog's row under its name."""
        return self._person(row.user_key, user)

    def fingerprint(self, key: str, changed_utc_us: int) -> str:
        """Of the password that an account of the catalog got at that instant."""
        return self._digest("kept", key, str(changed_utc_us))

    def _person(self, key: str, user: UserRow | None, *, disabled_too: bool = False) -> Person | None:
        if (configured := self._configured.get(key)) is not None:
            return configured
        if user is None or (user.disabled and not disabled_too):
            return None
        fingerprint = self.fingerprint(user.key, user.changed_utc_us)
        return Person(user.key, user.name, Argon2Hash(user.password_hash), fingerprint, user.must_change, False)

    def _digest(self, *parts: str) -> str:
        text = "\0".join(parts).encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, b"fingerprint\0" + text, "sha256")[:16].hex()
