"""The viewer's files: what is served, how it is cached and compressed, and what is said where there is none."""

import gzip
import re
from pathlib import Path

import pytest

from mini_nvr.api import page
from mini_nvr.api.page import PAGES, PageFile, answer, load, not_built, takes_gzip
from mini_nvr.api.server import create_app
from tests.support.viewer import FILES, SCRIPT, STYLES, write_viewer
from tests.support.web import Browser, Web

INDEX = Path(__file__).parents[2] / "web/index.html"


async def test_every_page_is_the_index_and_is_asked_for_each_time(web: Web) -> None:
    stranger = web.client()
    for path in PAGES:
        answer = await stranger.get(path)
        assert answer.status_code == 200
        assert answer.content == FILES["index.html"]
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["cache-control"] == "no-cache"
        again = await stranger.get(path, headers={"if-none-match": answer.headers["etag"]})
        assert again.status_code == 304
        assert not again.content


async def test_what_has_a_hash_in_its_name_is_kept_for_ever(web: Web) -> None:
    stranger = web.client()
    for path, media_type in {SCRIPT: "text/javascript; charset=utf-8", STYLES: "text/css; charset=utf-8"}.items():
        answer = await stranger.get(path)
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["content-type"] == media_type
    for path in ("/theme.js", "/manifest.webmanifest", "/icons/icon.svg", "/icons/icon-192.png"):
        assert (await stranger.get(path)).headers["cache-control"] == "no-cache", path


async def test_it_travels_compressed_to_who_takes_that(web: Web) -> None:
    stranger = web.client()
    plain = await stranger.get(SCRIPT, headers={"accept-encoding": "identity"})
    packed = await stranger.get(SCRIPT, headers={"accept-encoding": "br, gzip;q=0.8"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert plain.content == packed.content == FILES[SCRIPT[1:]]
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"])
    assert plain.headers["etag"] != packed.headers["etag"]
    assert plain.headers["vary"] == packed.headers["vary"] == "accept-encoding"


async def test_head_answers_like_get_without_a_body(web: Web) -> None:
    for path in ("/", SCRIPT):
        get, head = await web.client().get(path), await web.client().head(path)
        assert not head.content
        assert dict(head.headers) == dict(get.headers)


async def test_files_that_are_no_part_of_the_viewer_have_no_address(browser: Browser) -> None:
    for path in ("/notes.txt", "/index.html", "/assets/", "/assets", "/icons", "/recordings/", "/Storage"):
        assert (await browser.get(path)).status_code in {404, 405}, path


async def test_without_a_viewer_the_page_says_how_to_build_it_and_the_api_answers(web: Web) -> None:
    bare = Web(web.deps, create_app(web.deps, not_built()), web.clock, web.recorder, web.folder)
    answer = await bare.client().get("/")
    assert answer.status_code == 503
    assert "make install" in answer.text
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert (await bare.client().get("/healthz")).status_code == 200
    assert (await bare.client().get(SCRIPT)).status_code == 401


def test_the_package_serves_its_own_viewer_or_says_that_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "files", lambda _: tmp_path)
    assert page.built()["/"].status == 503
    write_viewer(tmp_path / "viewer")
    assert page.built()["/"].content == FILES["index.html"]


def test_s8_the_viewers_own_index_has_nothing_inline() -> None:
    index = INDEX.read_text(encoding="utf-8")
    assert re.findall(r"<script[^>]*>", index) == re.findall(r'<script[^>]* src="/[^"]+"[^>]*>', index) != []
    assert re.findall(r"<script[^>]*>(.+?)</script>", index) == []
    assert "style" not in index
    assert re.search(r"\son\w+=", index) is None
    assert "//" not in index  # nothing from elsewhere


def test_what_compression_does_not_make_smaller_stays_as_it_is(tmp_path: Path) -> None:
    found = load(write_viewer(tmp_path))
    assert found["/theme.js"].gzipped is None
    assert found["/icons/icon-192.png"].gzipped is None
    packed = found[SCRIPT].gzipped
    assert packed is not None
    assert gzip.decompress(packed) == FILES[SCRIPT[1:]]
    assert load(tmp_path) == found


@pytest.mark.parametrize(
    ("header", "takes"),
    [
        (None, False),
        ("", False),
        ("gzip", True),
        ("GZIP", True),
        ("x-gzip", True),
        ("deflate, br", False),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", True),
        ("gzip;q=0", False),
        ("*", True),
        ("*;q=1, gzip;q=0", False),
        ("gzip ; q=0.5", True),
        ("gzip;q=much", False),
        (";,;=q", False),
    ],
)
def test_who_takes_gzip(header: str | None, takes: bool) -> None:  # noqa: FBT001  a table
    assert takes_gzip(header) is takes


def test_each_encoding_has_its_own_entity_tag() -> None:
    file = PageFile(b"a" * 100, gzip.compress(b"a" * 100), "text/plain", '"tag"', "no-cache")
    assert answer("gzip", '"tag"', file).status_code == 200
    assert answer("gzip", '"tag-gzip"', file).status_code == 304
    assert answer(None, 'W/"tag"', file).status_code == 304
    assert answer(None, "*", file).status_code == 304
