"""Which files are opened: regular ones, below the recording folder, reached through no link (SECURITY S1)."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mini_nvr.catalog.model import SegmentRow
from mini_nvr.playback.errors import FootageUnreadable
from mini_nvr.playback.files import opened
from tests.support.archive import Archive
from tests.support.catalog import T0
from tests.support.footage import video_clip
from tests.support.links import linked_channel, linked_day, linked_file


@pytest.fixture
def row(archive: Archive) -> SegmentRow:
    return archive.record(T0, [video_clip()])


def link_to_a_sibling(path: Path) -> None:
    path.rename(path.with_name("other.mp4"))
    path.symlink_to("other.mp4")


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def gone(path: Path) -> None:
    path.unlink()


def gone_with_its_day(path: Path) -> None:
    path.unlink()
    path.parent.rmdir()


@pytest.mark.parametrize("spoil", [linked_file, linked_day, linked_channel, link_to_a_sibling, folder, gone, gone_with_its_day])
def test_s1_what_is_no_plain_file_of_ours_is_not_opened(archive: Archive, row: SegmentRow, spoil: Callable[[Path], None]) -> None:
    spoil(archive.path(row))
    before = descriptors()
    with pytest.raises(FootageUnreadable, match="cannot be read"), opened(archive.record_dir, row):
        pass
    assert descriptors() == before


async def test_s1_a_pipe_is_refused_and_waited_for_by_nobody(archive: Archive, row: SegmentRow) -> None:
    path = archive.path(row)
    path.unlink()
    os.mkfifo(path)
    opening = asyncio.ensure_future(asyncio.to_thread(error_of_opening, archive, row))
    done, _ = await asyncio.wait([opening], timeout=30)
    os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))  # lets go of who waits after all
    assert "not a regular file" in await opening
    assert done


def error_of_opening(archive: Archive, row: SegmentRow) -> str:
    with pytest.raises(FootageUnreadable) as caught, opened(archive.record_dir, row):
        pass
    return str(caught.value)


def test_the_recording_folder_itself_may_be_a_link(archive: Archive, row: SegmentRow, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(archive.record_dir)
    before = descriptors()
    with opened(link, row) as fd:
        assert os.pread(fd, row.size_bytes, 0) == archive.path(row).read_bytes()
    assert descriptors() == before


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
