"""The guide's configuration of nginx, in front of the web service: addresses, cookies, live pictures and events come through."""

import asyncio
import re
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from mini_nvr.supervisor.run import free_port
from tests.docs.markdown import ROOT, document
from tests.e2e.recorder_process import wait_until
from tests.support.nginx import needs_nginx, nginx_program
from tests.support.self_signed import make_self_signed
from tests.support.served import cookies_of, serving
from tests.support.web import SETTINGS, Browser, make_web

PAGE = document(ROOT / "docs/guide/reverse-proxy.md")
AROUND = """\
daemon off; pid {folder}/nginx.pid; error_log stderr;
events {{ worker_connections 64; }}
http {{ access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
{server}
}}
"""
ATTEMPTS = 3
MESSAGES = [b"\x01{}", b"\x02init", b"\x03" + b"x" * 5_000]

pytestmark = needs_nginx


@dataclass(frozen=True)
class Proxied:
    """Where nginx listens, and how it is trusted."""

    port: int
    trust: ssl.SSLContext

    def browser(self) -> Browser:
        return Browser(base_url=f"https://127.0.0.1:{self.port}", verify=self.trust, timeout=30)


def configured(folder: Path, port: int, behind: int) -> str:
    """The page's own block, with this test's ports and certificate."""
    block = next(block.text for block in PAGE.blocks if block.language == "nginx")
    block = block.replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl").replace("127.0.0.1:2126", f"127.0.0.1:{behind}")
    return AROUND.format(folder=folder, server=re.sub(r"/etc/ssl/nvr", str(folder), block))


@contextmanager
def nginx(folder: Path, behind: int) -> Iterator[Proxied]:
    folder.mkdir()
    pair = make_self_signed(folder)
    for _ in range(ATTEMPTS):
        port = free_port("127.0.0.1", 0)
        (folder / "nginx.conf").write_text(configured(folder, port, behind))
        process = subprocess.Popen(
            [nginx_program() or "nginx", "-c", str(folder / "nginx.conf"), "-p", str(folder)], stderr=subprocess.DEVNULL
        )
        try:
            if listens(process, port):
                yield Proxied(port, pair.trust())
                return
        finally:
            process.terminate()
            process.wait(60)
    pytest.fail("nginx does not start")


def listens(process: subprocess.Popen[bytes], port: int) -> bool:
    """Waits for it; False when it ended instead, as somebody took the port meanwhile."""

    def decided() -> bool:
        return process.poll() is not None or can_connect(port)

    wait_until(decided, "nginx", 60)
    return process.poll() is None


def can_connect(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


@pytest.fixture
async def proxied(folder: Path) -> AsyncIterator[Proxied]:
    web = make_web(folder, SETTINGS | {"TRUSTED_PROXIES": "127.0.0.1/32"})
    web.recorder.messages = MESSAGES
    async with serving(web) as served:
        with nginx(folder / "nginx", served.port) as found:
            yield found
    web.catalog.close()


async def test_what_a_browser_needs_comes_through(proxied: Proxied) -> None:
    async with proxied.browser() as browser:
        answer = await browser.sign_in()
        assert answer.status_code == 200, answer.text
        assert "__Host-session" in browser.cookies, "the program must know that the browser came by HTTPS"
        sessions = (await browser.get("/api/sessions")).json()["sessions"]
        assert [session["address"] for session in sessions] == ["127.0.0.1"]
        url = f"wss://127.0.0.1:{proxied.port}/api/channel/1/live"
        headers = {"Cookie": cookies_of(browser), "Origin": f"https://127.0.0.1:{proxied.port}"}
        async with asyncio.timeout(60), connect(url, additional_headers=headers, ssl=proxied.trust, proxy=None) as connection:
            assert [await connection.recv() for _ in MESSAGES] == MESSAGES
        async with asyncio.timeout(60), browser.stream("GET", "/api/events") as events:
            assert events.status_code == 200
            assert (await anext(events.aiter_text())).strip()


async def test_an_address_that_the_client_made_up_is_not_believed(proxied: Proxied) -> None:
    async with proxied.browser() as browser:
        browser.headers["X-Forwarded-For"] = "203.0.113.66"
        await browser.sign_in()
        sessions = (await browser.get("/api/sessions")).json()["sessions"]
        assert [session["address"] for session in sessions] == ["127.0.0.1"]
