"""A range is selected, measured, taken home and deleted."""

import re
from pathlib import Path

import av
import numpy as np
from playwright.sync_api import Page, expect

from mini_nvr.clock import US_PER_S
from tests.e2e.viewer import burnt_clock
from tests.e2e.viewer.conftest import MakePage
from tests.e2e.viewer.nvr import Nvr
from tests.e2e.viewer.screen import Screen, wall_time
from tests.e2e.viewer.time_axis import TimeAxis, address


def select(page: Page, at_us: int, from_us: int, to_us: int) -> None:
    """Shift-drag over the timeline."""
    axis = TimeAxis(page, at_us)
    page.keyboard.down("Shift")
    axis.drag(from_us, to_us)
    page.keyboard.up("Shift")
    expect(page.get_by_label("Selected range")).to_be_visible()


def test_a_range_is_exported_from_its_first_frame_to_its_last(make_page: MakePage, nvr: Nvr, tmp_path: Path) -> None:
    past = nvr.past
    page = make_page(address(past.midnight))
    screen = Screen(page)
    screen.wait_word(1, "RECORDED")
    screen.pause()
    start, end = past.midnight - 10 * US_PER_S, past.midnight + 10 * US_PER_S
    select(page, past.midnight, start, end)
    bar = page.get_by_label("Selected range")
    expect(bar).to_contain_text(re.compile(r"(19|20|21)(\.\d)? s"))
    expect(bar).to_contain_text(re.compile(r"\d (kB|KB|MB)"))
    with page.expect_download() as download:
        bar.get_by_role("button", name=re.compile("Export")).click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    with av.open(str(path), "r") as container:
        duration = float((container.duration or 0) / 1e6)
        first = next(container.decode(video=0)).reformat(640, 360, "rgb24")
    assert 19 <= duration <= 21
    png = tmp_path / "first.png"
    with av.open(str(png), "w", format="image2") as sink:
        stream = sink.add_stream("png", rate=1)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "rgb24"
        sink.mux(stream.encode(first))
        sink.mux(stream.encode())
    seen = burnt_clock.read(png.read_bytes(), (0, 0, 640, 360))
    assert seen is not None
    assert abs(burnt_clock.difference_s(seen, wall_time(start))) < 1


def test_an_export_shows_how_far_it_is_and_can_be_stopped(make_page: MakePage, nvr: Nvr) -> None:
    past = nvr.past
    page = make_page(address(past.midnight))
    Screen(page).wait_word(1, "RECORDED")
    saved: list[str] = []
    page.on("download", lambda download: saved.append(download.suggested_filename))
    select(page, past.midnight, past.midnight - 50 * US_PER_S, past.midnight + 50 * US_PER_S)
    line = page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": 50_000, "uploadThroughput": -1}
    export = page.get_by_label("Selected range").get_by_role("button", name=re.compile("Export"))
    expect(export).to_be_enabled()
    line.send("Network.emulateNetworkConditions", slow)
    export.click()
    under_way = page.get_by_role("region", name="Exports")
    expect(under_way).to_contain_text(re.compile(r"\d+(\.\d)? KB of \d\.\d MB"))
    done = under_way.get_by_role("progressbar")
    Screen(page).wait(lambda: 0 < float(done.get_attribute("value") or 0) < float(done.get_attribute("max") or 0), "some of it")
    under_way.get_by_role("button", name=re.compile("Stop saving")).click()
    expect(under_way).to_have_count(0)
    line.send("Network.emulateNetworkConditions", slow | {"downloadThroughput": -1})
    page.wait_for_timeout(1_000)
    assert saved == []


def test_a_range_is_protected(make_page: MakePage, nvr: Nvr) -> None:
    past = nvr.past
    page = make_page(address(past.midnight))
    screen = Screen(page)
    screen.wait_word(1, "RECORDED")
    select(page, past.midnight, past.midnight + 10 * US_PER_S, past.midnight + 20 * US_PER_S)
    bar = page.get_by_label("Selected range")

    def is_protected() -> bool:
        files = page.request.get(f"/api/channel/1/recordings?start={past.midnight // 1000}&end={past.gap_start // 1000}").json()
        return [one["protected"] for one in files["recordings"] if one["start"] >= past.midnight // 1000] == [True]

    bar.get_by_role("button", name="Protect", exact=True).click()
    screen.wait(is_protected, "the file to be protected")
    bar.get_by_role("button", name="Unprotect", exact=True).click()
    screen.wait(lambda: not is_protected(), "the protection to end")


def test_the_handles_and_the_times_can_be_changed(make_page: MakePage, nvr: Nvr) -> None:
    past = nvr.past
    page = make_page(address(past.midnight))
    Screen(page).wait_word(1, "RECORDED")
    page.get_by_role("button", name="Select range").click()
    axis = TimeAxis(page, past.midnight)
    axis.drag(past.midnight - 20 * US_PER_S, past.midnight - 5 * US_PER_S)
    bar = page.get_by_label("Selected range")
    expect(bar).to_contain_text(re.compile(r"1[456](\.\d)? s"))
    axis.drag(past.midnight - 5 * US_PER_S, past.midnight + 15 * US_PER_S)
    expect(bar).to_contain_text(re.compile(r"3[456](\.\d)? s"))
    bar.get_by_role("button", name="Close the range").click()
    expect(bar).to_have_count(0)


def delete(make_page: MakePage, channel: int, start_us: int, length_s: int) -> Screen:
    """Ask, on a page of its own, for the deletion of a file that begins then."""
    middle = start_us + length_s * US_PER_S // 2
    page = make_page(address(middle, camera=channel))
    screen = Screen(page)
    screen.wait_word(channel, "RECORDED")
    screen.pause()
    select(page, middle, start_us - 5 * US_PER_S, start_us + (length_s + 5) * US_PER_S)
    page.get_by_label("Selected range").get_by_role("button", name=re.compile("Delete")).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("1 file")
    dialog.get_by_role("button", name="Delete 1 file").click()
    return screen


def test_a_range_is_deleted_after_a_confirmation_and_a_time_to_undo(make_page: MakePage, nvr: Nvr) -> None:
    undone, start = nvr.past.gap_end, nvr.past.spare

    def is_there(channel: int, start_us: int) -> bool:
        return any(row.start_utc_us == start_us for row in nvr.program.segments(channel))

    page = delete(make_page, 1, undone, 60).page
    notice = page.get_by_role("group").filter(has_text="Deleting 1 file of Street")
    expect(notice.get_by_role("button")).to_have_text(["Undo"])  # nothing else takes it away while it runs on
    notice.get_by_role("button").click()
    expect(notice).to_have_count(0)
    screen = delete(make_page, 3, start, 10)
    assert is_there(3, start), "not before the time to undo it is over"
    screen.wait(lambda: not is_there(3, start), "the file to be deleted")
    assert is_there(1, undone), "the time after which it would have gone was over first"
    axis = TimeAxis(screen.page, start + 5 * US_PER_S)
    screen.wait(lambda: axis.looks(start + 8 * US_PER_S) != "recorded", "the deletion being drawn")


def test_footage_that_is_protected_has_an_outline(make_page: MakePage, nvr: Nvr) -> None:
    start = nvr.past.start
    middle = start + 20 * US_PER_S
    page = make_page(address(middle, camera=3))
    screen = Screen(page)
    screen.wait_word(3, "RECORDED")
    screen.pause()
    select(page, middle, start - 5 * US_PER_S, start + 45 * US_PER_S)
    axis, bar = TimeAxis(page, middle), page.get_by_label("Selected range")
    protect, unprotect = (bar.get_by_role("button", name=name, exact=True) for name in ("Protect", "Unprotect"))
    protect.hover()
    part = (start + 25 * US_PER_S, start + 35 * US_PER_S)
    before = axis.picture(*part)

    def lines() -> int:
        changed = np.abs(axis.picture(*part) - before).max(axis=2) > 40
        return int(changed.all(axis=1).sum())

    protect.click()
    screen.wait(lambda: 2 <= lines() <= 6, "a line above and one below")
    unprotect.click()
    screen.wait(lambda: lines() == 0, "the lines being gone")


def test_a_phone_keeps_its_picture_beside_a_range(make_page: MakePage, nvr: Nvr) -> None:
    past = nvr.past
    page = make_page(address(past.midnight), viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    Screen(page).wait_word(1, "RECORDED")
    page.get_by_role("button", name="Select range").click()
    TimeAxis(page, past.midnight).drag(past.midnight - 20 * US_PER_S, past.midnight + 20 * US_PER_S)
    bar = page.get_by_label("Selected range")
    expect(bar).to_contain_text(re.compile(r"(39|40|41)(\.\d)? s"))
    for name in ("Export", "Protect", "Delete", "Close the range"):
        expect(bar.get_by_role("button", name=name)).to_be_in_viewport()
    tile = page.locator(".tile").bounding_box()
    assert tile is not None
    assert tile["height"] >= 360 * 9 / 16, "the whole width of the screen goes to the picture"
