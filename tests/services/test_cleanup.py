"""`mini-nvr cleanup`: what it prints, and what it does."""

import io
from pathlib import Path

import pytest

from mini_nvr.segment.volume import VolumeMissing
from mini_nvr.services.cleanup import run
from mini_nvr.storage.volume import NotRecordedYet
from tests.support.kept_footage import MB, KeptFootage, gb

LIMITS = {"MAX_STORAGE_GB": gb(60 * MB), "RETENTION_DAYS": "30"}


@pytest.fixture
def kept(tmp_path: Path) -> KeptFootage:
    (tmp_path / "data").mkdir()
    return KeptFootage(tmp_path)


def output(kept: KeptFootage, values: dict[str, str], *, dry_run: bool = True) -> tuple[int, list[str]]:
    file = io.StringIO()
    code = run(kept.settings(values), dry_run=dry_run, clock=kept.clock, file=file)
    return code, file.getvalue().splitlines()


def test_a_dry_run_says_what_would_go_and_why_and_deletes_nothing(kept: KeptFootage) -> None:
    kept.fill(8)
    code, lines = output(kept, LIMITS)
    assert code == 0
    assert lines[0].split() == ["Ch", "From", "Length", "Size", "Why", "File"]
    assert [field.strip() for field in lines[1].split("  ") if field] == [
        *("1", "2026-03-01 13:30:00", "5 min", "10.0 MB", "limit of all footage", "ch1/2026-03-01/133000+0000.mp4"),
    ]
    assert lines[-2] == "80.0 MB of footage; 1.3 MB of room are kept ahead of what comes"
    assert lines[-1] == "3 files, 30.0 MB, to be deleted"
    assert len(kept.files()) == 8


def test_without_dry_run_it_is_done(kept: KeptFootage) -> None:
    kept.fill(8)
    _, lines = output(kept, LIMITS, dry_run=False)
    assert lines[-1] == "deleted 3 files"
    assert len(kept.files()) == 5
    assert output(kept, LIMITS)[1][-1] == "nothing has to be deleted"


def test_without_limits_it_says_so(kept: KeptFootage) -> None:
    kept.fill(1)
    assert "no limit is set" in output(kept, {})[1][-1]


def test_a_limit_that_cannot_be_kept_is_said_and_is_the_exit_code(kept: KeptFootage) -> None:
    kept.catalog.protect([row.id for row in kept.fill(8)], protected=True)
    code, lines = output(kept, LIMITS)
    assert code == 1
    assert lines[-1] == "nothing is left to delete, and still passed: limit of all footage"


def test_a_clock_that_is_far_ahead_of_the_footage_deletes_nothing_for_its_age(kept: KeptFootage) -> None:
    kept.fill(4)
    assert output(kept, LIMITS)[1][-1] == "nothing has to be deleted"
    kept.clock.step_wall(10 * 365 * 86_400)
    _, lines = output(kept, LIMITS, dry_run=False)
    assert lines[-2] == "nothing has to be deleted"
    assert "either it is wrong, or nothing was recorded for so long" in lines[-1]
    assert len(kept.files()) == 4


def test_another_volume_is_refused(kept: KeptFootage) -> None:
    kept.fill(8)
    kept.record_dir.rename(kept.root / "elsewhere")
    kept.record_dir.mkdir()
    with pytest.raises(VolumeMissing):
        output(kept, LIMITS, dry_run=False)


def test_nothing_was_ever_recorded(kept: KeptFootage) -> None:
    (kept.data_dir / "volume-id").unlink()
    with pytest.raises(NotRecordedYet):
        output(kept, LIMITS)
