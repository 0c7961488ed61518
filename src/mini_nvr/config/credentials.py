"""Kinds of value that open doors: passwords, bcrypt hashes and the secret key. Their values are never shown."""

import re
from dataclasses import dataclass

from mini_nvr.config.problems import Refused
from mini_nvr.config.secret import SecretStr

KEY_COMMAND = """python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"""

_SHORTEST_KEY = 32
_FEWEST_DISTINCT = 8  # 32 random hexadecimal digits have fewer with a probability below 1e-6
_PLACEHOLDER = re.compile(r"change[-_ ]?(me|this|it)|replace|placeholder|example|your[-_ ]|secret[-_ ]?key|default", re.IGNORECASE)
_REPETITION = re.compile(r"(.{1,8}?)\1{3,}.{0,7}")
_LOOKS_HASHED = re.compile(r"\$+2")
_BCRYPT = re.compile(r"\$2[aby]\$(0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{53}")


@dataclass(frozen=True)
class Password:
    """A password as the other side knows it, of any length."""

    type_name = "password"
    allowed = "up to 256 characters"
    secret = True

    def parse(self, text: str) -> SecretStr:
        if len(text) > 256:
            raise Refused("is too long")
        return SecretStr(text)


@dataclass(frozen=True)
class SignInPassword:
    """A password of our own users, plain or as a bcrypt hash (SECURITY S16).

    Of a plain one any length will do: a recorder that is upgraded must not stand still because of it, or lock its owner out. The
    web service warns of each at every start (`auth.accounts`), and a new one is made by `auth.password_rules`.
    """

    type_name = "password"
    allowed = "up to 128 characters (12 or more are good), or a bcrypt hash"
    secret = True

    def parse(self, text: str) -> SecretStr:
        if _LOOKS_HASHED.match(text):
            if not _BCRYPT.fullmatch(text):
                raise Refused(
                    "looks like a bcrypt hash but is not a whole one (60 characters that begin with $2a$, $2b$ or $2y$); "
                    "write it in single quotes in .env, as in pass1='$2b$12$...', with each $ once"
                )
        elif len(text) > 128:
            raise Refused("is too long")
        return SecretStr(text)


@dataclass(frozen=True)
class SecretKey:
    """The key that signs sessions; a guessable one opens every door (SECURITY S11)."""

    type_name = "secret"
    allowed = f"{_SHORTEST_KEY} or more random characters, as made by: {KEY_COMMAND}"
    secret = True

    def parse(self, text: str) -> SecretStr:
        if _PLACEHOLDER.search(text) or _REPETITION.fullmatch(text) or len(set(text)) < min(_FEWEST_DISTINCT, len(text)):
            raise Refused("is a placeholder that anybody could guess")
        if len(text) < _SHORTEST_KEY:
            raise Refused(f"is too short ({len(text)} characters)")
        return SecretStr(text)
