"""The typed result: it does not change, does not show secrets, and feeds the log's redactor."""

import json
from dataclasses import FrozenInstanceError, asdict
from zoneinfo import ZoneInfo

import pytest

from mini_nvr.config.load import load
from mini_nvr.config.machine import Machine
from mini_nvr.log import Redactor

SETTINGS = load(
    {"DVR_IP": "10.0.0.5", "DVR_USER": "admin", "DVR_PASS": "p@ss/word", "CHANNEL_2_URL": "rtsp://u:ca%6eary@cam/"},
    Machine(zone=ZoneInfo("UTC"), in_container=False),
)


def test_settings_never_change() -> None:
    with pytest.raises(FrozenInstanceError):
        SETTINGS.web_port = 80  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        SETTINGS.channels[0].name = "x"  # type: ignore[misc]


@pytest.mark.parametrize("text", [repr(SETTINGS), str(SETTINGS), json.dumps(asdict(SETTINGS), default=str)])
def test_no_rendering_shows_a_secret(text: str) -> None:
    assert not any(secret in text for secret in SETTINGS.secrets())


def test_the_redactor_finds_every_spelling() -> None:
    redactor = Redactor("recorder", ZoneInfo("UTC"), SETTINGS.secrets())
    for channel in SETTINGS.channels:
        assert "p%40ss" not in redactor.redact(channel.url.get_secret_value())
    assert redactor.redact("sent p@ss/word, p%40ss%2Fword and canary") == "sent ***, *** and ***"
