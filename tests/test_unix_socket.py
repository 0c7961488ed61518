"""Sockets in a folder: whose they are, who may listen twice, and what stays behind."""

import socket
import stat
from pathlib import Path

import pytest

from mini_nvr.unix_socket import ListeningSocket, SocketInUse, address_in

NAME = "door.sock"


def connect(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as client, address_in(folder, NAME) as address:
        client.connect(address)


def test_it_can_be_reached_in_a_folder_with_a_long_name_and_is_removed(tmp_path: Path) -> None:
    folder = tmp_path / ("a" * 120) / ("b" * 120)
    folder.mkdir(parents=True)
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    listening = ListeningSocket(folder, NAME)
    connect(folder)
    assert stat.S_IMODE((folder / NAME).stat().st_mode) == 0o600
    listening.socket.close()
    listening.remove()
    listening.remove()
    assert not (folder / NAME).exists()
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors


def test_one_listens_at_a_time(tmp_path: Path) -> None:
    first = ListeningSocket(tmp_path, NAME)
    with pytest.raises(SocketInUse, match=NAME):
        ListeningSocket(tmp_path, NAME)
    connect(tmp_path)
    first.socket.close()  # as if its process had died
    second = ListeningSocket(tmp_path, NAME)
    connect(tmp_path)
    second.socket.close()
    second.remove()
    first.remove()


def test_a_missing_folder_is_the_system_s_own_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        ListeningSocket(tmp_path / "missing", NAME)
    with pytest.raises(FileNotFoundError), address_in(tmp_path / "missing", NAME):
        pass
