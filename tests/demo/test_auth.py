"""The camera's side of Basic and Digest; answers are computed here from RFC 7616 section 3.4.1."""

import base64
import hashlib
from collections.abc import Callable

import pytest

from mini_nvr.demo.auth import Authenticator, DigestOptions, parse_parameters

URI = "rtsp://127.0.0.1/stream1"
Hash = Callable[[str], str]


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def answer(challenge: str, password: str, hashed: Hash = md5, method: str = "DESCRIBE", user: str = "admin") -> str:
    scheme, _, rest = challenge.partition(" ")
    assert scheme == "Digest"
    given = parse_parameters(rest)
    ha1, ha2 = hashed(f"{user}:{given['realm']}:{password}"), hashed(f"{method}:{URI}")
    fields = {"username": user, "realm": given["realm"], "nonce": given["nonce"], "uri": URI, "algorithm": given["algorithm"]}
    if "qop" in given:
        fields |= {"qop": "auth", "nc": "00000001", "cnonce": "0a4f"}
        fields["response"] = hashed(f"{ha1}:{given['nonce']}:00000001:0a4f:auth:{ha2}")
    else:
        fields["response"] = hashed(f"{ha1}:{given['nonce']}:{ha2}")
    return "Digest " + ", ".join(f'{name}="{value}"' for name, value in fields.items())


@pytest.mark.parametrize("qop", [False, True])
@pytest.mark.parametrize(("algorithm", "hashed"), [("MD5", md5), ("SHA-256", sha256)])
def test_digest_accepts_the_password_and_nothing_else(qop: bool, algorithm: str, hashed: Hash) -> None:
    options = DigestOptions("MD5" if algorithm == "MD5" else "SHA-256", qop)
    camera = Authenticator("admin", 'p"ä', digest=options)
    challenge = camera.challenge()
    assert camera.accepts("DESCRIBE", answer(challenge, 'p"ä', hashed))
    assert not camera.accepts("SETUP", answer(challenge, 'p"ä', hashed))
    assert not camera.accepts("DESCRIBE", answer(challenge, "wrong", hashed))
    assert not camera.accepts("DESCRIBE", answer(challenge, 'p"ä', hashed, user="root"))


def test_an_answer_to_an_old_challenge_is_refused() -> None:
    old = answer(Authenticator("admin", "secret").challenge(), "secret")
    camera = Authenticator("admin", "secret")  # as after a restart
    assert not camera.accepts("DESCRIBE", old)
    assert camera.accepts("DESCRIBE", answer(camera.challenge(), "secret"))


def test_basic_accepts_the_password_and_nothing_else() -> None:
    camera = Authenticator("admin", "a:b", basic=True)
    assert camera.challenge().startswith("Basic realm=")
    assert camera.accepts("PLAY", "basic " + base64.b64encode(b"admin:a:b").decode())
    assert not camera.accepts("PLAY", "Basic " + base64.b64encode(b"admin:a").decode())


@pytest.mark.parametrize("header", ["", "Basic", "Basic %%%", "Basic =", "Digest", "Digest username=", "Bearer x", "Digest é=ü"])
@pytest.mark.parametrize("basic", [False, True])
def test_nonsense_is_refused(header: str, basic: bool) -> None:
    assert not Authenticator("admin", "secret", basic=basic).accepts("PLAY", header)


def test_without_a_user_everybody_may_come_in() -> None:
    assert Authenticator(None, None).accepts("PLAY", "")


def test_parameters_may_be_quoted_escaped_or_bare() -> None:
    assert parse_parameters(r'Username="a \"b\"", nc=0001,qop = auth , empty=""') == {
        "username": 'a "b"',
        "nc": "0001",
        "qop": "auth",
        "empty": "",
    }
