"""GET /: a plain page to sign in with and to see the cameras, until the viewer takes its place."""

from importlib.resources import files
from typing import Final

from fastapi import APIRouter, Request, Response

router = APIRouter(include_in_schema=False)

_ASSETS: Final = {
    "page.js": "text/javascript; charset=utf-8",
    "page.css": "text/css; charset=utf-8",
}


def _read(name: str) -> bytes:
    return (files("mini_nvr.api") / "assets" / name).read_bytes()


@router.api_route("/", methods=["GET", "HEAD"])
def page(_: Request) -> Response:
    """The page; it holds nothing but text until somebody signs in."""
    return Response(_read("page.html"), media_type="text/html; charset=utf-8", headers={"cache-control": "no-cache"})


def _add_asset(name: str, media_type: str) -> None:
    @router.get(f"/assets/{name}")
    def asset() -> Response:
        return Response(_read(name), media_type=media_type, headers={"cache-control": "no-cache"})


for _name, _media_type in _ASSETS.items():
    _add_asset(_name, _media_type)
