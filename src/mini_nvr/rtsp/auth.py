"""Answering a camera's challenge: Basic (RFC 7617) and Digest (RFC 2617, RFC 7616).

Pure functions: the caller counts nonces and supplies the client nonce. Cameras quote their headers in every possible way; the
reader takes what it can and never fails.
"""

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from mini_nvr.rtsp.message import ENCODING, ENCODING_ERRORS
from mini_nvr.rtsp.url import Credentials

_MAX_HEADER_CHARS = 4096
_PARAMETER = re.compile(r'([A-Za-z][\w-]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|\'([^\']*)\'|([^\s,"]*))', re.DOTALL)
_TOKEN = re.compile(r"[A-Za-z][\w-]*")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way in that the camera offers.

    scheme: lower case. parameters: by lower-case name, unquoted.
    """

    scheme: str
    parameters: dict[str, str]

    @property
    def is_stale(self) -> bool:
        """The last answer was right but its nonce has expired (RFC 7616 section 3.3)."""
        return self.parameters.get("stale", "").lower() == "true"

    @property
    def nonce(self) -> str:
        return self.parameters.get("nonce", "")


def parse_challenges(headers: Iterable[str]) -> list[Challenge]:
    """All challenges in the values of WWW-Authenticate headers; one value may hold several (RFC 7235 section 4.1)."""
    challenges: list[Challenge] = []
    for header in headers:
        challenges += _challenges(header[:_MAX_HEADER_CHARS])
    return challenges


def _challenges(header: str) -> list[Challenge]:
    found: list[Challenge] = []
    position = 0
    while position < len(header):
        if parameter := _PARAMETER.match(header, position):
            if found:
                name, quoted, single, bare = parameter.groups()
                value = _ESCAPED.sub(r"\1", quoted) if quoted is not None else single if single is not None else bare
                found[-1].parameters.setdefault(name.lower(), value)
            position = parameter.end()
        elif token := _TOKEN.match(header, position):
            found.append(Challenge(token.group().lower(), {}))
            position = token.end()
        else:
            position += 1
    return found


def strongest(challenges: Iterable[Challenge]) -> Challenge | None:
    """The best challenge that we can answer: Digest with SHA-256, Digest with MD5, Basic; None when there is none."""
    usable = [challenge for challenge in challenges if _strength(challenge)]
    return max(usable, key=_strength, default=None)


def _strength(challenge: Challenge) -> int:
    if challenge.scheme == "basic":
        return 1
    if challenge.scheme != "digest" or not challenge.nonce:
        return 0
    qop = challenge.parameters.get("qop", "")
    if qop.strip() and not _offers_auth(qop):
        return 0  # auth-int alone: no camera does that
    algorithm, _ = _algorithm(challenge)
    return {"md5": 2, "sha-256": 3}.get(algorithm, 0)


def _offers_auth(qop: str) -> bool:
    return "auth" in re.split(r"[,\s]+", qop.lower())


def _algorithm(challenge: Challenge) -> tuple[str, bool]:
    """Hash name in lower case, and whether the session variant is asked for."""
    name = challenge.parameters.get("algorithm", "").strip().lower() or "md5"
    return name.removesuffix("-sess"), name.endswith("-sess")


def authorization(challenge: Challenge, credentials: Credentials, method: str, uri: str, nonce_count: int, cnonce: str) -> str:
    """The value of the Authorization header for one request.

    uri: the request URI exactly as sent. nonce_count: how many requests have used this nonce, this one included.
    """
    if challenge.scheme == "basic":
        pair = f"{credentials.user}:{credentials.password}"
        return "Basic " + base64.b64encode(pair.encode(ENCODING, ENCODING_ERRORS)).decode("ascii")
    return _digest(challenge, credentials, method, uri, f"{nonce_count:08x}", cnonce)


def _digest(challenge: Challenge, credentials: Credentials, method: str, uri: str, nonce_count: str, cnonce: str) -> str:
    """RFC 7616 section 3.4; without qop the older form of RFC 2069, which many cameras still use."""
    parameters = challenge.parameters
    algorithm, is_session = _algorithm(challenge)
    realm = parameters.get("realm", "")
    with_qop = _offers_auth(parameters.get("qop", ""))
    secret = _hash(algorithm, credentials.user, realm, credentials.password)
    if is_session:
        secret = _hash(algorithm, secret, challenge.nonce, cnonce)
    request = _hash(algorithm, method, uri)
    middle = (nonce_count, cnonce, "auth") if with_qop else ()
    fields = [
        f'username="{_escape(credentials.user)}"',
        f'realm="{_escape(realm)}"',
        f'nonce="{_escape(challenge.nonce)}"',
        f'uri="{uri}"',
        f'response="{_hash(algorithm, secret, challenge.nonce, *middle, request)}"',
    ]
    if "algorithm" in parameters:
        fields.append(f"algorithm={parameters['algorithm'].strip() or 'MD5'}")
    if "opaque" in parameters:
        fields.append(f'opaque="{_escape(parameters["opaque"])}"')
    if with_qop:
        fields += ["qop=auth", f"nc={nonce_count}"]
    if with_qop or is_session:
        fields.append(f'cnonce="{cnonce}"')
    return "Digest " + ", ".join(fields)


def _hash(algorithm: str, *parts: str) -> str:
    data = ":".join(parts).encode(ENCODING, ENCODING_ERRORS)
    if algorithm == "sha-256":
        return hashlib.sha256(data).hexdigest()
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
