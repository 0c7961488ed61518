"""The typed result: it does not change, does not show secrets, and feeds the log's redactor."""

from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from mini_nvr.config.load import load
from mini_nvr.config.machine import Machine
from mini_nvr.config.model import UserSettings
from mini_nvr.log import Redactor

SETTINGS = load(
    {"DVR_IP": "10.0.0.5", "DVR_USER": "admin", "DVR_PASS": "p@ss/word", "CHANNEL_2_URL": "rtsp://u:ca%6eary@cam/"},
    Machine(zone=ZoneInfo("UTC"), in_container=False),
)


def test_settings_never_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        SETTINGS.web_port = 80
    with pytest.raises(ValidationError, match="frozen"):
        SETTINGS.channels[0].name = "x"


def test_wrong_types_are_not_converted() -> None:
    with pytest.raises(ValidationError):
        UserSettings.model_validate({"name": 5, "password": "x"})
    with pytest.raises(ValidationError):
        UserSettings.model_validate({"name": "x", "password": "x", "role": "admin"})


@pytest.mark.parametrize("text", [repr(SETTINGS), str(SETTINGS), SETTINGS.model_dump_json()])
def test_no_rendering_shows_a_secret(text: str) -> None:
    assert not any(secret in text for secret in SETTINGS.secrets())


def test_the_redactor_finds_every_spelling() -> None:
    redactor = Redactor("recorder", ZoneInfo("UTC"), SETTINGS.secrets())
    for channel in SETTINGS.channels:
        assert "p%40ss" not in redactor.redact(channel.url.get_secret_value())
    assert redactor.redact("sent p@ss/word, p%40ss%2Fword and canary") == "sent ***, *** and ***"
