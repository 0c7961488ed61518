"""A certificate for HTTPS on this machine, as `openssl` makes it, and a client that trusts it alone."""

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SelfSigned:
    """PEM files, named as Let's Encrypt's client names them."""

    folder: Path

    @property
    def chain(self) -> Path:
        return self.folder / "fullchain.pem"

    @property
    def key(self) -> Path:
        return self.folder / "privkey.pem"

    def trust(self) -> ssl.SSLContext:
        """For clients."""
        return ssl.create_default_context(cafile=str(self.chain))


def make_self_signed(folder: Path) -> SelfSigned:
    """A new pair for 127.0.0.1, in the place of one that is there."""
    made = SelfSigned(folder)
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "2"),
            *("-subj", "/CN=nvr.test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", made.key, "-out", made.chain),
        ],
        check=True,
        capture_output=True,
    )
    return made
