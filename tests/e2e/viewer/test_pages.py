"""Recordings, storage and account: what stands there is true, and each button does what it says."""

import re
from pathlib import Path

import av
import pytest
from playwright.sync_api import Locator, Page, expect

from mini_nvr.clock import to_datetime
from tests.e2e.viewer.conftest import NAMES, MakePage
from tests.e2e.viewer.nvr import AROUND_US, ZONE, Nvr
from tests.e2e.viewer.screen import Screen, zone_time


@pytest.fixture
def recordings(make_page: MakePage, nvr: Nvr) -> Page:
    """The list of camera 1 for the day on which the past ends."""
    day = to_datetime(nvr.past.midnight, ZONE).date()
    page = make_page(f"/recordings?channel=1&date={day}")
    page.get_by_role("listitem").first.wait_for()
    return page


def file_row(page: Page, start_us: int) -> Locator:
    """Of the file that begins then."""
    button = page.get_by_role("button", name=re.compile("^Play"))
    return page.get_by_role("listitem").filter(has=button, has_text=f"{zone_time(start_us):%H:%M:%S}")


def test_the_list_shows_each_file_and_each_gap_of_the_day(recordings: Page, nvr: Nvr) -> None:
    page, past = recordings, nvr.past
    for start in (past.midnight, past.gap_end):
        expect(file_row(page, start)).to_contain_text("1 min")
        expect(file_row(page, start)).to_contain_text(re.compile(r"\d\.\d (KB|MB)"))
    gap = f"{zone_time(past.gap_start):%H:%M:%S} – {zone_time(past.gap_end):%H:%M:%S}"
    expect(page.get_by_role("listitem").filter(has_text=gap)).to_contain_text("No footage for 1 min: the camera does not answer")


def test_the_calendar_marks_the_days_with_footage(recordings: Page, nvr: Nvr) -> None:
    calendar = recordings.get_by_role("grid")
    expect(calendar.get_by_role("button", name=re.compile("no footage")).first).to_be_attached()
    for at in (nvr.past.midnight, nvr.past.start):
        name = f"{to_datetime(at, ZONE):%-d %B %Y}"
        calendar.get_by_role("button", name=re.compile(rf"\b{name}$")).click()
        expect(file_row(recordings, at)).to_be_visible()


def test_a_file_is_played_from_its_start(recordings: Page, nvr: Nvr) -> None:
    file_row(recordings, nvr.past.gap_end).get_by_role("button", name=re.compile("^Play")).click()
    screen = Screen(recordings)
    screen.wait_word(1, "RECORDED")
    screen.wait(lambda: (behind := screen.behind_s(1, nvr.past.gap_end)) is not None and -20 < behind <= 0.2, "its first seconds")


def test_a_file_is_downloaded_as_it_is(recordings: Page, nvr: Nvr, tmp_path: Path) -> None:
    row = file_row(recordings, nvr.past.midnight)
    with recordings.expect_download() as download:
        row.get_by_role("link", name=re.compile("Download")).click()
    name = download.value.suggested_filename
    assert name.startswith("Street")
    path = tmp_path / name
    download.value.save_as(path)
    with av.open(str(path), "r") as container:
        assert sum(1 for _ in container.decode(video=0)) == 600


def test_a_deletion_can_be_undone_and_otherwise_happens(make_page: MakePage, nvr: Nvr) -> None:
    day = to_datetime(nvr.past.spare, ZONE).date()
    page = make_page(f"/recordings?channel=4&date={day}")
    row = file_row(page, nvr.past.spare)
    row.get_by_role("button", name=re.compile("^Delete")).click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(row).to_have_count(1)
    files = len(nvr.program.files(4))
    page.wait_for_timeout(11_000)
    assert nvr.program.record_dir.joinpath(path_of_row(nvr)).exists(), "what was undone stays"
    row.get_by_role("button", name=re.compile("^Delete")).click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    Screen(page).wait(lambda: not nvr.program.record_dir.joinpath(path_of_row(nvr)).exists(), "the file to be gone")
    assert files >= 1


def path_of_row(nvr: Nvr) -> str:
    start = to_datetime(nvr.past.spare, ZONE)
    return f"ch4/{start:%Y-%m-%d/%H%M%S%z}.mp4"


def test_a_protected_file_cannot_be_deleted(recordings: Page, nvr: Nvr) -> None:
    row = file_row(recordings, nvr.past.gap_end)
    row.get_by_role("button", name=re.compile("^Protect")).click()
    expect(row).to_contain_text("Protected")
    expect(row.get_by_role("button", name=re.compile("Delete|cannot be deleted"))).to_be_disabled()
    recordings.reload()
    expect(row).to_contain_text("Protected")
    row.get_by_role("button", name=re.compile("^Unprotect")).click()
    expect(row.get_by_role("button", name=re.compile("^Delete"))).to_be_enabled()


def test_the_growing_file_stands_at_the_top_and_grows(make_page: MakePage) -> None:
    page = make_page("/recordings?channel=1")
    first = page.get_by_role("listitem").first
    expect(first).to_contain_text("Recording")
    before = first.inner_text()
    Screen(page).wait(lambda: page.get_by_role("listitem").first.inner_text() != before, "it to grow")


def test_the_storage_page_says_what_there_is_and_what_will_be(make_page: MakePage, nvr: Nvr) -> None:
    page = make_page("/storage")
    expect(page.get_by_role("heading", name="Storage")).to_be_visible()
    space = page.get_by_role("region", name="Space")
    for what in (r"Used\s*\d+(\.\d)? (MB|GB)", r"Limit\s*5\.0 GB", r"Free on the disk\s*\d+\.\d (GB|TB)"):
        expect(space).to_contain_text(re.compile(what))
    oldest = to_datetime(min(nvr.past.forward, nvr.past.back) - AROUND_US, ZONE)
    expect(space).to_contain_text(f"The oldest footage is of {oldest:%a %-d %b %Y, %H:%M} (Warehouse)")
    expect(space).to_contain_text(
        re.compile(r"At this rate the oldest day goes (today|tomorrow|on \w+)\.|Full in \d+ \w+ at this rate")
    )
    for name in NAMES.values():
        expect(page.get_by_role("row").filter(has_text=name)).to_contain_text(re.compile(r"\d+(\.\d)? [KMG]B"))


def test_the_theme_is_chosen_and_kept(make_page: MakePage) -> None:
    page = make_page("/account", color_scheme="dark")
    dark = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    page.get_by_text("Light", exact=True).click()
    expect(page.get_by_role("radio", name="Light")).to_be_checked()
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") != dark
    page.reload()
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") != dark


def test_the_account_page_lists_the_session(make_page: MakePage) -> None:
    page = make_page("/account")
    expect(page.get_by_text(re.compile("this (browser|device|session|one)", re.IGNORECASE)).first).to_be_visible()
