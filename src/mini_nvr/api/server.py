"""The app: routes inside, and around them, from the inside out, the body limit, the guard, the edge and the headers."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from fastapi import FastAPI

from mini_nvr import __version__
from mini_nvr.api import (
    config,
    deletion,
    events,
    export,
    favicon,
    health,
    live,
    live_status,
    login,
    media,
    metrics,
    page,
    playlist,
    protection,
    recordings,
    stills,
    storage,
    timeline,
)
from mini_nvr.api.body_limit import BodyLimit
from mini_nvr.api.deps import Deps
from mini_nvr.api.edge import Edge
from mini_nvr.api.failures import install
from mini_nvr.api.guard import PUBLIC, Guard
from mini_nvr.api.openapi import document
from mini_nvr.api.page import PageFile
from mini_nvr.api.response_headers import ResponseHeaders

OPENAPI_PATH: Final = "/api/openapi.json"

_ROUTERS: Final = (
    login.router,
    config.router,
    storage.router,
    live_status.router,
    recordings.router,
    protection.router,
    deletion.router,
    timeline.router,
    playlist.router,
    media.router,
    stills.router,
    export.router,
    live.router,
    events.router,
    health.router,
    favicon.router,
    metrics.router,
)


def add_routes(app: FastAPI) -> None:
    """All of the API, as one flat list: an included router is asked first whether one of its routes fits, and then which."""
    for router in _ROUTERS:
        app.router.routes.extend(router.routes)


def create_app(deps: Deps, viewer: Mapping[str, PageFile] | None = None) -> FastAPI:
    """The whole web service over the parts it is given; `deps` outlives it. `viewer`: files by address; without, the package's."""
    pages = page.built() if viewer is None else viewer

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        following = [
            asyncio.create_task(deps.feed.follow(deps.recorder, deps.clock)),
            asyncio.create_task(deps.feed.follow_storage(deps.storage, deps.clock)),
        ]
        try:
            yield
        finally:
            for task in following:
                task.cancel()
            await asyncio.gather(*following, return_exceptions=True)

    app = FastAPI(
        title="Mini-NVR",
        version=__version__,
        openapi_url=OPENAPI_PATH,
        docs_url=None,  # their pages load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.state.deps = deps
    add_routes(app)
    viewer_router = page.make_router(pages)
    app.router.routes.extend(viewer_router.routes)
    install(app, [route for router in (*_ROUTERS, viewer_router) for route in router.routes])
    app.add_middleware(BodyLimit)
    app.add_middleware(Guard, deps=deps, public=PUBLIC | page.public(pages))
    app.add_middleware(Edge, deps=deps)
    app.add_middleware(ResponseHeaders)
    deps.accounts.on_session_end(deps.streams.end)

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = document(app.routes)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way
    return app
