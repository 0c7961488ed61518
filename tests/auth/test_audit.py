"""Records: bounded, storable, and without a way to forge a line."""

import logging

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mini_nvr.auth.audit import Audit, AuditAction, line
from mini_nvr.catalog.account_rows import AuditRow
from mini_nvr.catalog.accounts import AccountStore
from mini_nvr.errors import CatalogError


def test_the_newest_records_come_first(store: AccountStore) -> None:
    audit = Audit(store)
    audit.record(1, AuditAction.LOGIN, "anna", "192.0.2.1")
    audit.record(2, AuditAction.DELETE, "anna", "192.0.2.1", "ch1/2026-03-01/133000+0000.mp4", "5 MB")
    assert audit.recent(1) == [AuditRow(2, "delete", "anna", "192.0.2.1", "ch1/2026-03-01/133000+0000.mp4", "5 MB")]
    assert [row.action for row in audit.recent(10)] == ["delete", "login"]


def test_the_table_is_bounded(store: AccountStore) -> None:
    audit = Audit(store, keep=10)
    for number in range(25):
        audit.record(number, AuditAction.WATCH, "anna", "192.0.2.1", f"channel {number}")
    assert [row.at_utc_us for row in audit.recent(100)] == list(range(24, 14, -1))


FORGERY = 'x" user="root\naudit: login user="root"\r\x1b[2K\u2028\u202etxt.exe'


def test_a_line_of_the_log_cannot_be_forged(store: AccountStore, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    Audit(store).record(1, FORGERY, FORGERY, FORGERY, FORGERY, FORGERY)
    (message,) = caplog.messages
    assert message.isprintable()
    assert ' user="root' not in message.replace('\\"', "")
    (row,) = Audit(store).recent(1)
    assert all(text.isprintable() for text in (row.action, row.user, row.address, row.target, row.detail))


def test_one_line_says_it_all() -> None:
    row = AuditRow(1, "export", "anna", "192.0.2.1", "channel 3", "")
    assert line(row) == 'export user="anna" address="192.0.2.1" target="channel 3"'


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(), st.text(min_size=100), st.text())
def test_any_text_can_be_recorded(store: AccountStore, user: str, target: str, detail: str) -> None:
    audit = Audit(store)
    audit.record(1, AuditAction.REFUSED, user, "192.0.2.1", target, detail)
    (row,) = audit.recent(1)
    assert len(row.user) <= 64
    assert len(row.target) <= 200


def test_a_catalog_that_cannot_be_written_leaves_the_line(
    store: AccountStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    def refuse(_row: AuditRow, *, keep: int) -> None:
        raise CatalogError(f"disk full at {keep}")

    monkeypatch.setattr(store, "add_audit", refuse)
    Audit(store).record(1, AuditAction.LOGIN, "anna", "192.0.2.1")
    assert 'audit: login user="anna"' in caplog.text
    assert "disk full" in caplog.text
