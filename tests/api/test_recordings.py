"""Days, files of a day, and deleting one."""

import asyncio
import errno
import os
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mini_nvr.api import deletion, recordings
from mini_nvr.api.deletion import MOST_A_BATCH
from mini_nvr.api.recordings import size_text
from mini_nvr.catalog.model import SegmentRow
from tests.support.catalog import FIVE_MINUTES, T0
from tests.support.served import cookies_of, serving
from tests.support.web import OTHER_PASSWORD, OTHER_USER, Browser, Web, small

DAY = "2026-03-01"
PATH = "ch1/2026-03-01/133000+0000.mp4"


@pytest.fixture
def row(web: Web) -> SegmentRow:
    web.put(small())
    (found,) = web.catalog.segments()
    assert str(found.path) == PATH
    return found


async def test_days_and_files(web: Web, browser: Browser, row: SegmentRow) -> None:
    web.put(small(T0 + FIVE_MINUTES, number=1, sealed=False))
    assert (await browser.get("/api/dates")).json() == {"dates": [DAY]}
    assert (await browser.get("/api/dates?channel=2")).json() == {"dates": []}
    first, second = (await browser.get(f"/api/channel/1/recordings?date={DAY}")).json()["recordings"]
    assert first == {
        "id": row.id,
        "name": PATH,
        "startTime": "13:30:00",
        "datetime": "2026-03-01T13:30:00.000+00:00",
        "start": T0 // 1000,
        "end": (T0 + FIVE_MINUTES) // 1000,
        "size": "4.9 KB",
        "bytes": 5_000,
        "duration": 300.0,
        "live": False,
        "container": "mp4",
        "codec": "avc1.640028",
        "protected": False,
    }
    assert (second["live"], second["duration"]) == (True, None)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/dates?channel=9", 404),
        ("/api/dates?channel=0", 400),
        ("/api/dates?channel=x", 400),
        (f"/api/channel/9/recordings?date={DAY}", 404),
        (f"/api/channel/x/recordings?date={DAY}", 400),
        ("/api/channel/1/recordings", 400),
        ("/api/channel/1/recordings?date=2026-02-30", 400),
        ("/api/channel/1/recordings?date=%00", 400),
        ("/api/channel/1/recordings?start=0", 400),
        ("/api/channel/1/recordings?start=1&end=0", 400),
        (f"/api/channel/1/recordings?start=0&end=1&date={DAY}", 400),
        ("/api/channel/9/recordings?start=0&end=1", 404),
    ],
)
async def test_what_is_refused(browser: Browser, path: str, status: int) -> None:
    answer = await browser.get(path)
    assert answer.status_code == status
    assert answer.json()["remedy"]


async def test_deleting_removes_the_file_and_the_row_and_leaves_a_gap(web: Web, browser: Browser, row: SegmentRow) -> None:
    answer = await browser.delete("/api/recording", params={"path": PATH})
    assert answer.status_code == 200
    assert answer.json() == {"message": "Deleted", "path": PATH}
    assert not web.file(PATH).exists()
    assert web.catalog.segments() == []
    (gap,) = web.catalog.gaps(1)
    assert (gap.start_utc_us, gap.end_utc_us, gap.detail) == (T0, T0 + FIVE_MINUTES, "by a user")
    record = web.deps.audit.recent(1)[0]
    assert (record.action, record.user, record.target, record.address) == ("delete", "anna", PATH, "198.51.100.9")
    assert (await browser.delete("/api/recording", params={"path": PATH})).status_code == 404
    still = (await browser.get(f"/api/channel/1/frame.jpg?at={T0 // 1_000}")).json()
    assert (still["cause"], still["detail"].rpartition(": ")[2]) == ("deleted by retention", "deleted by retention, by a user")


async def test_what_is_live_or_protected_stays(web: Web, browser: Browser, row: SegmentRow) -> None:
    web.catalog.protect([row.id], protected=True)
    growing = small(T0 + FIVE_MINUTES, number=1, sealed=False)
    web.put(growing)
    protected = await browser.delete("/api/recording", params={"path": PATH})
    live = await browser.delete("/api/recording", params={"path": "ch1/2026-03-01/133500+0000.mp4"})
    assert (protected.status_code, protected.json()["type"]) == (409, "/problems/protected")
    assert (live.status_code, live.json()["type"]) == (409, "/problems/live")
    assert web.file(PATH).exists()
    assert [record.action for record in web.deps.audit.recent(2)] == ["refused", "refused"]


async def test_a_name_whose_plus_was_not_escaped_is_told_how(browser: Browser, row: SegmentRow) -> None:
    for method, path in (("DELETE", "/api/recording"), ("POST", "/api/recording/protect")):
        answer = await browser.request(method, f"{path}?path={PATH}")
        assert answer.status_code == 404
        assert "%2B" in answer.json()["remedy"]


async def test_a_file_that_cleanup_took_meanwhile_is_gone(
    web: Web, browser: Browser, row: SegmentRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cleaned_up(*_: object) -> bool:
        web.catalog.forget([of.id for of in web.catalog.mark_deleting([row.id])])
        return True

    monkeypatch.setattr(deletion, "_is_plain_file_inside", cleaned_up)
    answer = await browser.delete("/api/recording", params={"path": PATH})
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")


async def test_of_two_who_delete_the_same_file_one_finds_it(web: Web, browser: Browser, row: SegmentRow) -> None:
    other = await web.signed_in(OTHER_USER, OTHER_PASSWORD)
    for _ in range(5):
        answers = await asyncio.gather(*(who.delete("/api/recording", params={"path": PATH}) for who in (browser, other)))
        assert sorted(answer.status_code for answer in answers) == [200, 404]
        web.put(small())


async def test_the_files_of_a_range(web: Web, browser: Browser) -> None:
    for number in range(4):
        web.put(small(T0 + number * FIVE_MINUTES, number=number))
    bounds = {"start": (T0 + FIVE_MINUTES + 1_000) // 1000, "end": (T0 + 2 * FIVE_MINUTES + 1_000) // 1000}
    found = (await browser.get("/api/channel/1/recordings", params=bounds)).json()["recordings"]
    assert [one["start"] for one in found] == [(T0 + number * FIVE_MINUTES) // 1000 for number in (1, 2)]


def _ms(number: float) -> int:
    return int(T0 + number * FIVE_MINUTES) // 1000


async def test_deleting_a_range_takes_what_lies_inside_and_may_go(web: Web, browser: Browser) -> None:
    """Of six files the first reaches out, one is protected, one is a link and the last one grows."""
    for number in range(6):
        web.put(small(T0 + number * FIVE_MINUTES, number=number, sealed=number < 5))
    web.put(small(T0 + FIVE_MINUTES, channel=2, run=2))
    paths = [str(row.path) for row in web.catalog.segments(1)]
    web.catalog.protect([web.catalog.segments(1)[2].id], protected=True)
    web.file(paths[3]).unlink()
    web.file(paths[3]).symlink_to(web.folder)
    answer = await browser.delete("/api/recordings", params={"channel": 1, "start": _ms(0.5), "end": _ms(6)})
    assert answer.status_code == 200
    assert answer.json() == {
        "deleted": [paths[1], paths[4]],
        "kept": [
            {"path": paths[0], "reason": "reaches out of the range"},
            {"path": paths[2], "reason": "protected"},
            {"path": paths[3], "reason": "no plain file"},
            {"path": paths[5], "reason": "live"},
        ],
        "bytes": 10_000,
    }
    assert [web.file(path).exists() for path in paths] == [True, False, True, True, False, True]
    assert len(web.catalog.segments(2)) == 1
    assert [(gap.start_utc_us // 1000, gap.detail) for gap in web.catalog.gaps(1)] == [
        (_ms(1), "by a user"),
        (_ms(4), "by a user"),
    ]
    record = web.deps.audit.recent(1)[0]
    assert (record.action, record.user, record.target) == ("delete", "anna", "channel 1")
    assert "2 files, 10000 bytes" in record.detail


async def test_deleting_a_range_tells_the_listeners(web: Web, browser: Browser) -> None:
    for number in range(2):
        web.put(small(T0 + number * FIVE_MINUTES, number=number))
    with web.deps.feed.listen() as listener:
        await browser.delete("/api/recordings", params={"channel": 1, "start": _ms(0), "end": _ms(2)})
        told = [await listener.next(0) for _ in range(2)]
    assert [event["event"] for event in told if event] == ["deleted", "deleted"]


async def test_deleting_a_range_syncs_each_folder_once_and_leaves_no_empty_one(
    web: Web, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, before = MOST_A_BATCH - 2, 500  # two days earlier than the other tests: no folder of today
    for number in range(files):
        web.put(small(T0 + (number - before) * FIVE_MINUTES, number=number))
    folders = {web.file(str(row.path)).parent for row in web.catalog.segments(1)}
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    answer = await browser.delete("/api/recordings", params={"channel": 1, "start": _ms(-before), "end": _ms(files - before)})
    assert len(answer.json()["deleted"]) == files
    assert len(synced) == 2 * len(folders)  # one for the files of a folder, one for the folder itself
    assert not any(folder.exists() for folder in folders)


async def test_the_folder_of_today_stays(web: Web, browser: Browser, row: SegmentRow) -> None:
    await browser.delete("/api/recordings", params={"channel": 1, "start": _ms(0), "end": _ms(1)})
    assert web.catalog.segments() == []
    assert web.file(PATH).parent.is_dir()


async def test_what_the_disk_refuses_stays_and_is_told(
    web: Web, browser: Browser, row: SegmentRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_fd: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", refuse)
    answer = await browser.delete("/api/recordings", params={"channel": 1, "start": _ms(0), "end": _ms(1)})
    assert answer.json() == {"deleted": [], "kept": [{"path": PATH, "reason": "disk refuses"}], "bytes": 0}
    web.put(small(T0 + FIVE_MINUTES, number=1))
    alone = await browser.delete("/api/recording", params={"path": "ch1/2026-03-01/133500+0000.mp4"})
    assert (alone.status_code, alone.json()["type"]) == (503, "/problems/unavailable")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("channel=1&start=0", 400),
        ("channel=1&start=1&end=1", 400),
        ("channel=0&start=0&end=1", 400),
        ("start=0&end=1", 400),
        ("channel=9&start=0&end=1", 404),
    ],
)
async def test_a_range_that_is_none_deletes_nothing(web: Web, browser: Browser, row: SegmentRow, query: str, status: int) -> None:
    answer = await browser.delete(f"/api/recordings?{query}")
    assert answer.status_code == status
    assert web.file(PATH).exists()


async def test_a_range_of_too_many_files_is_refused(
    web: Web, browser: Browser, row: SegmentRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recordings, "MOST_FILES", 0)
    for answer in (
        await browser.get(f"/api/channel/1/recordings?start={_ms(0)}&end={_ms(1)}"),
        await browser.delete(f"/api/recordings?channel=1&start={_ms(0)}&end={_ms(1)}"),
    ):
        assert answer.status_code == 400
        assert "files" in answer.json()["remedy"]
    assert web.file(PATH).exists()


async def test_of_two_who_delete_the_same_range_each_file_goes_once(web: Web, browser: Browser) -> None:
    other = await web.signed_in(OTHER_USER, OTHER_PASSWORD)
    for number in range(20):
        web.put(small(T0 + number * FIVE_MINUTES, number=number))
    query = {"channel": 1, "start": _ms(0), "end": _ms(20)}
    answers = await asyncio.gather(*(who.delete("/api/recordings", params=query) for who in (browser, other)))
    deleted = [path for answer in answers for path in answer.json()["deleted"]]
    assert len(deleted) == len(set(deleted)) == 20
    assert web.catalog.segments(1) == []


SPELLINGS = (
    *(
        "../secret",
        "../recordings-backup/x.mp4",
        "ch1/../../secret",
        "/etc/passwd",
        "\\..\\secret",
        "ch1/2026-03-01/../../../secret",
    ),
    *("./" + PATH, PATH + "/", PATH + "/.", "ch1//2026-03-01/133000+0000.mp4", PATH.replace("/", "\\"), PATH.upper(), " " + PATH),
    *(PATH + "\0", PATH + "\n", "\0", ".", "..", "/", "ch1", "ch1/2026-03-01", "%2e%2e/secret", "..%2fsecret", "%2f..%2fsecret"),
    *(".mini-nvr-volume", "ch1/2026-03-01/x.mp4", "file:///etc/passwd", "~/x", "\u202e", "é" * 100),
)


@pytest.mark.parametrize("path", SPELLINGS, ids=repr)
async def test_s1_only_the_very_path_of_the_catalog_deletes(web: Web, browser: Browser, row: SegmentRow, path: str) -> None:
    secret = web.folder / "secret"
    secret.write_text("c4n4ry")
    answer = await browser.delete("/api/recording", params={"path": path})
    assert answer.status_code in {400, 404}
    assert secret.exists()
    assert web.file(PATH).exists()


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(path=st.text(alphabet=st.sampled_from("ch1/2026-03-01/133000+.mp4\\%\0"), max_size=60))
def test_s1_no_text_finds_another_file(web: Web, browser: Browser, path: str) -> None:
    headers = {"cookie": cookies_of(browser), "x-csrf-token": browser.cookies["csrf_token"]}

    async def ask() -> int:
        async with web.client(headers=headers) as another:
            return (await another.delete("/api/recording", params={"path": path})).status_code

    assert asyncio.run(ask()) in {400, 404}


RAW = (
    *("/api/segments/../../../etc/passwd", "/api/segments/%2e%2e/%2e%2e/etc/passwd", "/api/segments/..%2f..%2fetc%2fpasswd"),
    *("/assets/../../../../etc/passwd", "/assets/..%2f..%2f..%2fetc/passwd", "/assets/%2f../index.html", "//etc/passwd"),
    *(
        "/assets/..\\..\\server.py",
        "/api/segments/1.mp4/../../secret",
        "/api/segments/%00.mp4",
        "/theme.js%00",
        "/recordings/x",
    ),
    *(
        "/../recordings-backup/x.mp4",
        "/%2e%2e%2frecordings-backup/x.mp4",
        "http://nvr.test/../etc/passwd",
        "/api/segments//etc/passwd",
    ),
)


async def test_s1_raw_paths_reach_nothing(web: Web, row: SegmentRow) -> None:
    (web.folder / "recordings-backup").mkdir()
    (web.folder / "recordings-backup" / "x.mp4").write_text("c4n4ry")
    async with serving(web) as served, served.browser() as browser:
        await browser.sign_in()
        cookie = cookies_of(browser)
        deletions = [f"/api/recording?path={quote(path, safe='')}" for path in SPELLINGS]
        for method, target in [*(("GET", path) for path in RAW), *(("DELETE", path) for path in deletions)]:
            head = f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nCookie: {cookie}\r\nConnection: close\r\n"
            raw = await served.exchange(f"{head}X-CSRF-Token: {browser.cookies['csrf_token']}\r\n\r\n".encode())
            status = raw.split(b" ", 2)[1]
            assert status in {b"400", b"404", b"405"}, (target, raw[:200])
            assert b"root:" not in raw
            assert b"c4n4ry" not in raw
    assert web.file(PATH).exists()


def _link(web: Web) -> None:
    outside = web.folder / "outside.mp4"
    outside.write_text("c4n4ry")
    web.file(PATH).unlink()
    web.file(PATH).symlink_to(outside)


def _linked_folder(web: Web) -> None:
    outside = web.folder / "outside"
    web.file(PATH).parent.rename(outside)
    web.file(PATH).parent.symlink_to(outside)


@pytest.mark.parametrize("spoil", [_link, _linked_folder])
async def test_s1_a_link_outwards_is_not_followed(
    web: Web, browser: Browser, row: SegmentRow, spoil: Callable[[Web], None]
) -> None:
    spoil(web)
    assert (await browser.delete("/api/recording", params={"path": PATH})).status_code == 404
    assert (await browser.get(f"/api/segments/{row.id}.mp4")).status_code == 404
    assert web.file(PATH).exists()


async def test_a_file_that_is_gone_already_is_forgotten(web: Web, browser: Browser, row: SegmentRow) -> None:
    web.file(PATH).unlink()
    assert (await browser.delete("/api/recording", params={"path": PATH})).status_code == 200
    assert web.catalog.segments() == []


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KB"), (126_300_000, "120.4 MB"), (5 << 40, "5.0 TB"), (9 << 50, "9216.0 TB")],
)
def test_sizes_for_people(size: int, text: str) -> None:
    assert size_text(size) == text


HOSTILE = "1' OR '1'='1'; DROP TABLE segments; --"


@pytest.mark.parametrize(
    "path",
    [
        f"/api/dates?channel={quote(HOSTILE)}",
        f"/api/channel/{quote(HOSTILE, safe='')}/recordings?date=2026-03-01",
        f"/api/channel/1/recordings?date={quote(HOSTILE)}",
        f"/api/timeline?channels={quote(HOSTILE)}&start=0&end=1000",
        f"/api/timeline?channels=1&start={quote(HOSTILE)}&end=1000",
        f"/api/channel/1/playlist.m3u8?start={quote(HOSTILE)}",
        f"/api/channel/1/frame.jpg?at={quote(HOSTILE)}",
        f"/api/channel/1/export.mp4?start={quote(HOSTILE)}&end=1000",
        f"/api/segments/{quote(HOSTILE, safe='')}.mp4",
    ],
)
async def test_s7_statements_in_parameters_are_only_text(web: Web, browser: Browser, row: SegmentRow, path: str) -> None:
    answer = await browser.get(path)
    assert answer.status_code in {400, 404}
    assert web.catalog.segment_at(row.path) == row


async def test_s7_a_hostile_user_name_and_path_find_nobody_and_nothing(web: Web, browser: Browser, row: SegmentRow) -> None:
    assert (await browser.delete("/api/recording", params={"path": HOSTILE})).status_code == 404
    async with web.client() as stranger:
        assert (await stranger.sign_in(HOSTILE, HOSTILE)).status_code == 401
    assert web.catalog.segment_at(row.path) == row
    assert (await browser.get("/api/me")).json()["user"] is not None
