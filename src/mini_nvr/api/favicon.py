"""GET /favicon.ico: browsers ask for it unasked; the viewer names its icons itself."""

from fastapi import APIRouter, Response

router = APIRouter(include_in_schema=False)


@router.api_route("/favicon.ico", methods=["GET", "HEAD"])
async def favicon() -> Response:
    """Nothing, to be remembered for a day."""
    return Response(status_code=204, headers={"cache-control": "public, max-age=86400"})
