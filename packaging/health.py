"""The image's HEALTHCHECK: exit code 0 when the web service and the recorder of this container answer, else 1 and why.

Runs every 30 s for years on the smallest machines, so it imports next to nothing (`python3 -I -S`): 0.03 s of CPU a time.
WEB_PORT and DATA_DIR are set by the image.
"""

import os
import socket
import sys

TIMEOUT_S = 8.0
HEALTHZ = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
STATUS = b'{"get": "status"}\n'


def main() -> int:
    """Ask both; the exit code."""
    port, data_dir = int(os.environ["WEB_PORT"]), os.environ["DATA_DIR"]  # noqa: TID251  not the program: it reads no settings
    try:
        web_answers(port)
        recorder_answers(f"{data_dir}/recorder.sock")
    except OSError as exc:
        print(exc)
        return 1
    return 0


def web_answers(port: int) -> None:
    """Return when GET /healthz is 200, by HTTP or, with TLS_CERT and TLS_KEY, by HTTPS.

    Raises:
        OSError: it is not.
    """
    head = _over_http(port)
    if not head.startswith(b"HTTP/"):
        head = _over_https(port)
    if not head.startswith(b"HTTP/1.1 200 "):
        raise OSError(f"the web service is not well: {head[:40]!r}")


def recorder_answers(path: str) -> None:
    """Return when the recorder tells its channels' states at its control socket; cameras may be offline.

    Raises:
        OSError: it does not.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as control:
        control.settimeout(TIMEOUT_S)
        control.connect(path)
        control.sendall(STATUS)
        if not control.recv(64).startswith(b'{"status":'):
            raise OSError("the recorder does not tell its status")


def _over_http(port: int) -> bytes:
    """The beginning of the answer; empty when what listens does not speak plain HTTP."""
    with socket.create_connection(("127.0.0.1", port), TIMEOUT_S) as connection:
        return _ask(connection)


def _over_https(port: int) -> bytes:
    import ssl  # noqa: PLC0415  slow to import, and seldom needed

    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # to this machine, to ask whether somebody is at home
    with (
        socket.create_connection(("127.0.0.1", port), TIMEOUT_S) as connection,
        context.wrap_socket(connection, server_hostname="localhost") as secured,
    ):
        return _ask(secured)


def _ask(connection: socket.socket) -> bytes:
    connection.sendall(HEALTHZ)
    try:
        return connection.recv(64)
    except ConnectionResetError:
        return b""


if __name__ == "__main__":
    sys.exit(main())
