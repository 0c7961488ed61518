"""From raw values to settings, and everything that is wrong at once."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mini_nvr.config.load import ConfigProblems, configured, demo_values, load, read_values
from mini_nvr.config.machine import Machine
from mini_nvr.config.variables import HIGHEST_NUMBER, VARIABLES
from mini_nvr.errors import ConfigError

MACHINE = Machine(zone=ZoneInfo("Asia/Tokyo"), in_container=False)
DVR = {"DVR_IP": "10.0.0.5", "DVR_USER": "admin", "DVR_PASS": "canary-1", "NUM_CHANNELS": "2"}
NAMES = [variable.spelled(number) for variable in VARIABLES for number in ((1, 2, 3) if variable.numbered else (None,))]


def problems_of(values: dict[str, str]) -> list[str]:
    """The lines of the error that loading these values raises; empty when there is none."""
    try:
        load(values, MACHINE)
    except ConfigProblems as exc:
        assert str(exc).splitlines() == [str(problem) for problem in exc.problems]
        return str(exc).splitlines()
    return []


def test_defaults() -> None:
    settings = load({"CHANNEL_1_URL": "rtsp://cam/1"}, MACHINE)
    assert settings.segment_duration_s == 300
    assert settings.sync_interval_s == 5.0
    assert settings.record_format == "mp4"
    assert settings.record_dir == Path("recordings")
    assert settings.data_dir == Path("data")
    assert settings.web_port == 2126
    assert settings.cleanup_interval_s == 60
    assert settings.log_level == "INFO"
    assert settings.zone == ZoneInfo("Asia/Tokyo")
    assert settings.users == ()
    assert settings.trusted_proxies == ()
    for unset in (
        "max_storage_bytes",
        "min_free_bytes",
        "retention_days",
        "tls_cert",
        "tls_key",
        "secret_key",
        "log_file",
        "dvr_password",
    ):
        assert getattr(settings, unset) is None
    assert settings.secrets() == ()


def test_the_container_records_to_its_volume() -> None:
    settings = load({"CHANNEL_1_URL": "rtsp://cam/1"}, Machine(ZoneInfo("UTC"), in_container=True))
    assert settings.record_dir == Path("/recordings")


def test_everything_set() -> None:
    key = "kB8s-1ZqPw0LmX93vNcR5tYu7iOaEdFgHj"
    settings = load(
        DVR
        | {
            "SEGMENT_DURATION": "60",
            "RECORD_FORMAT": "MKV",
            "SYNC_INTERVAL": "0.5",
            "RECORD_DIR": "/srv/video",
            "DATA_DIR": "/srv/data",
            "MAX_STORAGE_GB": "1.5",
            "MIN_FREE_GB": "0",
            "RETENTION_DAYS": "30",
            "CLEANUP_INTERVAL": "5",
            "WEB_PORT": "80",
            "TLS_CERT": "c.pem",
            "TLS_KEY": "k.pem",
            "TRUSTED_PROXIES": "10.0.0.0/8",
            "SECRET_KEY": key,
            "user3": "Ann",
            "pass3": "canary-two",
            "LOG_FILE": "/srv/log",
            "LOG_LEVEL": "debug",
            "TZ": "Europe/Berlin",
            "CHANNEL_2_RETENTION_DAYS": "0.5",
            "CHANNEL_2_MAX_GB": "2",
        },
        MACHINE,
    )
    assert (settings.segment_duration_s, settings.record_format, settings.sync_interval_s) == (60, "mkv", 0.5)
    assert (settings.record_dir, settings.data_dir, settings.log_file) == (Path("/srv/video"), Path("/srv/data"), Path("/srv/log"))
    assert (settings.max_storage_bytes, settings.min_free_bytes, settings.retention_days) == (3 * 2**29, 0, 30.0)
    assert (settings.cleanup_interval_s, settings.web_port, settings.log_level) == (5, 80, "DEBUG")
    assert (settings.tls_cert, settings.tls_key) == (Path("c.pem"), Path("k.pem"))
    assert [str(network) for network in settings.trusted_proxies] == ["10.0.0.0/8"]
    assert settings.zone == ZoneInfo("Europe/Berlin")
    assert (settings.channels[1].retention_days, settings.channels[1].max_bytes) == (0.5, 2**31)
    assert [(user.name, user.password.get_secret_value()) for user in settings.users] == [("Ann", "canary-two")]
    assert settings.secrets() == ("canary-1", key, "canary-two")
    assert "canary" not in repr(settings)


def test_secrets_are_what_stands_in_the_file_and_in_urls() -> None:
    settings = load({"CHANNEL_1_URL": "rtsp://u:p@ss@cam/1", "CHANNEL_1_SUB_URL": "rtsp://cam/?password=other"}, MACHINE)
    assert set(settings.secrets()) == {"p@ss", "p%40ss", "other"}


def test_an_empty_value_is_unset() -> None:
    values = dict.fromkeys(NAMES, "") | {"CHANNEL_1_URL": "rtsp://cam/1", "LOG_LEVEL": "  "}
    assert load(values, MACHINE) == load({"CHANNEL_1_URL": "rtsp://cam/1"}, MACHINE)


def test_all_problems_at_once() -> None:
    found = problems_of(
        {
            "DVR_IP": "10.0.0.500",
            "DVR_PASSWORD": "canary",
            "NUM_CHANNELS": "none",
            "SEGMENT_DURATION": "5",
            "SECRET_KEY": "changeme",
            "TZ": "Europe/Berln",
            "user1": "ann",
            "TLS_CERT": "x",
            "RECORD_DIR": "a\0b",
        }
    )
    assert found == [
        "DVR_PASSWORD: is not a setting; did you mean DVR_PASS?",
        "DVR_IP=10.0.0.500: has an IPv4 address that is not four numbers from 0 to 255; "
        "allowed: an IPv4 or IPv6 address or a host name, without scheme, port or path",
        "TLS_KEY: is not set, but TLS_CERT is; HTTPS needs both",
        "NUM_CHANNELS=none: is not a whole number; allowed: 1 to 999",
        "SEGMENT_DURATION=5: is too small; allowed: 10 to 3600 s",
        "RECORD_DIR=a\\x00b: holds a control character; see whether every quote in .env is closed; "
        "allowed: an absolute path, or one from the working directory",
        "SECRET_KEY=***: is a placeholder that anybody could guess; allowed: 32 or more random characters, "
        "as made by: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'",
        "pass1: is not set, but user1 is",
        "TZ=Europe/Berln: is not a known time zone; allowed: a name of the IANA time zone database such as Europe/Berlin; "
        "did you mean Europe/Berlin?",
    ]


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"pass2": "long enough"}, "user2: is not set, but pass2 is"),
        ({"user1": "Ann", "pass1": "long enough", "user9": "ann", "pass9": "long enough"}, "user9: is the same name as user1"),
        ({"TLS_KEY": "k"}, "TLS_CERT: is not set, but TLS_KEY is; HTTPS needs both"),
        ({"user0": "x"}, "user0: is not a setting; did you mean user1?"),
        (
            {"LOG_LEVEL": "verbos"},
            "LOG_LEVEL=verbos: is not one of the words known here; allowed: DEBUG, INFO, WARNING, ERROR, CRITICAL",
        ),
    ],
)
def test_contradictions(values: dict[str, str], line: str) -> None:
    assert line in problems_of(DVR | values)


def test_the_error_is_ours() -> None:
    with pytest.raises(ConfigError):
        load({})


def test_user_info_in_the_wrong_variable_is_masked() -> None:
    (line,) = problems_of(DVR | {"DVR_IP": "rtsp://admin:canary@10.0.0.5"})
    assert line.startswith("DVR_IP=***@10.0.0.5: ")


SECRET_NAMES = [
    "DVR_PASS",
    "SECRET_KEY",
    "pass1",
    "CHANNEL_1_URL",
    "CHANNEL_2_SUB_URL",
    "RTSP_URL_TEMPLATE",
    "RTSP_SUB_URL_TEMPLATE",
    "DVR_PASWORD",
]
CANARY = "c4n4ryc4n4ry"
around = st.text(alphabet="rtsp:/@{}%#?. \n$2'au\x00\ud800ü", max_size=12)


@hypothesis_settings(deadline=None, max_examples=300)
@given(
    name=st.sampled_from(SECRET_NAMES),
    before=around,
    after=around,
    scheme=st.sampled_from(["", "rtsp://", "rtsp://u:", "ftp://u:"]),
)
@example(name="CHANNEL_1_URL", before="{", after="}", scheme="")
def test_a_secret_is_never_shown(name: str, before: str, after: str, scheme: str) -> None:
    values = {"NUM_CHANNELS": "x", "WEB_PORT": "0", "DVR_IP": "?", name: f"{scheme}{before}{CANARY}{after}"}
    text = "\n".join(problems_of(values))
    assert text
    assert CANARY not in text


@hypothesis_settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.sampled_from(NAMES) | st.text(max_size=20),
        st.text(max_size=30) | st.sampled_from(["1", "2", "on", "rtsp://a/b"]),
        max_size=8,
    )
)
def test_any_values_load_or_are_refused_line_by_line(values: dict[str, str]) -> None:
    for line in problems_of(values):
        assert line.isprintable()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, False),
        ({"DVR_USER": "admin", "NUM_CHANNELS": "4", "DVR_IP": " "}, False),
        ({"DVR_IP": "10.0.0.5"}, True),
        ({"DVR_IP": "not valid"}, True),
        ({"RTSP_URL_TEMPLATE": "rtsp://cam{channel}/"}, True),
        ({"CHANNEL_7_URL": "rtsp://cam/"}, True),
    ],
)
def test_configured(values: dict[str, str], *, expected: bool) -> None:
    assert configured(values) is expected


def test_demo_values_replace_the_cameras_and_keep_the_rest() -> None:
    base = {
        "DVR_USER": "admin",
        "DVR_PASS": "x",
        "CHANNEL_9_NAME": "Door",
        "NUM_CHANNELS": "1",
        "WEB_PORT": "80",
        "CHANNEL_TYPO": "1",
    }
    values = demo_values(8554, 3, base)
    assert base["DVR_USER"] == "admin"
    with pytest.raises(ConfigProblems, match="CHANNEL_TYPO"):
        load(values, MACHINE)
    del values["CHANNEL_TYPO"]
    settings = load(values, MACHINE)
    assert [(c.name, c.url.get_secret_value()) for c in settings.channels] == [
        (f"Demo {n}", f"rtsp://127.0.0.1:8554/stream{n}") for n in (1, 2, 3)
    ]
    assert settings.web_port == 80


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    """The process environment, empty, in an empty working directory."""
    environ: dict[str, str] = {}
    monkeypatch.setattr("mini_nvr.config.load.os.environ", environ)
    monkeypatch.chdir(tmp_path)
    return environ


@pytest.mark.usefixtures("environ")
def test_nothing_at_all_is_no_error() -> None:
    assert read_values() == {}


def test_the_environment_goes_before_the_file(environ: dict[str, str]) -> None:
    Path(".env").write_text("DVR_IP=10.0.0.5\nDVR_PASS='a$b$$c'\nWEB_PORT=1\nDVR_USER=file\n", encoding="utf-8")
    environ.update({"WEB_PORT": "2", "PATH": "/bin", "user1": "ann", "DVR_USER": ""})
    assert read_values() == {"DVR_IP": "10.0.0.5", "DVR_PASS": "a$b$$c", "WEB_PORT": "2", "user1": "ann", "DVR_USER": "file"}


def test_names_like_ours_are_noticed_in_the_environment_and_all_others_in_the_file(environ: dict[str, str]) -> None:
    Path(".env").write_text("SEGMENT_TIME=5\nCOMPOSE_PROJECT_NAME=nvr\nPUID=1001\nPGID=1001\n", encoding="utf-8")
    environ.update({"DVR_PASSWORD": "x", "CHANNEL_1_ULR": "x", "RTSP_TEMPLATE": "x", "SEGMENT_LENGTH": "5", "HOME": "/root"})
    assert set(read_values()) == {"SEGMENT_TIME", "DVR_PASSWORD", "CHANNEL_1_ULR", "RTSP_TEMPLATE"}


def test_a_named_file_must_exist(environ: dict[str, str], tmp_path: Path) -> None:
    environ["WEB_PORT"] = "0"
    with pytest.raises(ConfigProblems) as caught:
        read_values(tmp_path / "missing")
    assert [problem.variable for problem in caught.value.problems] == [str(tmp_path / "missing"), "DVR_IP", "WEB_PORT"]


@pytest.mark.usefixtures("environ")
def test_problems_of_the_file_and_of_its_values_come_together() -> None:
    Path(".env").write_text("WEB_PORT=0\npass1='canary\nDVR_IP=10.0.0.5\nDVR_IP=10.0.0.6\n", encoding="utf-8")
    with pytest.raises(ConfigProblems) as caught:
        read_values()
    assert [problem.variable for problem in caught.value.problems] == [".env line 2", "DVR_IP", "WEB_PORT"]
    assert "canary" not in str(caught.value)


def test_the_most_channels_load() -> None:
    assert len(load(DVR | {"NUM_CHANNELS": str(HIGHEST_NUMBER)}, MACHINE).channels) == HIGHEST_NUMBER
