"""The key that signs sessions when the configuration has none: made once, kept in DATA_DIR/secret-key (SECURITY S11)."""

import logging
import os
import secrets
import stat
from pathlib import Path
from typing import Final

from mini_nvr.errors import AuthError

FILE_NAME: Final = "secret-key"
_SHORTEST: Final = 32
_LONGEST: Final = 4_096

log = logging.getLogger(__name__)


def load_or_make_secret_key(data_dir: Path) -> str:
    """The kept key, or a new one; of several processes that start together, all get the same.

    Raises:
        AuthError: the file cannot be read or made, or does not hold a key.
    """
    path = data_dir / FILE_NAME
    try:
        if not path.exists():
            _make(path)
        return _read(path)
    except OSError as exc:
        raise AuthError(
            f"cannot use {path}: {exc.strerror}; it must be a file in DATA_DIR that Mini-NVR may read and write"
        ) from exc


def _make(path: Path) -> None:
    """Write beside and link, which fails when the name is taken: nobody ever reads half a key, and the first one stays."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(fd, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
            file.flush()
            os.fsync(fd)
        os.link(temporary, path)
    except FileExistsError:
        return
    finally:
        temporary.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    log.info("made a secret key: %s", path)


def _read(path: Path) -> str:
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(fd, "rb") as file:
        mode = os.fstat(fd).st_mode
        if not stat.S_ISREG(mode):
            raise AuthError(f"{path} is not a file: move it away, and a new key is made")
        if stat.S_IMODE(mode) & 0o077:
            log.warning(
                "%s could be read by others: now it cannot; remove it to have a new key made, which signs everybody out", path
            )
            os.fchmod(fd, 0o600)
        content = file.read(_LONGEST)
    key = content.decode("ascii", "replace").strip()
    if len(key) < _SHORTEST:
        raise AuthError(f"{path} does not hold a key: remove it, and a new one is made, which signs everybody out")
    return key
