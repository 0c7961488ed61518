"""Who did what, from where and when: a bounded table, and a line of the log for each record, free of injection."""

import json
import logging
from enum import StrEnum
from typing import Final

from mini_nvr.auth.texts import clean
from mini_nvr.catalog.account_rows import AuditRow
from mini_nvr.catalog.accounts import AccountStore
from mini_nvr.errors import CatalogError

KEPT: Final = 10_000
_LONGEST_TEXT: Final = 200
_LONGEST_NAME: Final = 64

log = logging.getLogger(__name__)


class AuditAction(StrEnum):
    """What is recorded; `Audit.record` takes other words too."""

    LOGIN = "login"
    LOGIN_REFUSED = "login refused"
    LOGIN_THROTTLED = "login throttled"
    LOGOUT = "logout"
    PASSWORD_CHANGED = "password changed"  # noqa: S105  an action's name
    PASSWORD_REFUSED = "password refused"  # noqa: S105  an action's name
    SESSION_ENDED = "session ended"
    DELETE = "delete"
    EXPORT = "export"
    WATCH = "watch"
    REFUSED = "refused"


class Audit:
    """The audit records of a catalog. Synchronous, one small transaction a record."""

    def __init__(self, store: AccountStore, *, keep: int = KEPT) -> None:
        self._store = store
        self._keep = keep

    def record(self, now_utc_us: int, action: str, user: str, address: str, target: str = "", detail: str = "") -> None:
        """Keep a record and log it. A catalog that cannot be written fails nobody's request: the line of the log remains."""
        row = AuditRow(
            now_utc_us,
            clean(action, _LONGEST_NAME),
            clean(user, _LONGEST_NAME),
            clean(address, _LONGEST_NAME),
            clean(target, _LONGEST_TEXT),
            clean(detail, _LONGEST_TEXT),
        )
        log.info("audit: %s", line(row))
        try:
            self._store.add_audit(row, keep=self._keep)
        except CatalogError as exc:
            log.error("audit: the record above is not in the catalog: %s", exc)  # noqa: TRY400  the cause says it all

    def recent(self, limit: int) -> list[AuditRow]:
        """The newest records, newest first."""
        return self._store.audit(limit)


def line(row: AuditRow) -> str:
    """The record as one line in which every value is quoted, so that none can pretend to be two."""
    values = {"user": row.user, "address": row.address, "target": row.target, "detail": row.detail}
    quoted = [f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in values.items() if value]
    action = row.action if row.action.replace(" ", "").isalpha() else json.dumps(row.action, ensure_ascii=False)
    return " ".join([action, *quoted])
