"""Recordings, storage and account: what stands there is true, and each button does what it says."""

import re
from pathlib import Path

import av
import pytest
from playwright.sync_api import Locator, Page, expect

from mini_nvr.clock import to_datetime
from tests.e2e.viewer.conftest import MakePage
from tests.e2e.viewer.nvr import ZONE, Nvr
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
    expect(page.get_by_text("1 min").first).to_be_visible()
    for start in (past.midnight, past.gap_end):
        expect(page.get_by_text(f"{zone_time(start):%H:%M:%S}").first).to_be_visible()
    expect(page.get_by_text(re.compile("No footage"))).not_to_have_count(0)


def test_the_calendar_marks_the_days_with_footage(recordings: Page, nvr: Nvr) -> None:
    calendar = recordings.get_by_role("grid")
    day = to_datetime(nvr.past.midnight, ZONE).day
    marked = calendar.get_by_role("button", name=re.compile(rf"\b{day}\b")).first
    assert "no footage" not in (marked.get_attribute("aria-label") or "")
    expect(calendar.get_by_role("button", name=re.compile("no footage")).first).to_be_attached()


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


def test_the_storage_page_says_what_there_is_and_what_will_be(make_page: MakePage) -> None:
    page = make_page("/storage")
    expect(page.get_by_role("heading", name="Storage")).to_be_visible()
    expect(page.get_by_text(re.compile(r"\b5(\.0)? GB")).first).to_be_visible()
    expect(page.get_by_role("table").get_by_role("row")).to_have_count(5)
    expect(page.get_by_text(re.compile("The oldest footage is of"))).to_be_visible()
    said = page.get_by_role("region", name="Space").inner_text()
    assert re.search(r"full|oldest|at this rate|kept", said, re.IGNORECASE), said


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
