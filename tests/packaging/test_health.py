"""The image's health check against services that are well, ill, silent or gone."""

import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.support.self_signed import make_self_signed

SCRIPT = Path(__file__).parents[2] / "packaging/health.py"
WELL = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok\n"
ILL = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"
STATUS = b'{"status":[]}\n'


@contextmanager
def answering(listener: socket.socket, talk: Callable[[socket.socket], None]) -> Iterator[None]:
    """Each connection is given to `talk`, until the block ends."""

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                try:
                    talk(connection)
                except OSError:
                    continue  # whoever asked has gone, or spoke something else

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def saying(answer: bytes, context: ssl.SSLContext | None = None) -> Callable[[socket.socket], None]:
    def talk(connection: socket.socket) -> None:
        if context is None:
            connection.recv(4096)
            connection.sendall(answer)
            return
        with context.wrap_socket(connection, server_side=True) as secured:
            secured.recv(4096)
            secured.sendall(answer)

    return talk


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    pair = make_self_signed(tmp_path_factory.mktemp("tls"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.chain, pair.key)
    return context


class Services:
    """What listens at the places of the web service and the recorder."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder, self._stack = folder, stack
        self._web = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        self.port = self._web.getsockname()[1]

    def web(self, answer: bytes, context: ssl.SSLContext | None = None) -> None:
        self._stack.enter_context(answering(self._web, saying(answer, context)))

    def recorder(self, answer: bytes) -> None:
        listener = self._stack.enter_context(socket.socket(socket.AF_UNIX))
        listener.bind(str(self._folder / "recorder.sock"))
        listener.listen()
        self._stack.enter_context(answering(listener, saying(answer)))

    def check(self) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", "-S", str(SCRIPT)]
        settings = {"WEB_PORT": str(self.port), "DATA_DIR": str(self._folder)}
        return subprocess.run(command, env=settings, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    with ExitStack() as stack:
        yield Services(tmp_path, stack)


def test_both_answer(services: Services) -> None:
    services.web(WELL)
    services.recorder(STATUS)
    assert services.check().returncode == 0


def test_https_is_found_out(services: Services, tls: ssl.SSLContext) -> None:
    services.web(WELL, tls)
    services.recorder(STATUS)
    result = services.check()
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("web", "recorder", "reason"),
    [
        (ILL, STATUS, "503"),
        (b"", STATUS, ""),
        (WELL, b'{"error":"busy"}\n', "does not tell its status"),
        (WELL, None, "No such file"),
    ],
)
def test_one_is_not_well(services: Services, web: bytes, recorder: bytes | None, reason: str) -> None:
    services.web(web)
    if recorder is not None:
        services.recorder(recorder)
    result = services.check()
    assert result.returncode == 1
    assert reason in result.stdout
    assert "Traceback" not in result.stderr


def test_nobody_listens(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free, ExitStack() as stack:
        services = Services(tmp_path, stack)
        services.port = free.getsockname()[1]
        free.close()
        assert services.check().returncode == 1
