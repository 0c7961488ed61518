"""How routes say in the OpenAPI document what they answer: every problem by its status, byte ranges, and camelCase models."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel
from starlette.responses import Response

from mini_nvr.api.problems import KINDS, MEDIA_TYPE, PROBLEM_SCHEMA

Answers = dict[int | str, dict[str, Any]]

BINARY: Final[Mapping[str, Any]] = {"schema": {"type": "string", "format": "binary"}}
_ALWAYS: Final = (400, 403, 405, 503)
"""Statuses that the layers around the routes can answer everywhere: a malformed Host, a one-time password, a locked catalog."""


class Model(BaseModel):
    """A JSON object; names are camelCase outside and snake_case inside."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="forbid")


def as_json(model: Model) -> Response:
    """The answer that FastAPI would make of a model, in half the time: it would check once more what is known to be right."""
    return Response(model.model_dump_json(by_alias=True), media_type="application/json")


def problems(*statuses: int) -> Answers:
    """The `responses` of a route that can answer these statuses besides those that every route can."""
    return {status: _problem(status) for status in sorted({*statuses, *_ALWAYS})}


def guarded(*statuses: int) -> Answers:
    """`problems` of a route behind the guard."""
    return problems(401, *statuses)


def unsafe(*statuses: int) -> Answers:
    """`guarded` for a method that changes something: it may carry a body that is too large."""
    return guarded(413, *statuses)


def _problem(status: int) -> dict[str, Any]:
    titles = [f"`{kind}`: {title}" for kind, (of, title) in KINDS.items() if of == status]
    return {"description": "; ".join(titles), "content": {MEDIA_TYPE: {"schema": {"$ref": PROBLEM_SCHEMA}}}}


def binary(media_type: str, description: str, *, ranges: bool = False) -> Answers:
    """A body of bytes; with `ranges`, also in part."""
    whole: dict[str, Any] = {"description": description, "content": {media_type: dict(BINARY)}}
    answers: Answers = {200: whole}
    if ranges:
        answers[206] = {**whole, "description": f"{description}, one range of it"}
        answers[304] = {"description": "Not changed since the entity tag in `If-None-Match`."}
        answers[416] = _problem(416)
    return answers
