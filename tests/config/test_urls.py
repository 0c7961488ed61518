"""URLs of cameras and their templates: what comes out can be split by its punctuation, and refusals never quote it."""

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mini_nvr.config.problems import Refused
from mini_nvr.config.secret import SecretStr
from mini_nvr.config.urls import Dvr, Host, Url, canonical_url, url_secrets
from mini_nvr.config.variables import DEFAULT_TEMPLATE

DVR = Dvr(ip="10.0.0.5", port=554, user="admin", password=SecretStr("s3cret"))


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("192.168.1.10", "192.168.1.10"),
        ("dvr.lan", "dvr.lan"),
        ("dvr_1", "dvr_1"),
        ("2001:db8::5", "[2001:db8::5]"),
        ("[2001:DB8:0::5]", "[2001:db8::5]"),
    ],
)
def test_host(text: str, host: str) -> None:
    assert Host().parse(text) == host


@pytest.mark.parametrize(
    "text",
    [
        "192.168.1.256",
        "192.168.1",
        "10.0.0.5:554",
        "rtsp://10.0.0.5",
        "a b",
        "dvr/",
        "-x",
        "a..b",
        "fe80::1%eth0",
        "1::2::3",
        "x" * 254,
    ],
)
def test_not_a_host(text: str) -> None:
    with pytest.raises(Refused):
        Host().parse(text)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("rtsp://cam/1", "rtsp://cam/1"),
        ("RTSP://cam", "rtsp://cam"),
        ("rtsps://cam:322/a?b=c&d=%20", "rtsps://cam:322/a?b=c&d=%20"),
        ("http://cam:0080/video.mjpg", "http://cam:80/video.mjpg"),
        ("rtsp://u:p@cam/", "rtsp://u:p@cam/"),
        ("rtsp://u:p@ss:w!rd@cam/", "rtsp://u:p%40ss%3Aw%21rd@cam/"),
        ("rtsp://u:p%40ss@cam/", "rtsp://u:p%40ss@cam/"),
        ("rtsp://u:p%2fs@cam/", "rtsp://u:p%2Fs@cam/"),
        ("rtsp://u:100%@cam/", "rtsp://u:100%25@cam/"),
        ("rtsp://u:ü%FF@cam/", "rtsp://u:%C3%BC%FF@cam/"),
        ("rtsp://u@cam/", "rtsp://u@cam/"),
        ("rtsp://cam\\@evil/", "rtsp://cam%5C@evil/"),
        ("rtsp://@cam/", "rtsp://cam/"),
        ("rtsp://u:p@[2001:db8:0::1]:554/x", "rtsp://u:p@[2001:db8::1]:554/x"),
    ],
)
def test_canonical(text: str, url: str) -> None:
    assert canonical_url(text) == url
    assert canonical_url(url) == url


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("cam/1", "scheme"),
        ("admin:hunter2@cam/1", "scheme"),
        ("ftp://u:hunter2@cam/1", "not allowed"),
        ("file:///etc/passwd", "not allowed"),
        ("exec:hunter2", "scheme"),
        ("rtsp:///x", "no host"),
        ("rtsp://u:hunter2@/x", "no host"),
        ("rtsp://u:hunter2/x@cam/1", "%2F"),
        ("rtsp://u:hun/ter2@cam/1", "%2F"),
        ("rtsp://u:hun#ter2@cam/1", "%23"),
        ("rtsp://u:hun?ter2@cam/1", "%3F"),
        ("rtsp://u:1/hunter2@cam/1", "%2F"),
        ("rtsp://cam/1#hunter2", "%23"),
        ("rtsp://cam:0/1", "port"),
        ("rtsp://cam:65536/1", "port"),
        ("rtsp://cam:99999999999999999/1", "split"),
        ("rtsp://::1/1", "split"),
        ("rtsp://[::1/1", "split"),
        ("rtsp://[hunter2]/1", "IPv6"),
        ("rtsp://1.2.3/1", "IPv4"),
        ("rtsp://u:hunter2@cam/a b", "space"),
        ("rtsp://u:hunter2@cam/\r\nDESCRIBE", "control"),
        ("rtsp://u:hunter2@cam/ä", "percent-encoded"),
        ("rtsp://u:hunter2@cam/\\..", "percent-encoded"),
    ],
)
def test_refused(text: str, wrong: str) -> None:
    with pytest.raises(Refused, match=wrong) as caught:
        Url().parse(text)
    assert "hunter2" not in str(caught.value)


@settings(deadline=None)
@given(user=st.text(min_size=1, max_size=20), password=st.text(max_size=40), channel=st.integers(1, 999))
@example(user="{pass}", password="{user}@%41/?#:", channel=1)
def test_any_user_and_password_survives_the_template(user: str, password: str, channel: int) -> None:
    if any("\ud800" <= character <= "\udfff" for character in user + password):
        return
    dvr = Dvr(ip="[::1]", port=8554, user=user, password=SecretStr(password))
    url = Url().parse(DEFAULT_TEMPLATE).render(dvr, channel)
    parts = urlsplit(url)
    assert (parts.hostname, parts.port, parts.path) == ("::1", 8554, f"/Streaming/Channels/{channel}01")
    assert (unquote(parts.username or ""), unquote(parts.password or "")) == (user, password)
    assert url.isascii()
    assert not password or password in url_secrets(url)


@settings(deadline=None)
@given(st.text(max_size=60) | st.text(alphabet="rtsp:/@[]{}%#?.0user\\", max_size=60).map(lambda tail: "rtsp://" + tail))
def test_hostile_text_is_refused_or_makes_an_ascii_url(text: str) -> None:
    try:
        url = Url().parse(text).render(DVR, 7)
    except Refused:
        return
    assert url.isascii()
    assert url.isprintable()
    assert " " not in url
    assert canonical_url(url) == url


@pytest.mark.parametrize(
    ("template", "url"),
    [
        ("rtsp://{user}:{pass}@{ip}:{port}/c{channel}", "rtsp://admin:s3cret@10.0.0.5:554/c7"),
        ("rtsp://{ip}/c{channel:02d}/{channel:03d}", "rtsp://10.0.0.5/c07/007"),
        ("rtsp://cam{channel}.lan/", "rtsp://cam7.lan/"),
        ("rtsp://{ip}/user={user}&password={pass}", "rtsp://10.0.0.5/user=admin&password=s3cret"),
    ],
)
def test_template(template: str, url: str) -> None:
    assert Url().parse(template).render(DVR, 7) == url


def test_an_ipv6_address_is_bracketed_once() -> None:
    dvr = Dvr(ip=Host().parse("2001:db8::1"), port=554, user=None, password=None)
    assert Url().parse("rtsp://[{ip}]:{port}/").render(dvr, 1) == "rtsp://[2001:db8::1]:554/"


def test_without_user_info() -> None:
    assert Url().parse("rtsp://{user}:{pass}@{ip}/").without_user_info().text == "rtsp://{ip}/"
    assert Url().parse("rtsp://{user}@{ip}/").without_user_info().text == "rtsp://{ip}/"


@pytest.mark.parametrize(
    ("template", "wrong", "near"),
    [
        ("rtsp://{user}:{password}@{ip}/", "placeholder", "{pass}"),
        ("rtsp://{username}:{pass}@{ip}/", "placeholder", "{user}"),
        ("rtsp://{ip}/{chanel}", "placeholder", "{channel}"),
        ("rtsp://{ip}/{stream}", "%7B", None),
        ("rtsp://{ip}/{}", "placeholder", None),
        ("rtsp://{ip}/{port:02d}", "digits", None),
        ("rtsp://{ip}/{channel:>5}", "brace", None),
        ("rtsp://{ip/", "brace", None),
        ("rtsp://admin:ab{hunter2}@{ip}/", "%7B", None),
    ],
)
def test_bad_placeholder(template: str, wrong: str, near: str | None) -> None:
    with pytest.raises(Refused) as caught:
        Url().parse(template)
    assert wrong in caught.value.wrong
    assert caught.value.near == near
    assert "hunter2" not in caught.value.wrong


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("rtsp://cam/1", []),
        ("rtsp://u@cam/1", []),
        ("rtsp://u:p%40ss@cam/1", ["p@ss", "p%40ss"]),
        ("rtsp://cam/x?user=a&password=hunter2&channel=1", ["hunter2"]),
        ("rtsp://cam/user=a_password=hunter2_channel=1_stream=0.sdp", ["hunter2"]),
        ("http://cam/v?pwd=hunter2", ["hunter2"]),
        ("", []),
    ],
)
def test_secrets_in_a_url(url: str, found: list[str]) -> None:
    assert list(dict.fromkeys(url_secrets(url))) == found


def test_a_template_does_not_show_itself() -> None:
    assert "hunter2" not in repr(Url().parse("rtsp://u:hunter2@cam/"))
