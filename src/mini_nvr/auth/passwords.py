"""Checks passwords against what is kept of them, with the same work whoever asks (SECURITY S15, S16).

Three kinds of credential: argon2id hashes of accounts kept by us, bcrypt hashes from the configuration, and a keyed digest of plain
text from the configuration. One check does the work of every kind (and every bcrypt cost) that this installation has, with a
stand-in where the account has another kind or does not exist: time tells neither whether a name exists nor how it is kept.
"""

import hmac
import secrets
import string
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import bcrypt
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from mini_nvr.errors import AuthError

LONGEST_PASSWORD: Final = 128
LONGEST_BCRYPT_BYTES: Final = 72  # the algorithm reads no further, and bcrypt 5 refuses more
AT_ONCE: Final = 2  # hashing fills a core, and the recorder needs one too
WAITING: Final = 8  # a flood of sign-ins must not hold all threads of the web service
_PATIENCE_S: Final = 5.0
_BUSY: Final = "too many sign-ins at once; try again in a few seconds"
_BCRYPT_PREFIXES = ("$2a$", "$2b$", "$2y$")
_BCRYPT_ALPHABET = "./" + string.ascii_letters + string.digits
_ONE_TIME_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that is misread
_ONE_TIME_GROUPS, _ONE_TIME_GROUP = 4, 4  # 16 characters of 31: 79 bits

# OWASP's first choice of parameters for argon2id: 19 MiB, 2 passes, one lane; about 20 ms, and twice that memory at AT_ONCE.
_argon2 = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


class HashingBusy(AuthError):
    """Others are checking passwords; this one waited long enough."""


@dataclass(frozen=True, slots=True)
class PlainText:
    """A password that stands readable in the configuration, kept here as HMAC-SHA256 under the secret key."""

    digest: bytes


@dataclass(frozen=True, slots=True)
class BcryptHash:
    """A modular-crypt bcrypt hash, whole and of a known prefix."""

    text: bytes

    @property
    def cost(self) -> int:
        return int(self.text[4:6])


@dataclass(frozen=True, slots=True)
class Argon2Hash:
    """An encoded argon2id hash."""

    text: str


Credential = PlainText | BcryptHash | Argon2Hash


def is_bcrypt(configured: str) -> bool:
    """Whether a configured password is a hash rather than plain text."""
    return configured.startswith(_BCRYPT_PREFIXES)


def bcrypt_hash(password: str) -> str:
    """A bcrypt hash for the configuration.

    Raises:
        ValueError: longer than 72 bytes in UTF-8.
    """
    return bcrypt.hashpw(unicodedata.normalize("NFC", password).encode(), bcrypt.gensalt(12)).decode("ascii")


def one_time_password() -> str:
    """A password to be typed once, as in `k3vq-9x2m-t7hd-w4np`."""
    groups = ["".join(secrets.choice(_ONE_TIME_ALPHABET) for _ in range(_ONE_TIME_GROUP)) for _ in range(_ONE_TIME_GROUPS)]
    return "-".join(groups)


class Passwords:
    """Hashes and checks. Hashing takes tens to hundreds of milliseconds: call from a thread, never on an event loop.

    At most `at_once` hashes run at the same time and `waiting` others wait, for a few seconds; further ones fail at once. So calls
    hold ten threads at the very most.
    """

    def __init__(self, key: bytes, configured: Iterable[str] = (), *, at_once: int = AT_ONCE, waiting: int = WAITING) -> None:
        """key: signs the digests of plain passwords. configured: all configured passwords, which decide what one check costs."""
        self._key = key
        self._gate = threading.BoundedSemaphore(at_once)
        self._places = threading.BoundedSemaphore(at_once + waiting)
        costs = {BcryptHash(text.encode()).cost for text in configured if is_bcrypt(text)}
        self._bcrypt_stand_ins = {cost: _bcrypt_stand_in(cost) for cost in sorted(costs)}
        self._argon2_stand_in = _argon2.hash(secrets.token_bytes(16))
        self._digest_stand_in = secrets.token_bytes(32)

    def credential(self, configured: str) -> PlainText | BcryptHash:
        """What to keep of a configured password."""
        return BcryptHash(configured.encode()) if is_bcrypt(configured) else PlainText(self._digest(configured))

    def hash(self, password: str) -> Argon2Hash:
        """A new argon2id hash.

        Raises:
            HashingBusy: too many are at it.
        """
        with self._turn():
            return Argon2Hash(_argon2.hash(_bytes(password)))

    def check(self, credential: Credential | None, password: str) -> bool:
        """Whether `password` is the right one; never for None, which costs the same.

        Raises:
            HashingBusy: too many are at it.
        """
        tried = password[:LONGEST_PASSWORD]
        with self._turn():
            plain = self._check_plain(credential, tried)
            hashed = self._check_argon2(credential, tried)
            crypted = self._check_bcrypt(credential, tried)
        return (plain | hashed | crypted) and len(password) <= LONGEST_PASSWORD

    def outdated(self, credential: Argon2Hash) -> bool:
        """Whether a hash was made with parameters of an earlier version."""
        return _argon2.check_needs_rehash(credential.text)

    def _digest(self, password: str) -> bytes:
        return hmac.digest(self._key, b"password\0" + _bytes(password), "sha256")

    def _check_plain(self, credential: Credential | None, password: str) -> bool:
        kept = credential.digest if isinstance(credential, PlainText) else self._digest_stand_in
        return hmac.compare_digest(kept, self._digest(password)) and isinstance(credential, PlainText)

    def _check_argon2(self, credential: Credential | None, password: str) -> bool:
        kept = credential.text if isinstance(credential, Argon2Hash) else self._argon2_stand_in
        try:
            _argon2.verify(kept, _bytes(password))
        except (Argon2Error, InvalidHashError):
            return False
        return isinstance(credential, Argon2Hash)

    def _check_bcrypt(self, credential: Credential | None, password: str) -> bool:
        """One check for each cost in use, the account's own among them."""
        tried = password.encode("utf-8", "surrogatepass")
        right = False
        for cost, stand_in in self._bcrypt_stand_ins.items():
            mine = isinstance(credential, BcryptHash) and credential.cost == cost
            text = credential.text if isinstance(credential, BcryptHash) and mine else stand_in
            right |= bcrypt.checkpw(tried[:LONGEST_BCRYPT_BYTES], text) and mine
        return right and len(tried) <= LONGEST_BCRYPT_BYTES

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise HashingBusy(_BUSY)
        try:
            if not self._gate.acquire(timeout=_PATIENCE_S):
                raise HashingBusy(_BUSY)
            try:
                yield
            finally:
                self._gate.release()
        finally:
            self._places.release()


def _bcrypt_stand_in(cost: int) -> bytes:
    """A hash of nothing that anybody could type, made without the work of making one."""
    return bcrypt.gensalt(cost) + "".join(secrets.choice(_BCRYPT_ALPHABET) for _ in range(31)).encode()


def _bytes(password: str) -> bytes:
    """UTF-8 of the composed form, as keyboards differ in how they make an accented letter; lone surrogates match nothing."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
