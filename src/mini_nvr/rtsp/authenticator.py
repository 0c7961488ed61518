"""Keeps the challenge in force during a session, and decides when a refusal is final."""

import secrets

from mini_nvr.rtsp import auth
from mini_nvr.rtsp.errors import AuthenticationFailed, NoCredentials
from mini_nvr.rtsp.message import Headers
from mini_nvr.rtsp.url import Credentials


class Authenticator:
    """Signs the requests of one client."""

    def __init__(self, credentials: Credentials | None) -> None:
        self._credentials = credentials
        self._challenge: auth.Challenge | None = None
        self._nonce_count = 0

    def sign(self, method: str, uri: str) -> list[tuple[str, str]]:
        """The Authorization header for a request, none while the camera has not asked for it."""
        if self._challenge is None or self._credentials is None:
            return []
        self._nonce_count += 1
        cnonce = secrets.token_hex(8)
        return [("Authorization", auth.authorization(self._challenge, self._credentials, method, uri, self._nonce_count, cnonce))]

    def challenged(self, headers: Headers, *, was_answered: bool) -> None:
        """Take the challenge of a 401 answer, for the next attempt.

        was_answered: the request answered a challenge that it had brought on itself, so the nonce was fresh. A refusal of an older
        nonce says nothing about the password: many cameras let nonces expire without saying `stale`.

        Raises:
            NoCredentials: there is nothing to answer with.
            AuthenticationFailed: the camera does not like our answer, or asks for what we do not speak.
        """
        if self._credentials is None:
            raise NoCredentials("the camera asks for a user name and password, and none is configured for it")
        challenge = auth.strongest(auth.parse_challenges(headers.all("WWW-Authenticate")))
        if challenge is None:
            raise AuthenticationFailed("the camera asks for a kind of authentication other than Digest (MD5, SHA-256) and Basic")
        if was_answered and not challenge.is_stale:
            raise AuthenticationFailed("the camera refused the user name or the password; check both")
        self._challenge = challenge
        self._nonce_count = 0
