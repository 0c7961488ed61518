"""Challenges of real cameras, and the examples of the standards."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.rtsp.auth import Challenge, authorization, parse_challenges, strongest
from mini_nvr.rtsp.authenticator import Authenticator
from mini_nvr.rtsp.errors import AuthenticationFailed, NoCredentials
from mini_nvr.rtsp.message import Headers
from mini_nvr.rtsp.url import Credentials

MUFASA = Credentials("Mufasa", "Circle of Life")


def fields(value: str) -> dict[str, str]:
    """The parameters of an Authorization header."""
    return parse_challenges([value])[0].parameters


def test_digest_md5_as_in_rfc_7616_section_3_9_1() -> None:
    challenge = Challenge(
        "digest",
        {
            "realm": "http-auth@example.org",
            "qop": "auth, auth-int",
            "algorithm": "MD5",
            "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
            "opaque": "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
        },
    )
    value = authorization(challenge, MUFASA, "GET", "/dir/index.html", 1, "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")
    assert fields(value) == {
        "username": "Mufasa",
        "realm": "http-auth@example.org",
        "uri": "/dir/index.html",
        "algorithm": "MD5",
        "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        "nc": "00000001",
        "cnonce": "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        "qop": "auth",
        "response": "8ca523f5e9506fed4657c9700eebdbec",
        "opaque": "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
    }


def test_digest_sha_256_as_in_rfc_7616_section_3_9_1() -> None:
    challenge = Challenge(
        "digest",
        {
            "realm": "http-auth@example.org",
            "qop": "auth",
            "algorithm": "SHA-256",
            "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        },
    )
    value = authorization(challenge, MUFASA, "GET", "/dir/index.html", 1, "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")
    assert fields(value)["response"] == "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"


def test_digest_without_qop_is_the_form_of_rfc_2069() -> None:
    challenge = Challenge("digest", {"realm": "testrealm@host.com", "nonce": "dcd98b7102dd2f0e8b11d0f600bfb0c093"})
    value = authorization(challenge, Credentials("Mufasa", "Circle Of Life"), "GET", "/dir/index.html", 1, "unused")
    assert fields(value)["response"] == "670fd8c2df070c60b045671b8b24ff02"
    assert "cnonce" not in value
    assert "algorithm" not in value


def test_the_session_variant_hashes_the_client_nonce_into_the_secret() -> None:
    parameters = {"realm": "r", "nonce": "n", "algorithm": "MD5-sess", "qop": "auth"}
    answers = {authorization(Challenge("digest", parameters), MUFASA, "OPTIONS", "rtsp://cam/", 1, cnonce) for cnonce in "ab"}
    assert len(answers) == 2
    assert all("algorithm=MD5-sess" in answer for answer in answers)


def test_basic_is_base64_of_utf_8() -> None:
    value = authorization(Challenge("basic", {"realm": "x"}), Credentials("häns", "p:a@ß"), "OPTIONS", "rtsp://cam/", 1, "")
    assert base64.b64decode(value.removeprefix("Basic ")).decode() == "häns:p:a@ß"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (
            ['Digest realm="Login to 8F0A", nonce="b6e", opaque="" '],
            [("digest", {"realm": "Login to 8F0A", "nonce": "b6e", "opaque": ""})],
        ),
        (["Digest realm=cam nonce=abc,algorithm=md5"], [("digest", {"realm": "cam", "nonce": "abc", "algorithm": "md5"})]),
        (['digest REALM = \'cam\' , Nonce = "a\\"b"'], [("digest", {"realm": "cam", "nonce": 'a"b'})]),
        (
            ['Basic realm="a, Digest b=c", Digest realm="d", nonce="e=="'],
            [("basic", {"realm": "a, Digest b=c"}), ("digest", {"realm": "d", "nonce": "e=="})],
        ),
        (["Basic"], [("basic", {})]),
        (['Digest realm="never closed, nonce=x'], [("digest", {"realm": "never closed, nonce=x"})]),
        (["", ",,;", '="'], []),
    ],
)
def test_sloppy_challenges_are_read(headers: list[str], expected: list[tuple[str, dict[str, str]]]) -> None:
    assert [(challenge.scheme, challenge.parameters) for challenge in parse_challenges(headers)] == expected


@pytest.mark.parametrize(
    ("headers", "scheme", "algorithm"),
    [
        (['Basic realm="x"', 'Digest realm="x", nonce="1"'], "digest", None),
        (['Digest realm="x", nonce="1", algorithm=MD5, Digest realm="x", nonce="1", algorithm=SHA-256'], "digest", "SHA-256"),
        (['Digest realm="x", nonce="1", algorithm=SHA-512-256', 'Basic realm="x"'], "basic", None),
        (['Digest realm="x", nonce="1", qop="auth-int"', 'Basic realm="x"'], "basic", None),
        (['Digest realm="x", nonce="1", qop=""'], "digest", None),
    ],
)
def test_the_strongest_challenge_wins(headers: list[str], scheme: str, algorithm: str | None) -> None:
    best = strongest(parse_challenges(headers))
    assert best is not None
    assert (best.scheme, best.parameters.get("algorithm")) == (scheme, algorithm)


def test_nothing_usable_is_none() -> None:
    assert strongest(parse_challenges(["NTLM", 'Digest realm="x"', 'Bearer realm="y"'])) is None


@given(st.lists(st.text(alphabet=st.sampled_from("Digestbasicrealmnoce=\"', \\\t=é;"), max_size=60), max_size=3))
def test_any_header_is_read_and_answered(headers: list[str]) -> None:
    best = strongest(parse_challenges(headers))
    if best is not None:
        assert authorization(best, MUFASA, "OPTIONS", "rtsp://cam/", 1, "c").split(" ")[0] in {"Basic", "Digest"}


def refused(nonce: str, *, stale: bool = False) -> Headers:
    return Headers([("WWW-Authenticate", f'Digest realm="r", nonce="{nonce}", qop="auth"' + (", stale=TRUE" if stale else ""))])


def test_a_refused_fresh_answer_is_final_but_a_stale_nonce_is_not() -> None:
    signer = Authenticator(MUFASA)
    assert signer.sign("OPTIONS", "rtsp://cam/") == []
    signer.challenged(refused("1"), was_answered=False)
    assert 'nonce="1"' in signer.sign("OPTIONS", "rtsp://cam/")[0][1]
    signer.challenged(refused("2", stale=True), was_answered=True)
    assert "nc=00000001" in signer.sign("OPTIONS", "rtsp://cam/")[0][1]
    assert "nc=00000002" in signer.sign("OPTIONS", "rtsp://cam/")[0][1]
    with pytest.raises(AuthenticationFailed):
        signer.challenged(refused("3"), was_answered=True)


def test_without_credentials_the_explanation_says_so() -> None:
    with pytest.raises(NoCredentials, match="none is configured"):
        Authenticator(None).challenged(refused("1"), was_answered=False)
