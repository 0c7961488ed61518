"""The camera templates of README, guide and example: the settings take each, and make of it what that make of camera expects."""

import re
from typing import Final

import pytest

from mini_nvr.config.load import load
from tests.docs.markdown import ROOT

TEMPLATE: Final = re.compile(r"rtsp://[^\s`]*\{ip\}[^\s`]*")
USER, PASSWORD = "viewer", "a/b c#1"
LOGIN: Final = "viewer:a%2Fb%20c%231@192.168.1.10:554"
MADE: Final = {
    "/Streaming/Channels/{channel}01": "/Streaming/Channels/1201",
    "/Streaming/Channels/{channel}02": "/Streaming/Channels/1202",
    "/cam/realmonitor?channel={channel}&subtype=0": "/cam/realmonitor?channel=12&subtype=0",
    "/cam/realmonitor?channel={channel}&subtype=1": "/cam/realmonitor?channel=12&subtype=1",
    "/Preview_{channel:02d}_main": "/Preview_12_main",
    "/unicast/c{channel}/s0/live": "/unicast/c12/s0/live",
    "/stream1": "/stream1",
    "/stream{channel}": "/stream12",
    "/stream{channel}_sub": "/stream12_sub",
}
"""The path of a template, and what it is for channel 12 of a DVR."""
WITHOUT_LOGIN: Final = {
    "/user={user}_password={pass}_channel={channel}_stream=0.sdp": "/user=viewer_password=a%2Fb%20c%231_channel=12_stream=0.sdp",
}
"""The same for makes that want user and password in the path."""


def templates(name: str) -> list[str]:
    return sorted(set(TEMPLATE.findall((ROOT / name).read_text(encoding="utf-8"))))


def made_of(template: str) -> str:
    values = {"DVR_IP": "192.168.1.10", "DVR_USER": USER, "DVR_PASS": PASSWORD, "NUM_CHANNELS": "12", "RTSP_URL_TEMPLATE": template}
    return load(values).channels[-1].url.get_secret_value()


@pytest.mark.parametrize("template", templates("docs/guide/cameras.md"))
def test_a_template_of_the_guide_makes_the_address_of_its_make(template: str) -> None:
    path = "/" + template.removeprefix("rtsp://").partition("/")[2]
    if path in WITHOUT_LOGIN:
        assert made_of(template) == f"rtsp://192.168.1.10:554{WITHOUT_LOGIN[path]}"
    else:
        assert made_of(template) == f"rtsp://{LOGIN}{MADE[path]}"


@pytest.mark.parametrize("template", templates(".env.example"))
def test_a_template_of_the_example_does_so_too(template: str) -> None:
    path = "/" + template.removeprefix("rtsp://").partition("/")[2]
    assert made_of(template) == f"rtsp://{LOGIN}{MADE[path]}"


def test_the_readme_has_none_that_the_guide_has_not() -> None:
    assert set(templates("README.md")) <= set(templates("docs/guide/cameras.md"))
    assert set(templates("README.md")) <= set(templates(".env.example"))
