"""The certificate of HTTPS, taken anew when its files change, so that a renewal needs no restart."""

import logging
import ssl
from pathlib import Path
from typing import Final

from mini_nvr.clock import Clock
from mini_nvr.errors import MiniNvrError

LOOK_EVERY_S: Final = 10.0

_log = logging.getLogger(__name__)
_Stamp = tuple[int, int, int]


class CertificateUnusable(MiniNvrError):
    """The files are not there, not readable, or do not belong together."""


class Certificate:
    """TLS_CERT and TLS_KEY as a context for the server; new connections get the newest pair that could be read."""

    def __init__(self, chain: Path, key: Path) -> None:
        """
        Raises:
            CertificateUnusable: see there.
        """
        self._chain = chain
        self._key = key
        self.context = self._load()
        self._seen = self._stamps()

    def refresh(self) -> bool:
        """Take the files anew if they changed; True when that was done. A pair that cannot be used leaves the old one in place."""
        found = self._stamps()
        if found == self._seen:
            return False
        self._seen = found
        try:
            self._load()  # apart, so that half a renewal does not spoil the context in use
            self.context.load_cert_chain(self._chain, self._key)
        except (CertificateUnusable, OSError) as exc:
            _log.error("the certificate changed and cannot be used, the old one stays: %s", exc)  # noqa: TRY400  the cause says it all
            return False
        _log.info("a new certificate is in use: %s", self._chain)
        return True

    async def keep_fresh(self, clock: Clock) -> None:
        """Look at the files until cancelled."""
        while True:
            await clock.sleep(LOOK_EVERY_S)
            self.refresh()

    def _load(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        try:
            context.load_cert_chain(self._chain, self._key, password=_no_password)
        except (OSError, ValueError) as exc:  # ssl.SSLError is an OSError
            raise CertificateUnusable(
                f"TLS_CERT={self._chain} and TLS_KEY={self._key} cannot be used ({self._reason(exc)}): "
                "they must be a PEM chain and its PEM key without a pass phrase"
            ) from exc
        return context

    def _reason(self, error: Exception) -> str:
        """The library does not say which of the two files it could not open."""
        missing = [path for path in (self._chain, self._key) if _stamp(path) is None]
        if missing:
            return f"{' and '.join(map(str, missing))} {'is' if len(missing) == 1 else 'are'} not there"
        if isinstance(error, ssl.SSLError):
            return error.reason or str(error)
        return getattr(error, "strerror", None) or str(error)

    def _stamps(self) -> tuple[_Stamp | None, ...]:
        return tuple(map(_stamp, (self._chain, self._key)))


def _stamp(path: Path) -> _Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _no_password() -> str:
    """A key with a pass phrase must fail, not ask at a terminal that nobody sees."""
    raise ValueError("the key has a pass phrase")
