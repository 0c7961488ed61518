"""The viewer: built files inside of this package, read, named and compressed once at start.

Only what was found then has an address, so nothing in a request can name another file (SECURITY S1), and the door knows exactly
what is public (S2). The script and the styles carry a hash in their names and are kept by browsers for ever; the rest is asked for
each time and answered with 304 while it is the same.
"""

import gzip
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from fastapi import APIRouter, Request, Response

from mini_nvr.api.byte_ranges import matches

PAGES: Final = ("/", "/recordings", "/storage", "/account")
"""Addresses that a person may open, reload or share; the viewer's script shows the page."""
NOT_BUILT: Final = """\
The viewer is not built; the API works without it. In the folder of Mini-NVR's source:

    make install

Packages from a release hold it already.
"""
_INDEX: Final = "index.html"
_HASHED: Final = "/assets/"
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_ASK: Final = "no-cache"
_MEDIA_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}
_COMPRESSED_ALREADY: Final = frozenset({".png"})


@dataclass(frozen=True, slots=True)
class PageFile:
    """One answer.

    gzipped: None where compression saves nothing. etag: of `content`, quoted.
    """

    content: bytes
    gzipped: bytes | None
    media_type: str
    etag: str
    cache_control: str
    status: int = 200


def built() -> dict[str, PageFile]:
    """The viewer of this package by address; without one, the pages say how to build it."""
    folder = files("mini_nvr.api") / "viewer"
    return load(folder) if (folder / _INDEX).is_file() else not_built()


def load(folder: Traversable) -> dict[str, PageFile]:
    """The files of a built viewer by address. Files of kinds that the viewer does not have are left out."""
    found = dict(_found(folder, "/"))
    index = found.pop(f"/{_INDEX}")
    return {**dict.fromkeys(PAGES, index), **found}


def not_built() -> dict[str, PageFile]:
    content = NOT_BUILT.encode()
    return dict.fromkeys(PAGES, PageFile(content, None, "text/plain; charset=utf-8", _etag(content), "no-store", 503))


def _found(folder: Traversable, address: str) -> Iterator[tuple[str, PageFile]]:
    for entry in folder.iterdir():
        name = address + entry.name
        if entry.is_dir():
            yield from _found(entry, f"{name}/")
        elif (suffix := entry.name[entry.name.rfind(".") :]) in _MEDIA_TYPES:
            yield name, _read(entry, suffix, _FOR_EVER if name.startswith(_HASHED) else _ASK)


def _read(file: Traversable, suffix: str, cache_control: str) -> PageFile:
    content = file.read_bytes()
    gzipped = None if suffix in _COMPRESSED_ALREADY else gzip.compress(content, mtime=0)
    if gzipped is not None and len(gzipped) >= len(content):
        gzipped = None
    return PageFile(content, gzipped, _MEDIA_TYPES[suffix], _etag(content), cache_control)


def _etag(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def public(page: Mapping[str, PageFile]) -> frozenset[tuple[str, str]]:
    """What a stranger may ask for: (method, path), exactly. It holds nothing but text until somebody signs in."""
    return frozenset((method, path) for path in page for method in ("GET", "HEAD"))


def make_router(page: Mapping[str, PageFile]) -> APIRouter:
    """A route for each file; none takes a parameter."""
    router = APIRouter(include_in_schema=False)
    for path, file in page.items():
        _add(router, path, file)
    return router


def _add(router: APIRouter, path: str, file: PageFile) -> None:
    @router.api_route(path, methods=["GET", "HEAD"])
    async def page(request: Request) -> Response:
        return answer(request.headers.get("accept-encoding"), request.headers.get("if-none-match"), file)


def answer(accept_encoding: str | None, if_none_match: str | None, file: PageFile) -> Response:
    """The file, compressed for who takes that, or 304 for who has it. Each form has its own entity tag (RFC 9110 section 8.8.3)."""
    compressed = file.gzipped is not None and takes_gzip(accept_encoding)
    etag = f'{file.etag[:-1]}-gzip"' if compressed else file.etag
    headers = {"cache-control": file.cache_control, "etag": etag, "vary": "accept-encoding"}
    if matches(if_none_match, etag):
        return Response(status_code=304, headers=headers)
    if compressed:
        headers["content-encoding"] = "gzip"
    body = file.gzipped if compressed else file.content
    return Response(body, file.status, headers, file.media_type)


def takes_gzip(accept_encoding: str | None) -> bool:
    """Whether the header names gzip, or anything, with a weight above zero (RFC 9110 section 12.5.3)."""
    weights = dict(_weights(accept_encoding or ""))
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0))) > 0


def _weights(accept_encoding: str) -> Iterator[tuple[str, float]]:
    for part in accept_encoding.lower().split(","):
        coding, *parameters = (text.strip() for text in part.split(";"))
        weight = next((text.removeprefix("q=") for text in parameters if text.startswith("q=")), "1")
        try:
            yield coding, float(weight)
        except ValueError:
            yield coding, 0.0
