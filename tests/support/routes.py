"""The routes of an app, wherever they stand."""

from collections.abc import Iterator, Sequence

from fastapi import APIRouter
from starlette.routing import BaseRoute


def every_route(routes: Sequence[BaseRoute]) -> Iterator[BaseRoute]:
    """The routes, also those inside of routers that the app includes."""
    for route in routes:
        inside = getattr(route, "original_router", None)
        if isinstance(inside, APIRouter):
            yield from every_route(inside.routes)
        else:
            yield route
