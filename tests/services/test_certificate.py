"""HTTPS of the web process: its certificate, and a renewal while it serves."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mini_nvr.services.certificate import Certificate, CertificateUnusable
from tests.support.self_signed import make_self_signed
from tests.support.served import serving
from tests.support.web import Web, make_web


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[Web]:
    made = make_web(tmp_path)
    yield made
    made.catalog.close()


async def served_certificate(port: int) -> str:
    """What a new connection is shown, as PEM."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    found = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return ssl.DER_cert_to_PEM_cert(found)


async def test_https_is_served_and_a_renewed_certificate_is_used_without_a_restart(web: Web, tmp_path: Path) -> None:
    pair = make_self_signed(tmp_path)
    first = pair.chain.read_text()
    certificate = Certificate(pair.chain, pair.key)
    async with serving(web, certificate) as served:
        async with served.browser(verify=pair.trust()) as browser:
            assert (await browser.get("/healthz")).status_code == 200
            answer = await browser.sign_in()
            assert any(cookie.startswith("__Host-session=") for cookie in answer.headers.get_list("set-cookie"))
        assert await served_certificate(served.port) == first
        assert not certificate.refresh()
        make_self_signed(tmp_path)
        assert certificate.refresh()
        assert await served_certificate(served.port) == pair.chain.read_text() != first


async def test_half_a_renewal_leaves_the_old_certificate(web: Web, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pair = make_self_signed(tmp_path)
    first = pair.chain.read_text()
    certificate = Certificate(pair.chain, pair.key)
    async with serving(web, certificate) as served:
        pair.chain.write_text("not a certificate")
        assert not certificate.refresh()
        assert "the old one stays" in caplog.text
        assert await served_certificate(served.port) == first


def test_a_pair_that_is_none_is_refused_with_the_settings_names(tmp_path: Path) -> None:
    pair = make_self_signed(tmp_path)
    pair.key.write_text("")
    with pytest.raises(CertificateUnusable, match="TLS_KEY"):
        Certificate(pair.chain, pair.key)
    with pytest.raises(CertificateUnusable, match="TLS_CERT"):
        Certificate(tmp_path / "missing", pair.key)
