"""The web process: the API and its page on WEB_PORT.

It reads the catalog and the files, and asks the recorder; it never talks to a camera.
"""

import asyncio
import gc
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any, Final

import uvicorn
import uvloop

from mini_nvr.api.deps import Deps
from mini_nvr.api.server import create_app
from mini_nvr.auth.accounts import FIRST_USER, Accounts
from mini_nvr.auth.audit import Audit
from mini_nvr.auth.secret_key import load_or_make_secret_key
from mini_nvr.auth.sessions import SessionPolicy
from mini_nvr.catalog.accounts import AccountStore
from mini_nvr.catalog.repository import Catalog
from mini_nvr.clock import Clock, SystemClock
from mini_nvr.config.model import Settings
from mini_nvr.errors import MiniNvrError
from mini_nvr.live import client
from mini_nvr.live.protocol import StreamName
from mini_nvr.playback.stills import StillMaker
from mini_nvr.recorder.control import request_status
from mini_nvr.recorder.status import ChannelStatus
from mini_nvr.services.bounded import Bounded
from mini_nvr.services.certificate import Certificate
from mini_nvr.services.timed_heads import TimedHeads
from mini_nvr.services.unreadable import Unreadable
from mini_nvr.services.zero_copy import ZeroCopy
from mini_nvr.storage import door

_log = logging.getLogger(__name__)

ALL_ADDRESSES: Final = IPv6Address("::")
STOP_S: Final = 3
STILLS_BYTES: Final = 256 << 20
THREADS: Final = 32
"""For reading files: a disk that stalls holds up as many readers, not the service."""
BACKLOG: Final = 512
REQUEST_HEAD_BYTES: Final = 32 * 1024
KEEP_ALIVE_S: Final = 15
GC_THRESHOLD: Final = 50_000
"""Answers are large and form no cycles; a look for cycles in the midst of one costs some milliseconds."""
MESSAGE_BYTES: Final = 4_096
"""From viewers, who have nothing to say."""


class WebFailed(MiniNvrError):
    """The web service could not start."""


class RecorderLink:
    """The recorder, over its sockets in DATA_DIR."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir

    async def status(self) -> list[ChannelStatus]:
        return await request_status(self._data_dir)

    def watch(self, channel: int, stream: StreamName, *, marked: bool = False) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        return client.watch(self._data_dir, channel, stream, marked=marked)

    def events(self) -> AbstractAsyncContextManager[AsyncIterator[Mapping[str, Any]]]:
        return client.events(self._data_dir)


class StorageLink:
    """The storage service, over its socket in DATA_DIR."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir

    async def status(self) -> Mapping[str, Any]:
        return await door.request_status(self._data_dir)

    def events(self) -> AbstractAsyncContextManager[AsyncIterator[Mapping[str, Any]]]:
        return door.events(self._data_dir)


def run(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT; the process's exit code.

    Raises:
        CatalogError: the catalog cannot be used.
        AuthError: the secret key cannot be made or read.
        CertificateUnusable: TLS_CERT and TLS_KEY are no pair.
        WebFailed: somebody else listens on WEB_PORT.
    """
    certificate = None
    if settings.tls_cert is not None and settings.tls_key is not None:
        certificate = Certificate(settings.tls_cert, settings.tls_key)
    with listen(settings.web_port, settings.web_host) as listener, Catalog.open(settings.data_dir) as catalog:
        deps = make_deps(settings, catalog, SystemClock())
        welcome_first_user(deps)
        gc.set_threshold(GC_THRESHOLD)
        gc.freeze()
        return uvloop.run(serve(deps, listener, certificate))


def make_deps(settings: Settings, catalog: Catalog, clock: Clock) -> Deps:
    """The parts of the web service over an open catalog."""
    store = AccountStore(catalog.database)
    configured = [(user.name, user.password.get_secret_value()) for user in settings.users]
    given = settings.secret_key
    key = given.get_secret_value() if given is not None else load_or_make_secret_key(settings.data_dir)
    return Deps(
        settings=settings,
        catalog=catalog,
        accounts=Accounts(store, configured, key, SessionPolicy(idle_s=settings.session_idle_s)),
        audit=Audit(store),
        stills=StillMaker(catalog, settings.record_dir, settings.data_dir / "stills", STILLS_BYTES),
        recorder=RecorderLink(settings.data_dir),
        storage=StorageLink(settings.data_dir),
        clock=clock,
    )


def welcome_first_user(deps: Deps) -> None:
    """Without any user: make one, and say its one-time password once (SECURITY S11)."""
    password = deps.accounts.bootstrap(deps.clock.utc_us())
    if password is not None:
        _log.warning("no user is configured: sign in as %s with the one-time password %s", FIRST_USER, password)


def listen(port: int, host: IPv4Address | IPv6Address | None = None) -> socket.socket:
    """A socket on one address, or on all of this machine (None or `::`): IPv6 and IPv4, or IPv4 alone where the kernel has no IPv6.

    Raises:
        WebFailed: the port is taken, or not ours to take, or the address is not of this machine.
    """
    if host == ALL_ADDRESSES:
        host = None
    both = host is None and socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if both or isinstance(host, IPv6Address) else socket.AF_INET
    try:
        return socket.create_server((str(host or ""), port), family=family, dualstack_ipv6=both, backlog=BACKLOG)
    except OSError as exc:
        where = f"port {port}" + (f" of {host}" if host else "")
        reason = os.strerror(exc.errno) if exc.errno else str(exc)  # its own text repeats the address
        raise WebFailed(
            f"{where} cannot be used ({reason}): "
            "set WEB_PORT to a free one of 1024 or above, and WEB_HOST, if at all, to an address of this machine"
        ) from exc


async def serve(deps: Deps, listener: socket.socket, certificate: Certificate | None) -> int:
    """Answer until a signal comes, then end within five seconds: streams first, answers under way get `STOP_S`."""
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(THREADS, "files"))
    server = make_server(deps, certificate)

    def stop() -> None:
        deps.streams.end_all()
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    renewing = asyncio.create_task(certificate.keep_fresh(deps.clock)) if certificate is not None else None
    _log.info("serving %s on port %d", "HTTPS" if certificate else "HTTP", listener.getsockname()[1])
    try:
        await server.serve(sockets=[listener])
    finally:
        if renewing is not None:
            renewing.cancel()
            with suppress(asyncio.CancelledError):
                await renewing
    _log.info("stopped")
    return 0


class Connection(Bounded, TimedHeads, Unreadable, ZeroCopy):
    """What uvicorn makes of each connection."""


class _Server(uvicorn.Server):
    """Leaves signals to `serve`; uvicorn would raise them once more at its end, and the exit code would be theirs."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def make_server(deps: Deps, certificate: Certificate | None) -> uvicorn.Server:
    """The HTTP server around the app; it says nothing about itself, and believes no proxy: the guard does that."""
    for noisy in ("uvicorn", "uvicorn.error", "websockets"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    config = uvicorn.Config(
        create_app(deps),
        http=Connection,
        ws="websockets-sansio",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        ws_per_message_deflate=False,  # coded pictures do not get smaller
        timeout_graceful_shutdown=STOP_S,
        ssl_context_factory=(lambda _config, _default: certificate.context) if certificate is not None else None,
        h11_max_incomplete_event_size=REQUEST_HEAD_BYTES,
        timeout_keep_alive=KEEP_ALIVE_S,
        ws_max_size=MESSAGE_BYTES,
    )
    return _Server(config)
