"""`mini-nvr user`: the hash as `.env` takes it, the list, the reset."""

import getpass
import io
import logging
from pathlib import Path

import bcrypt
import pytest

from mini_nvr.__main__ import main
from mini_nvr.auth.accounts import Accounts
from mini_nvr.auth.login import LoginOk
from mini_nvr.auth.passwords import bcrypt_hash
from mini_nvr.catalog.accounts import AccountStore
from mini_nvr.catalog.repository import Catalog
from mini_nvr.config.envfile import parse_env
from mini_nvr.config.load import load
from mini_nvr.config.model import Settings
from mini_nvr.errors import AuthError
from mini_nvr.services.user import accounts_of, hash_password, list_users, reset_password
from tests.support.clock import FakeClock

PASSWORD = "violet tram 7"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def values(tmp_path: Path) -> dict[str, str]:
    folders = {"DATA_DIR": str(tmp_path / "data"), "RECORD_DIR": str(tmp_path / "recordings")}
    return {**folders, "CHANNEL_1_URL": "rtsp://camera/1", "TZ": "UTC"}


@pytest.fixture
def settings(values: dict[str, str]) -> Settings:
    return load(values)


def made(text: str, number: int = 1) -> str:
    file = io.StringIO()
    assert hash_password(number, source=io.StringIO(text), file=file) == 0
    return file.getvalue()


def test_s16_the_line_survives_the_file_and_opens_the_door(values: dict[str, str], tmp_path: Path) -> None:
    """Through the parser of `.env`, the checks of the configuration, and a sign-in."""
    line = made(f"{PASSWORD}\n", 3)
    assert line.startswith("pass3='$2b$12$")
    env = parse_env(f"user3=anna\n{line}")
    assert env.problems == ()
    settings = load({**values, **env.values})
    with Catalog.open(tmp_path) as catalog:
        accounts = accounts_of(settings, AccountStore(catalog.database))
        assert isinstance(accounts.login("anna", PASSWORD, "192.0.2.1", "", 1), LoginOk)


def test_of_a_pipe_the_first_line_counts_blanks_included() -> None:
    line = made(f"  {PASSWORD} \r\nignored\n")
    assert bcrypt.checkpw(f"  {PASSWORD} ".encode(), line.split("'")[1].encode())


def test_a_terminal_is_asked_twice_and_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [PASSWORD, PASSWORD]
    monkeypatch.setattr(getpass, "getpass", lambda _prompt: answers.pop())
    file = io.StringIO()
    assert hash_password(1, source=Terminal(), file=file) == 0
    assert answers == []
    assert PASSWORD not in file.getvalue()


def test_two_answers_that_differ_make_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [PASSWORD, PASSWORD + "8"]
    monkeypatch.setattr(getpass, "getpass", lambda _prompt: answers.pop())
    with pytest.raises(AuthError, match="differ"):
        hash_password(1, source=Terminal(), file=io.StringIO())


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "at least 8"), ("password1", "first that anybody"), ("ä" * 40 + PASSWORD, "72 bytes"), ("\udcff " + PASSWORD, "UTF-8")],
)
def test_a_password_that_would_not_do_is_refused(text: str, message: str) -> None:
    with pytest.raises(AuthError, match=message):
        made(text)


def test_nothing_is_made_by_looking(settings: Settings, tmp_path: Path) -> None:
    file = io.StringIO()
    assert list_users(settings, file=file) == 0
    with pytest.raises(AuthError, match="holds no accounts"):
        reset_password(settings, "admin", file=file)
    assert list(tmp_path.iterdir()) == []
    assert len(file.getvalue().splitlines()) == 1


def test_the_list_shows_where_accounts_are_kept_and_what_they_do(values: dict[str, str]) -> None:
    clock, file = FakeClock(), io.StringIO()
    with Catalog.open(Path(values["DATA_DIR"])) as catalog:
        store = AccountStore(catalog.database)
        Accounts(store, [], "k" * 40).bootstrap(clock.utc_us())
        settings = load({**values, "user1": "Anna", "pass1": PASSWORD, "user2": "ben", "pass2": bcrypt_hash("orchard 12 b")})
        accounts_of(settings, store).login("anna", PASSWORD, "192.0.2.1", "", clock.utc_us())
    assert list_users(settings, file=file, clock=clock) == 0
    rows = [" ".join(line.split()) for line in file.getvalue().splitlines()[1:]]
    assert rows == [
        "Anna configuration readable 1 2026-03-01 13:30:00",
        "ben configuration hashed 0 -",
        "admin catalog to be set at the next sign-in 0 -",
    ]
    assert PASSWORD not in file.getvalue()


def test_a_reset_prints_the_password_alone_and_leaves_a_record(
    settings: Settings, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    clock = FakeClock()
    with Catalog.open(settings.data_dir) as catalog:
        store = AccountStore(catalog.database)
        first = accounts_of(settings, store).bootstrap(clock.utc_us())
        clock.advance(1)
        file = io.StringIO()
        assert reset_password(settings, "admin", file=file, clock=clock) == 0
        second = file.getvalue().rstrip("\n")
        assert second != first
        accounts = accounts_of(settings, store)
        assert isinstance(accounts.login("admin", second, "192.0.2.1", "", clock.utc_us()), LoginOk)
        assert [row.action for row in store.audit(10)] == ["password changed"]
    assert "works once" in capsys.readouterr().err
    assert second not in caplog.text


def test_the_commands_are_on_the_command_line(
    values: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    env = tmp_path / "settings"
    env.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD + "\n"))
    assert main(["user", "hash", "--number", "2"]) == 0
    assert capsys.readouterr().out.startswith("pass2='$2b$12$")
    assert main(["user", "list", "--env-file", str(env)]) == 0
    assert capsys.readouterr().out.startswith("User")
    assert main(["user", "reset", "admin", "--env-file", str(env)]) == 1
    assert "holds no accounts" in capsys.readouterr().err
    for wrong in (["user"], ["user", "reset"], ["user", "hash", "--number", "0"]):
        with pytest.raises(SystemExit) as caught:
            main(wrong)
        assert caught.value.code == 2
