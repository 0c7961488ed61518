"""No secret and no forged line in a log (SECURITY S5, S8)."""

import logging
from datetime import UTC, timedelta, timezone
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr import log
from mini_nvr.log import MASK, Redactor, redact_url

CANARY = "p@ss:w/rd$&é"


def record(message: str, *arguments: object) -> logging.LogRecord:
    return logging.LogRecord("x", logging.INFO, __file__, 1, message, arguments, None)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("rtsp://admin:secret@10.0.0.5:554/ch1", f"rtsp://{MASK}@10.0.0.5:554/ch1"),
        ("rtsp://admin:a@b@10.0.0.5/ch1", f"rtsp://{MASK}@10.0.0.5/ch1"),
        ("two rtsp://u:p@h/a and http://x:y@z", f"two rtsp://{MASK}@h/a and http://{MASK}@z"),
        ("rtsp://10.0.0.5/ch1?user=me@home", "rtsp://10.0.0.5/ch1?user=me@home"),
        ("mail me@example.org", "mail me@example.org"),
    ],
)
def test_user_info_of_urls_is_masked(text: str, clean: str) -> None:
    assert redact_url(text) == clean


@pytest.mark.parametrize("spelling", [CANARY, quote(CANARY, safe=""), quote(CANARY)])
def test_known_secrets_are_masked_raw_and_percent_encoded(spelling: str) -> None:
    line = Redactor("recorder", UTC, [CANARY]).format(record("answer was %s.", f"x{spelling}y"))
    assert spelling not in line
    assert MASK in line


def test_secrets_in_tracebacks_are_masked() -> None:
    with pytest.raises(ValueError, match="cannot open") as caught:
        raise ValueError(f"cannot open rtsp://admin:{CANARY}@host")
    one = logging.LogRecord("x", logging.ERROR, __file__, 1, "failed", (), (caught.type, caught.value, caught.tb))
    assert CANARY not in Redactor("recorder", UTC, [CANARY]).format(one)


FORGED = '2026-03-01T13:30:00.000+00:00 INFO    web: audit: login user="admin" address="192.0.2.1"'


@pytest.mark.parametrize("break_", ["\n", "\r\n", "\r", "\u2028", "\x85"])
def test_s5_an_exception_s_text_forges_no_line_and_steers_no_terminal(break_: str) -> None:
    with pytest.raises(ValueError, match="camera") as caught:
        raise ValueError(f"the camera said{break_}{FORGED}\x1b[2J\x1b[1A\x9b0m")
    one = logging.LogRecord("x", logging.ERROR, __file__, 1, "failed", (), (caught.type, caught.value, caught.tb))
    first, *trace = Redactor("web", UTC).format(one).splitlines()
    assert first.endswith("ERROR   web: failed")
    assert len(trace) >= 3
    assert all(line.startswith("  | ") and line.isprintable() for line in trace)
    assert any(FORGED in line for line in trace)


@given(st.text())
def test_a_message_is_always_one_line_without_control_characters(text: str) -> None:
    line = Redactor("web", UTC).format(record("%s", text))
    assert len(line.splitlines()) == 1
    assert not any(ord(character) < 0x20 and character != "\t" for character in line)


def test_times_carry_the_offset_of_the_zone() -> None:
    one = record("hello")
    one.created = 0.25
    line = Redactor("recorder", timezone(timedelta(hours=2))).format(one)
    assert line == "1970-01-01T02:00:00.250+02:00 INFO    recorder: hello"


def test_a_log_file_that_cannot_be_written_is_told_with_the_setting_s_name(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    before = logging.getLogger().handlers[:]
    with pytest.raises(log.LogFileUnusable, match=r"LOG_FILE=.*nvr\.log cannot be written \((Not a directory|File exists)\)"):
        log.configure("recorder", level="info", zone=UTC, log_file=tmp_path / "file" / "nvr.log")
    assert logging.getLogger().handlers == before


def test_the_log_file_gets_what_standard_error_gets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    root.handlers = []
    try:
        log.configure("recorder", level="info", zone=UTC, log_file=tmp_path / "logs" / "nvr.log", secrets=[CANARY])
        logging.getLogger("any").info("hello %s", CANARY)
        written = (tmp_path / "logs" / "nvr.log").read_text()
    finally:
        for handler in root.handlers:
            handler.close()
        root.handlers = before
        root.setLevel(level)
    assert written == capsys.readouterr().err
    assert written.endswith(f"recorder: hello {MASK}\n")
