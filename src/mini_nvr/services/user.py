"""`mini-nvr user`: make a hash for the configuration, list the accounts, give an account a one-time password."""

import getpass
import sys
from typing import TYPE_CHECKING, Final, TextIO

from mini_nvr.auth.accounts import Accounts
from mini_nvr.auth.audit import Audit, AuditAction
from mini_nvr.auth.password_rules import check_new_password
from mini_nvr.auth.passwords import LONGEST_BCRYPT_BYTES, bcrypt_hash, is_bcrypt
from mini_nvr.auth.secret_key import load_or_make_secret_key
from mini_nvr.catalog.accounts import AccountStore
from mini_nvr.clock import Clock, SystemClock
from mini_nvr.errors import AuthError
from mini_nvr.services import wording
from mini_nvr.services.tables import Cell, Row, Tone, print_table

if TYPE_CHECKING:
    from mini_nvr.config.model import Settings

HEADINGS: Final = ("User", "Kept in", "Password", "Sessions", "Last seen")
_IN_CONFIGURATION: Final = "configuration"
_IN_CATALOG: Final = "catalog"


def hash_password(number: int, *, source: TextIO | None = None, file: TextIO | None = None) -> int:
    """Read a password, twice from a terminal, once from a pipe, and print the line that `.env` takes.

    Raises:
        AuthError: the two differ, the password is refused, or it is longer than bcrypt reads.
    """
    password = _read_password(source or sys.stdin)
    check_new_password(password, "")
    try:
        hashed = bcrypt_hash(password)
    except UnicodeEncodeError as exc:
        raise AuthError("the password is not UTF-8 text: set the terminal to UTF-8") from exc
    except ValueError as exc:
        raise AuthError(f"use at most {LONGEST_BCRYPT_BYTES} bytes of UTF-8: bcrypt, which hashes it, reads no further") from exc
    print(f"pass{number}='{hashed}'", file=file or sys.stdout)
    if sys.stdout.isatty():
        print(f"Put this line into .env, single quotes included, beside user{number}=NAME.", file=sys.stderr)
    return 0


def _read_password(source: TextIO) -> str:
    if not source.isatty():
        return source.readline().rstrip("\r\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("The same again: ") != password:
        raise AuthError("the two differ: nothing was made; try again")
    return password


def list_users(settings: "Settings", *, file: TextIO | None = None, clock: Clock | None = None) -> int:
    """Print all who may sign in. Makes no catalog where there is none.

    Raises:
        CatalogError: the catalog cannot be read.
    """
    print_table(HEADINGS, _rows(settings, clock or SystemClock()), file or sys.stdout)
    return 0


def reset_password(settings: "Settings", name: str, *, file: TextIO | None = None, clock: Clock | None = None) -> int:
    """Print a new one-time password of an account kept in the catalog; its sessions end, also those of a running web service.

    Raises:
        AuthError: no such account, or it stands in the configuration.
        CatalogError: the catalog cannot be written.
    """
    from mini_nvr.catalog.repository import Catalog  # noqa: PLC0415  the database's library is slow to import

    if not _has_catalog(settings):
        raise AuthError(f"{settings.data_dir} holds no accounts: the first start of `mini-nvr run` makes one; or correct DATA_DIR")
    now_utc_us = (clock or SystemClock()).utc_us()
    with Catalog.open(settings.data_dir) as catalog:
        store = AccountStore(catalog.database)
        password = accounts_of(settings, store).reset_password(name, now_utc_us)
        Audit(store).record(now_utc_us, AuditAction.PASSWORD_CHANGED, name, "local", detail="reset at the command line")
    print(password, file=file or sys.stdout)
    print("This password works once, to set another one. All sessions of the account have ended.", file=sys.stderr)
    return 0


def accounts_of(settings: "Settings", store: AccountStore) -> Accounts:
    """The accounts as the settings describe them; makes the secret key when neither settings nor DATA_DIR have one.

    Raises:
        AuthError: the kept key cannot be used.
    """
    key = settings.secret_key.get_secret_value() if settings.secret_key else load_or_make_secret_key(settings.data_dir)
    return Accounts(store, [(user.name, user.password.get_secret_value()) for user in settings.users], key)


def _rows(settings: "Settings", clock: Clock) -> list[Row]:
    configured = [(user.name, "hashed" if is_bcrypt(user.password.get_secret_value()) else "readable") for user in settings.users]
    if not _has_catalog(settings):
        return [_row(name, _IN_CONFIGURATION, password, "0", wording.NOTHING) for name, password in configured]
    from mini_nvr.catalog.repository import Catalog  # noqa: PLC0415  the database's library is slow to import

    with Catalog.open(settings.data_dir) as catalog:
        store = AccountStore(catalog.database)
        accounts = accounts_of(settings, store)
        known = [(name, _IN_CONFIGURATION, password) for name, password in configured]
        for user in store.users():
            if not accounts.is_configured(user.name):
                password = "disabled" if user.disabled else "to be set at the next sign-in" if user.must_change else "hashed"
                known.append((user.name, _IN_CATALOG, password))
        return [_row(name, kept, password, *_sessions(accounts, name, settings, clock)) for name, kept, password in known]


def _has_catalog(settings: "Settings") -> bool:
    return (settings.data_dir / "catalog.db").exists()


def _sessions(accounts: Accounts, name: str, settings: "Settings", clock: Clock) -> tuple[str, str]:
    found = accounts.sessions(name, clock.utc_us())
    seen = max((session.last_seen_utc_us for session in found), default=None)
    return str(len(found)), wording.NOTHING if seen is None else wording.instant(seen, settings.zone)


def _row(name: str, kept: str, password: str, sessions: str, seen: str) -> Row:
    tone: Tone = "warning" if password in {"readable", "disabled"} else ""
    return [Cell(name), Cell(kept), Cell(password, tone), Cell(sessions), Cell(seen)]
