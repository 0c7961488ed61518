"""Log lines that a tired person can read, and that never carry a secret.

Two nets: URLs go through `redact_url` where they are formatted, and every record passes a filter that replaces the secrets known
from the configuration, raw and percent-encoded, whatever library wrote it (SECURITY S5). Control characters are escaped and the
lines of a traceback marked, so nothing a camera or a client sends can forge a line.
"""

import logging
import re
import sys
from collections.abc import Iterable
from datetime import tzinfo
from logging.handlers import WatchedFileHandler
from pathlib import Path
from urllib.parse import quote, quote_plus

from mini_nvr.clock import to_datetime
from mini_nvr.errors import MiniNvrError

MASK = "***"
_USER_INFO = re.compile(r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]*://)(?P<user>[^/?#\s]*)@")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
_TRACE = "  | "  # begins each line of a traceback; no record begins so, whatever stands in an exception's text
_SHORTEST_SECRET = 4  # replacing shorter strings would mangle ordinary words


def redact_url(text: str) -> str:
    """`text` with the user info of every URL in it replaced; safe on text without any URL."""
    return _USER_INFO.sub(rf"\g<scheme>{MASK}@", text)


def _spellings(secret: str) -> set[str]:
    return {secret, quote(secret, safe=""), quote(secret), quote_plus(secret), secret.encode("unicode_escape").decode()}


class Redactor(logging.Formatter):
    """One line a record: local time with offset, level, process, message; secrets masked, control characters escaped.

    A traceback follows on lines of its own, each of them marked.
    """

    def __init__(self, service: str, zone: tzinfo, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._service = service
        self._zone = zone
        spellings = {s for secret in secrets if len(secret) >= _SHORTEST_SECRET for s in _spellings(secret)}
        ordered = sorted(spellings, key=len, reverse=True)
        self._secrets = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def redact(self, text: str) -> str:
        """`text` without any known secret or URL user info."""
        text = redact_url(text)
        return self._secrets.sub(MASK, text) if self._secrets else text

    def format(self, record: logging.LogRecord) -> str:
        moment = to_datetime(int(record.created * 1_000_000), self._zone)
        message = _visible(self.redact(record.getMessage()))
        line = f"{moment.isoformat(timespec='milliseconds')} {record.levelname:<7} {self._service}: {message}"
        if record.exc_info and record.exc_info[0] is not None:
            trace = self.redact(self.formatException(record.exc_info)).split("\n")
            line += "".join(f"\n{_TRACE}{_visible(text)}" for text in trace)
        return line


def _visible(text: str) -> str:
    """`text` as part of one line, its control characters spelled out."""
    return _CONTROL.sub(lambda match: f"\\x{ord(match.group()):02x}", text)


class LogFileUnusable(MiniNvrError):
    """The file that LOG_FILE names cannot be opened."""


def configure(service: str, *, level: str, zone: tzinfo, log_file: Path | None = None, secrets: Iterable[str] = ()) -> None:
    """Send all records of this process to standard error and, when set, to `log_file` (reopened when it was rotated away).

    Raises:
        LogFileUnusable: the log file cannot be opened.
    """
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    if log_file is not None:
        try:
            log_file.parent.mkdir(parents=True, exist_ok=True)
            handlers.append(WatchedFileHandler(log_file, encoding="utf-8"))
        except OSError as exc:
            raise LogFileUnusable(
                f"LOG_FILE={log_file} cannot be written ({exc.strerror}): name a file that this user may write"
            ) from exc
    formatter = Redactor(service, zone, secrets)
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
        old.close()
    for handler in handlers:
        handler.setFormatter(formatter)
        root.addHandler(handler)
    root.setLevel(level.upper())
    for library in ("asyncio", "alembic"):
        logging.getLogger(library).setLevel(logging.WARNING)
