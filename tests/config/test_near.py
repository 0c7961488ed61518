"""Guesses for mistyped words and names."""

import pytest

from mini_nvr.config.near import near_match
from mini_nvr.config.variables import VARIABLES, is_known, near_name


@pytest.mark.parametrize(("word", "near"), [("mp3", "mp4"), ("MKV", "mkv"), ("zzz", None), ("", None), ("m" * 65, None)])
def test_near_match(word: str, near: str | None) -> None:
    assert near_match(word, ["mp4", "mkv"]) == near


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("DVR_PASSWORD", "DVR_PASS"),
        ("dvr_ip", "DVR_IP"),
        ("SEGMENT_DURATON", "SEGMENT_DURATION"),
        ("CHANEL_12_URL", "CHANNEL_12_URL"),
        ("CHANNEL_3_SUBURL", "CHANNEL_3_SUB_URL"),
        ("CHANNEL_URL", "CHANNEL_1_URL"),
        ("CHANNEL_0_URL", "CHANNEL_1_URL"),
        ("USER2", "user2"),
        ("MAX_STORAGE", "MAX_STORAGE_GB"),
        ("COLOUR", None),
    ],
)
def test_near_name(name: str, near: str | None) -> None:
    assert not is_known(name)
    assert near_name(name) == near


def test_known_names() -> None:
    for variable in VARIABLES:
        assert is_known(variable.spelled(7) if variable.numbered else variable.name)
    for name in (
        "CHANNEL_n_URL",
        "CHANNEL_01_URL",
        "CHANNEL_1000_URL",
        "user0",
        "CHANNEL_{n}_URL",
        "XDVR_IP",
        "DVR_IPX",
        "user1\n",
    ):
        assert not is_known(name)
