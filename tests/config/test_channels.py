"""Where each channel's URL comes from, and what is missing for it."""

from zoneinfo import ZoneInfo

import pytest

from mini_nvr.config.load import ConfigProblems, load
from mini_nvr.config.machine import Machine
from mini_nvr.config.model import ChannelSettings

MACHINE = Machine(zone=ZoneInfo("UTC"), in_container=False)
DVR = {"DVR_IP": "10.0.0.5", "DVR_USER": "admin", "DVR_PASS": "p@ss", "NUM_CHANNELS": "2"}


def channels(values: dict[str, str]) -> tuple[ChannelSettings, ...]:
    return load(values, MACHINE).channels


def urls(values: dict[str, str]) -> list[str]:
    return [channel.url.get_secret_value() for channel in channels(values)]


def problems(values: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigProblems) as caught:
        load(values, MACHINE)
    return [str(problem) for problem in caught.value.problems]


def test_the_template_makes_every_url() -> None:
    assert urls(DVR) == [f"rtsp://admin:p%40ss@10.0.0.5:554/Streaming/Channels/{n}01" for n in (1, 2)]


def test_defaults_of_a_channel() -> None:
    first = channels(DVR)[0]
    assert (first.number, first.name, first.enabled, first.audio, first.sub_url) == (1, "Camera 1", True, True, None)


def test_own_settings_go_first() -> None:
    values = DVR | {"CHANNEL_2_URL": "rtsp://x:y@cam/live", "CHANNEL_2_NAME": "Door", "AUDIO": "off", "CHANNEL_2_AUDIO": "on"}
    first, second = channels(values)
    assert (first.audio, first.name) == (False, "Camera 1")
    assert (second.audio, second.name, second.url.get_secret_value()) == (True, "Door", "rtsp://x:y@cam/live")


def test_an_own_url_may_use_placeholders() -> None:
    assert urls(DVR | {"CHANNEL_2_URL": "rtsp://{user}:{pass}@10.0.0.9/c{channel}"})[1] == "rtsp://admin:p%40ss@10.0.0.9/c2"


def test_the_sub_template_is_for_channels_of_the_template() -> None:
    values = DVR | {"NUM_CHANNELS": "3", "RTSP_SUB_URL_TEMPLATE": "rtsp://{ip}/sub{channel}"}
    values |= {"CHANNEL_2_URL": "rtsp://cam/", "CHANNEL_3_URL": "rtsp://cam/", "CHANNEL_3_SUB_URL": "rtsp://cam/sub"}
    subs = [channel.sub_url.get_secret_value() if channel.sub_url else None for channel in channels(values)]
    assert subs == ["rtsp://10.0.0.5/sub1", None, "rtsp://cam/sub"]


def test_ipv6() -> None:
    assert urls(DVR | {"DVR_IP": "2001:db8::1", "NUM_CHANNELS": "1"}) == [
        "rtsp://admin:p%40ss@[2001:db8::1]:554/Streaming/Channels/101"
    ]


def test_cameras_without_password() -> None:
    assert urls({"DVR_IP": "cam", "DVR_PORT": "8554"}) == ["rtsp://cam:8554/Streaming/Channels/101"]


def test_an_empty_password_is_sent() -> None:
    assert urls({"DVR_IP": "cam", "DVR_USER": "admin"}) == ["rtsp://admin:@cam:554/Streaming/Channels/101"]


def test_nothing_is_inserted_without_a_placeholder() -> None:
    assert urls(DVR | {"RTSP_URL_TEMPLATE": "rtsp://{ip}/{channel}"})[0] == "rtsp://10.0.0.5/1"


@pytest.mark.parametrize(
    ("values", "count"),
    [
        ({"DVR_IP": "cam"}, 1),
        ({"DVR_IP": "cam", "CHANNEL_3_NAME": "Door"}, 3),
        ({"CHANNEL_1_URL": "rtsp://a/", "CHANNEL_2_URL": "rtsp://b/"}, 2),
        ({"CHANNEL_1_URL": "rtsp://a/", "DVR_IP": "cam", "NUM_CHANNELS": "4"}, 4),
        ({"RTSP_URL_TEMPLATE": "rtsp://cam{channel}/", "NUM_CHANNELS": "3"}, 3),
    ],
)
def test_how_many(values: dict[str, str], count: int) -> None:
    assert [channel.number for channel in channels(values)] == list(range(1, count + 1))


def test_a_disabled_channel_needs_no_address() -> None:
    first, second, third = channels({"CHANNEL_1_URL": "rtsp://a/", "CHANNEL_2_ENABLED": "off", "CHANNEL_3_URL": "rtsp://c/"})
    assert (first.enabled, second.enabled, third.enabled) == (True, False, True)
    assert second.url.get_secret_value() == ""


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, ["DVR_IP: is not set, so no camera is known; set it, or CHANNEL_n_URL for each channel"]),
        ({"NUM_CHANNELS": "16"}, ["DVR_IP: is not set, so no camera is known; set it, or CHANNEL_n_URL for each channel"]),
        (
            {"CHANNEL_2_URL": "rtsp://cam/"},
            ["CHANNEL_1_URL: is not set, so channel 1 has no address; set it, or CHANNEL_1_ENABLED=off, "],
        ),
        (
            DVR | {"CHANNEL_3_URL": "rtsp://cam/", "CHANNEL_3_NAME": "x"},
            [
                "CHANNEL_3_NAME: contradicts NUM_CHANNELS=2: raise that, or leave this out",
                "CHANNEL_3_URL: contradicts NUM_CHANNELS=2: raise that, or leave this out",
            ],
        ),
        ({"RTSP_URL_TEMPLATE": "rtsp://{ip}/", "NUM_CHANNELS": "9"}, ["DVR_IP: is not set, but RTSP_URL_TEMPLATE uses {ip}"]),
        ({"DVR_IP": "cam", "DVR_PASS": "x"}, ["DVR_USER: is not set, but RTSP_URL_TEMPLATE uses {user}"]),
        ({"CHANNEL_1_URL": "rtsp://cam/{user}"}, ["DVR_USER: is not set, but CHANNEL_1_URL uses {user}"]),
        (
            {"DVR_IP": "cam", "RTSP_URL_TEMPLATE": "rtsp://{ip}:5{port}/", "DVR_PORT": "65000"},
            ["RTSP_URL_TEMPLATE: makes a URL for channel 1 that cannot be split into user, password, host and path"],
        ),
    ],
)
def test_what_is_missing(values: dict[str, str], expected: list[str]) -> None:
    found = problems(values)
    assert len(found) == len(expected)
    assert all(line.startswith(start) for line, start in zip(found, expected, strict=True))


def test_one_problem_for_a_refused_template() -> None:
    (line,) = problems({"NUM_CHANNELS": "4", "RTSP_URL_TEMPLATE": "rtsp://{host}/"})
    assert line.startswith("RTSP_URL_TEMPLATE=***: holds a placeholder that is not known; ")


def test_a_refused_own_url_does_not_fall_back_to_the_template() -> None:
    (line,) = problems(DVR | {"CHANNEL_1_URL": "ftp://cam/"})
    assert line.startswith("CHANNEL_1_URL=***: has a scheme that is not allowed")
