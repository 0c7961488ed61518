"""GET /healthz: for whoever watches the service from outside; says nothing but whether it answers."""

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from mini_nvr.api.deps import Parts
from mini_nvr.api.documented import problems

router = APIRouter(tags=["system"])


@router.api_route("/healthz", methods=["HEAD"], include_in_schema=False)
@router.get(
    "/healthz",
    summary="Is the service alive",
    response_class=Response,
    responses={**problems(), 200: {"description": "`ok`", "content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def healthz(_: Request, deps: Parts) -> Response:
    """Public. 200 when the service and its catalog answer, 503 otherwise; no details."""
    await run_in_threadpool(deps.catalog.channels)
    return Response("ok\n", media_type="text/plain")
