"""Defaults from the machine, read from a root folder made for the test."""

from pathlib import Path

import pytest

from mini_nvr.clock import to_datetime
from mini_nvr.config.machine import Machine

ZONES = Path("/usr/share/zoneinfo")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "etc").mkdir()
    (tmp_path / "run").mkdir()
    return tmp_path


@pytest.mark.parametrize("target", ["/usr/share/zoneinfo/Asia/Tokyo", "../usr/share/zoneinfo/posix/Asia/Tokyo"])
def test_zone_from_the_link(root: Path, target: str) -> None:
    (root / "etc/localtime").symlink_to(target)
    (root / "etc/timezone").write_text("Europe/Berlin\n")
    assert Machine.detect(root).zone.key == "Asia/Tokyo"


@pytest.mark.skipif(not (ZONES / "Asia/Tokyo").exists(), reason="the system has no time zone files")
def test_zone_from_a_copy(root: Path) -> None:
    """A bind-mounted /etc/localtime is a copy, and the image's own /etc/timezone is stale."""
    (root / "etc/localtime").write_bytes((ZONES / "Asia/Tokyo").read_bytes())
    (root / "etc/timezone").write_text("Europe/Berlin\n")
    assert to_datetime(0, Machine.detect(root).zone).hour == 9


@pytest.mark.parametrize(
    ("text", "key"), [("Europe/Berlin\n", "Europe/Berlin"), ("Nowhere/Land\n", "UTC"), ("", "UTC"), ("\xff", "UTC")]
)
def test_zone_from_its_name(root: Path, text: str, key: str) -> None:
    (root / "etc/localtime").write_bytes(b"not a zone file")
    (root / "etc/timezone").write_text(text, encoding="latin-1")
    assert Machine.detect(root).zone.key == key


def test_utc_when_nothing_tells(root: Path) -> None:
    assert Machine.detect(root) == Machine(Machine.detect(root / "nothing").zone, in_container=False)
    assert Machine.detect(root).zone.key == "UTC"


@pytest.mark.parametrize("mark", [".dockerenv", "run/.containerenv"])
def test_our_container_is_one_with_the_folder_for_footage(root: Path, mark: str) -> None:
    (root / mark).touch()
    assert not Machine.detect(root).in_container
    (root / "recordings").mkdir()
    assert Machine.detect(root).in_container


def test_the_folder_alone_makes_no_container(root: Path) -> None:
    (root / "recordings").mkdir()
    assert not Machine.detect(root).in_container


def test_this_machine_says_something() -> None:
    assert Machine.detect().zone.key
