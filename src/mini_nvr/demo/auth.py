"""The camera's side of HTTP authentication, as RTSP uses it (RFC 2326 section 14, RFC 7616 Digest, RFC 7617 Basic)."""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Literal

Algorithm = Literal["MD5", "SHA-256"]
_PARAMETER = re.compile(r'(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))')


@dataclass(frozen=True, slots=True)
class DigestOptions:
    """What the Digest challenge asks for. `qop`: offer `qop="auth"`; many cameras still follow RFC 2069 and do not."""

    algorithm: Algorithm = "MD5"
    qop: bool = False


class Authenticator:
    """Checks the Authorization header. `user` None lets everybody in; the password may be changed at any time."""

    def __init__(
        self,
        user: str | None,
        password: str | None,
        *,
        basic: bool = False,
        digest: DigestOptions = DigestOptions(),  # noqa: B008  immutable
        realm: str = "Mini-NVR demo",
    ) -> None:
        self.user = user
        self.password = password or ""
        self._basic = basic
        self._algorithm = digest.algorithm
        self._qop = digest.qop
        self._realm = realm
        self._nonce = secrets.token_hex(16)

    def challenge(self) -> str:
        """The value of WWW-Authenticate."""
        if self._basic:
            return f'Basic realm="{self._realm}"'
        parts = [f'Digest realm="{self._realm}"', f'nonce="{self._nonce}"', f"algorithm={self._algorithm}"]
        if self._qop:
            parts.append('qop="auth"')
        return ", ".join(parts)

    def accepts(self, method: str, authorization: str) -> bool:
        """Whether the header (empty when missing) proves the password for a request with this method."""
        if self.user is None:
            return True
        scheme, _, rest = authorization.strip().partition(" ")
        if self._basic:
            return scheme.lower() == "basic" and self._accepts_basic(rest)
        return scheme.lower() == "digest" and self._accepts_digest(method, parse_parameters(rest))

    def _accepts_basic(self, token: str) -> bool:
        try:
            given = base64.b64decode(token, validate=True)
        except (binascii.Error, ValueError):
            return False
        return hmac.compare_digest(given, f"{self.user}:{self.password}".encode())

    def _accepts_digest(self, method: str, given: dict[str, str]) -> bool:
        if given.get("username") != self.user or given.get("realm") != self._realm or given.get("nonce") != self._nonce:
            return False
        if given.get("algorithm", "MD5").upper() != self._algorithm:
            return False
        ha1 = self._hash(f"{self.user}:{self._realm}:{self.password}")
        ha2 = self._hash(f"{method}:{given.get('uri', '')}")
        middle = self._nonce
        if self._qop:
            if given.get("qop") != "auth":
                return False
            middle = f"{self._nonce}:{given.get('nc', '')}:{given.get('cnonce', '')}:auth"
        return hmac.compare_digest(self._hash(f"{ha1}:{middle}:{ha2}"), given.get("response", "").lower())

    def _hash(self, text: str) -> str:
        # MD5 is what RFC 2617 prescribes and most cameras speak
        digest = hashlib.md5(usedforsecurity=False) if self._algorithm == "MD5" else hashlib.sha256()
        digest.update(text.encode())
        return digest.hexdigest()


def parse_parameters(text: str) -> dict[str, str]:
    """The `name="value"` and `name=token` pairs of a credentials header, names in lower case."""
    pairs = _PARAMETER.findall(text)
    return {name.lower(): re.sub(r"\\(.)", r"\1", quoted) if quoted else token for name, quoted, token in pairs}
