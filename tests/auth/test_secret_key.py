import os
import stat
import threading
from pathlib import Path

import pytest

from mini_nvr.auth.secret_key import load_or_make_secret_key
from mini_nvr.config.credentials import SecretKey
from mini_nvr.errors import AuthError


def test_s11_a_key_is_made_once_for_the_owner_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    old = os.umask(0)
    try:
        key = load_or_make_secret_key(tmp_path / "data")
    finally:
        os.umask(old)
    assert load_or_make_secret_key(tmp_path / "data") == key
    assert SecretKey().parse(key).get_secret_value() == key
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["secret-key"]
    assert stat.S_IMODE((tmp_path / "data" / "secret-key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    assert load_or_make_secret_key(tmp_path / "other") != key
    assert "could be read by others" not in caplog.text  # not even for a moment


def test_s11_services_that_start_together_share_one_key(tmp_path: Path) -> None:
    keys: list[str] = []
    threads = [threading.Thread(target=lambda: keys.append(load_or_make_secret_key(tmp_path))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert len(set(keys)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret-key"]


def test_s11_a_key_that_others_could_read_is_closed_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    key = load_or_make_secret_key(tmp_path)
    (tmp_path / "secret-key").chmod(0o644)
    assert load_or_make_secret_key(tmp_path) == key
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600
    assert "could be read by others" in caplog.text
    assert key not in caplog.text


@pytest.mark.parametrize("content", [b"", b"short\n", b"\n" * 100])
def test_a_file_without_a_key_is_refused_with_the_remedy(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "secret-key").write_bytes(content)
    with pytest.raises(AuthError, match="remove it, and a new one is made"):
        load_or_make_secret_key(tmp_path)


def test_neither_links_nor_folders_nor_pipes_are_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("k" * 64)
    path = tmp_path / "secret-key"
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(AuthError, match="cannot use .*secret-key"):
        load_or_make_secret_key(tmp_path)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(AuthError, match="is not a file"):
        load_or_make_secret_key(tmp_path)
    path.unlink()
    path.mkdir()
    with pytest.raises(AuthError, match="secret-key"):
        load_or_make_secret_key(tmp_path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(AuthError, match="cannot use .*data/secret-key"):
        load_or_make_secret_key(tmp_path / "data")
