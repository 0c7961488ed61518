"""Unix sockets in a folder whose path may be long, open to nobody but their owner.

`sockaddr_un.sun_path` holds 107 bytes at most (unix(7)) and DATA_DIR may be longer, so a socket is reached through its folder's
descriptor: `/proc/self/fd/N/name`. The recorder's doors (`recorder.control`, `live.endpoint`) listen here.
"""

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from mini_nvr.errors import MiniNvrError

BACKLOG = 64


class SocketInUse(MiniNvrError):
    """Somebody listens at that socket already."""


class ListeningSocket:
    """A listening socket, and the folder that it stands in.

    Raises:
        SocketInUse: another process listens there.
        OSError: the folder cannot be used.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._name = name
        self._folder_fd = open_folder(folder)
        try:
            self.socket = _listen(self._folder_fd, name)
        except BaseException:
            os.close(self._folder_fd)
            raise

    def remove(self) -> None:
        """Remove the socket's file, once its server is closed; harmless when it was done."""
        if self._folder_fd < 0:
            return
        with contextlib.suppress(OSError):
            os.unlink(self._name, dir_fd=self._folder_fd)
        os.close(self._folder_fd)
        self._folder_fd = -1


@contextlib.contextmanager
def address_in(folder: Path, name: str) -> Iterator[str]:
    """The address to connect to while the context lasts.

    Raises:
        OSError: the folder cannot be opened.
    """
    descriptor = open_folder(folder)
    try:
        yield _address(descriptor, name)
    finally:
        os.close(descriptor)


def open_folder(path: Path) -> int:
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def _address(folder_fd: int, name: str) -> str:
    return f"/proc/self/fd/{folder_fd}/{name}"


def _listen(folder_fd: int, name: str) -> socket.socket:
    _remove_stale(folder_fd, name)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        os.fchmod(listener.fileno(), 0o600)  # before bind: Linux gives the socket file this mode, so it is never open to others
        listener.bind(_address(folder_fd, name))
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener


def _remove_stale(folder_fd: int, name: str) -> None:
    """A socket that a dead process left behind."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.setblocking(False)
        try:
            client.connect(_address(folder_fd, name))
        except FileNotFoundError:
            return
        except ConnectionRefusedError:
            os.unlink(name, dir_fd=folder_fd)
            return
        except BlockingIOError:
            pass  # its queue of connections is full: somebody listens
    raise SocketInUse(f"somebody listens at {name} already")
