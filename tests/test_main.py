"""The command line: exit codes, messages, and that nothing is written or imported without need."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mini_nvr import __version__
from mini_nvr.__main__ import main
from mini_nvr.config.model import Settings
from mini_nvr.recorder.control import ControlError
from mini_nvr.services import status

CANARY = "c4n4ry p%ss"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, so that no `.env` of the developer is read."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def env_file(folder: Path, *lines: str) -> Path:
    path = folder / ".env"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"mini-nvr {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [[], ["fly"], ["demo", "--port", "0"], ["demo", "--port", "70000"], ["demo", "--cameras", "0"], ["demo", "--cameras", "x"]],
)
def test_wrong_arguments_are_code_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2


def test_help_names_every_command_and_hides_the_supervisors_option(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--help"], ["recorder", "--help"]):
        with pytest.raises(SystemExit):
            main(arguments)
    text = capsys.readouterr().out
    assert all(command in text for command in ("run", "recorder", "check", "status", "rescan", "demo"))
    assert "settings-fd" not in text


@pytest.mark.parametrize("command", ["run", "check", "recorder"])
def test_without_a_camera_the_code_is_2_and_nothing_is_written(
    command: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command]) == 2
    assert "DVR_IP" in capsys.readouterr().err
    assert list(folder.iterdir()) == []


def test_run_without_a_camera_tells_both_ways_on(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run"]) == 2
    text = capsys.readouterr().err
    assert ".env.example" in text
    assert "mini-nvr run --demo" in text


@pytest.mark.parametrize("command", [["run"], ["run", "--demo"], ["recorder"], ["check"], ["status"], ["rescan"]])
def test_all_wrong_settings_are_listed_without_secrets(
    command: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = env_file(
        folder, f"CHANNEL_1_URL=gopher://anna:{CANARY}@gate/1", "SEGMENT_DURATION=5", "RECORD_FORMAT=avi", "SEGMENT_LENGHT=7"
    )
    assert main(command) == 2
    text = capsys.readouterr().err
    for name in ("CHANNEL_1_URL", "SEGMENT_DURATION", "RECORD_FORMAT", "SEGMENT_LENGHT"):
        assert name in text
    assert "c4n4ry" not in text
    assert list(folder.iterdir()) == [path]


def test_a_named_settings_file_that_is_missing_is_code_2(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--env-file", str(folder / "other.env")]) == 2
    assert "other.env" in capsys.readouterr().err


def test_status_without_a_recorder_is_code_1_and_makes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--json"]) == 1
    captured = capsys.readouterr()
    assert "the recorder is not running" in captured.err
    answer = json.loads(captured.out)
    assert answer["recorderRunning"] is False
    assert {channel["status"] for channel in answer["channels"]} == {"OFF"}
    assert list(folder.iterdir()) == []


def test_an_expected_error_is_one_line_without_traceback(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(settings: Settings, *, as_json: bool) -> int:
        raise ControlError(f"rtsp://anna:x@gate does not answer to {CANARY}: switch it on")

    env_file(folder, "DVR_IP=gate", "DVR_USER=anna", f"DVR_PASS='{CANARY}'")
    monkeypatch.setattr(status, "run", fail)
    assert main(["status"]) == 1
    assert capsys.readouterr().err == "mini-nvr: rtsp://***@gate does not answer to ***: switch it on\n"


def test_an_unexpected_error_is_logged_with_its_traceback_and_without_secrets(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(settings: Settings, *, as_json: bool) -> int:
        raise RuntimeError(f"tried {CANARY}")

    env_file(folder, "DVR_IP=gate", "DVR_USER=anna", f"DVR_PASS='{CANARY}'")
    monkeypatch.setattr(status, "run", fail)
    assert main(["status"]) == 1
    text = capsys.readouterr().err
    assert "RuntimeError: tried ***" in text
    assert "please report" in text
    assert "c4n4ry" not in text


def test_a_log_file_that_cannot_be_opened_is_named_with_its_setting(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "log").touch()
    env_file(folder, "DVR_IP=gate", "LOG_FILE=log/mini-nvr.log")
    for command in (["run"], ["recorder"]):
        assert main(command) == 1
        assert capsys.readouterr().err.startswith("mini-nvr: LOG_FILE=log/mini-nvr.log cannot be written (File exists): name")


def test_a_reader_that_has_seen_enough_is_no_news(folder: Path) -> None:
    command = f"{sys.executable} -m mini_nvr status | true"
    result = subprocess.run(["/bin/sh", "-c", command], cwd=folder, capture_output=True, text=True, check=True)
    assert "Broken pipe" not in result.stderr


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys\nfrom mini_nvr.__main__ import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    print(*sys.modules)"
    )
    modules = set(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split())
    assert not modules & {"asyncio", "pydantic", "sqlalchemy", "av", "numpy", "rich", "uvloop"}


@pytest.mark.parametrize("service", ["recorder", "storage"])
def test_a_service_without_pages_loads_no_library_of_theirs(service: str) -> None:
    """Each of them takes megabytes, day and night."""
    program = f"import sys\nimport mini_nvr.__main__, mini_nvr.services.{service}\nprint(*sys.modules)"
    modules = set(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split())
    assert not modules & {"pydantic", "fastapi", "uvicorn", "av", "numpy", "alembic"}
