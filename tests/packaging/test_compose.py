"""docker-compose.yml grants the container what it needs and nothing else (SECURITY S18), and leaves `.env` to the program."""

import re
from pathlib import Path

import pytest

from mini_nvr.config.load import read_values
from tests.support.compose import FILE, interpolated, services, variables

RECORDER, FOLDERS = services()["mini-nvr"], services()["folders"]
STOPS_WITHIN_S = 5.5
"""The supervisor's own patience, SIGKILL included."""
HASH = "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW"


BOTH = pytest.mark.parametrize("service", [RECORDER, FOLDERS], ids=["mini-nvr", "folders"])
SHARED = {"image", "read_only", "cap_drop", "security_opt", "pids_limit", "user", "volumes"}
OWN = {
    "mini-nvr": {"build", "depends_on", "restart", "stop_grace_period", "ports", "environment", "tmpfs", "logging"},
    "folders": {"pull_policy", "cap_add", "network_mode", "entrypoint", "command", "healthcheck"},
}


@pytest.mark.parametrize("name", services())
def test_each_word_is_one_of_the_compose_specification_that_was_weighed(name: str) -> None:
    """Compose refuses words that it does not know; those that it knows and that are not here would grant or take something."""
    assert services()[name].keys() == SHARED | OWN[name]


def test_one_service_builds_the_image_and_the_other_takes_it_as_it_is() -> None:
    """Compose builds side by side: two builds of one name fail on a machine where it is not there yet ("already exists")."""
    assert RECORDER["image"] == FOLDERS["image"]
    assert [name for name, service in services().items() if "build" in service] == ["mini-nvr"]
    assert FOLDERS["pull_policy"] == "never", "it would be looked for at Docker's registry before it is built"


def test_what_it_writes_beside_its_folders_is_bounded_and_in_memory() -> None:
    assert RECORDER["tmpfs"] == ["/tmp:size=64m,mode=1777"]  # noqa: S108  of the container
    assert 0 < RECORDER["pids_limit"] <= 512


def test_the_image_says_whether_it_is_well_and_the_helper_need_not() -> None:
    assert "healthcheck" not in RECORDER
    assert FOLDERS["healthcheck"] == {"disable": True}


@BOTH
def test_s18_both_are_locked_in(service: dict[str, object]) -> None:
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.keys() & {"privileged", "devices", "pid", "ipc", "userns_mode", "group_add", "volumes_from", "env_file"}
    assert service.get("network_mode") in (None, "none")


def test_s18_the_recorder_is_not_root_and_sees_three_things_of_the_host() -> None:
    assert interpolated(RECORDER["user"], {}) == "1000:1000"
    assert interpolated(RECORDER["user"], {"PUID": "1001", "PGID": "100"}) == "1001:100"
    assert "cap_add" not in RECORDER
    recordings, data, env = RECORDER["volumes"]
    assert (recordings, data) == ("./recordings:/recordings", "./data:/data")
    assert (env["type"], env["source"], env["target"]) == ("bind", "./.env", "/.env")
    assert env["read_only"] is True
    assert env["bind"] == {"create_host_path": False}, "Docker would make a folder called .env"


def test_s18_root_gives_the_folders_away_and_can_do_nothing_else() -> None:
    assert FOLDERS["cap_add"] == ["CHOWN", "DAC_READ_SEARCH"]
    assert FOLDERS["network_mode"] == "none"
    assert FOLDERS["volumes"] == RECORDER["volumes"][:2]
    assert "restart" not in FOLDERS
    program, owner, *folders = FOLDERS["entrypoint"]
    assert (program, folders) == ("own-folders", ["/recordings", "/data"])
    assert interpolated(owner, {"PUID": "1001"}) == "1001:1000"
    assert RECORDER["depends_on"] == {"folders": {"condition": "service_completed_successfully"}}


def test_no_setting_goes_through_compose_but_where_it_listens() -> None:
    assert variables() == {"WEB_PORT", "WEB_HOST", "PUID", "PGID"}
    assert set(RECORDER["environment"]) == {"WEB_PORT"}


def test_compose_warns_of_no_variable_that_is_not_set() -> None:
    """It does for each one without `:-`, `:+` and their like, and for one within another, at every command."""
    text = "\n".join(line for line in FILE.read_text().splitlines() if not line.lstrip().startswith("#"))
    assert text.count("$") == len(re.findall(r"\$\{[A-Z_]+:[-+][^${}]*\}", text)) > 0


@pytest.mark.parametrize(
    ("values", "published"),
    [
        ({}, "2126:2126"),
        ({"WEB_PORT": "8080"}, "8080:8080"),
        ({"WEB_HOST": "127.0.0.1"}, "127.0.0.1:2126:2126"),
        ({"WEB_HOST": "[::1]"}, "[::1]:2126:2126"),
        ({"WEB_HOST": "", "WEB_PORT": "443"}, "443:443"),
    ],
)
def test_the_port_of_the_host_is_the_one_inside(values: dict[str, str], published: str) -> None:
    (port,) = RECORDER["ports"]
    assert interpolated(port, values) == published
    assert interpolated(RECORDER["environment"]["WEB_PORT"], values) == published.rpartition(":")[2]


def test_what_compose_needs_in_env_is_no_fault_for_the_program_and_a_dollar_stays(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        f"PUID=1001\nPGID=1001\nCOMPOSE_PROJECT_NAME=nvr\nWEB_PORT=8080\npass1='{HASH}'\nDVR_PASS='a$b ${{c}}'\n"
    )
    assert read_values(tmp_path / ".env") == {"WEB_PORT": "8080", "pass1": HASH, "DVR_PASS": "a$b ${c}"}


def test_it_restarts_and_has_time_to_seal_its_files() -> None:
    assert RECORDER["restart"] == "unless-stopped"
    grace = re.fullmatch(r"(\d+)s", RECORDER["stop_grace_period"])
    assert grace is not None
    assert int(grace[1]) >= 2 * STOPS_WITHIN_S


def test_its_log_is_bounded() -> None:
    assert set(RECORDER["logging"]["options"]) == {"max-size", "max-file"}
