"""The child's end of the supervisor's pipe. What its end of file does to a process is in tests/supervisor."""

import json
import os
import threading

import pytest

from mini_nvr.services.inherited import SupervisorGone, read_settings


def pipe_with(data: bytes) -> int:
    read_fd, write_fd = os.pipe()
    os.write(write_fd, data)
    os.close(write_fd)
    return read_fd


def test_settings_arrive_whole_while_the_pipe_stays_open() -> None:
    read_fd, write_fd = os.pipe()
    values = {"CHANNEL_1_NAME": "Tür\n" * 5_000}
    threading.Thread(target=os.write, args=(write_fd, json.dumps(values).encode() + b"\n")).start()
    assert read_settings(read_fd) == values
    os.close(write_fd)
    os.close(read_fd)


@pytest.mark.parametrize("data", [b"", b'{"A": "b"', b"hello\n", b"[]\n", b'{"A": 1}\n', b"\xff\n"])
def test_anything_else_is_our_error(data: bytes) -> None:
    read_fd = pipe_with(data)
    with pytest.raises(SupervisorGone):
        read_settings(read_fd)
    os.close(read_fd)


def test_a_number_that_is_no_descriptor_is_our_error() -> None:
    with pytest.raises(SupervisorGone, match="--settings-fd is for the supervisor"):
        read_settings(987_654)
