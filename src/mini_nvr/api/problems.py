"""What goes wrong in a request, as problem details (RFC 9457): `type`, `title`, `status`, `detail` (the cause) and `remedy`.

`type` is a relative reference, one per kind of problem; docs/reference/api.md lists them. A problem never holds a secret, and never
tells an anonymous caller more than that it is one.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

MEDIA_TYPE: Final = "application/problem+json"
TYPE_BASE: Final = "/problems/"
PROBLEM_SCHEMA: Final = "#/components/schemas/Problem"

KINDS: Final[Mapping[str, tuple[int, str]]] = {
    "invalid-request": (400, "The request cannot be understood"),
    "invalid-parameter": (400, "A parameter has a value that is not allowed"),
    "password-refused": (400, "The new password cannot be used"),
    "sign-in-required": (401, "Sign in first"),
    "sign-in-refused": (401, "The user name or the password is wrong"),
    "password-change-required": (403, "Set a new password first"),
    "cross-site": (403, "The request comes from another site"),
    "csrf": (403, "The CSRF token is missing or wrong"),
    "not-found": (404, "There is no such thing"),
    "no-footage": (404, "There is no footage at that time"),
    "method-not-allowed": (405, "This address does not take that method"),
    "too-slow": (408, "The request took too long to arrive"),
    "live": (409, "The recording is still being written"),
    "protected": (409, "The recording is protected"),
    "not-playable": (409, "The footage is in a container that cannot be served like this"),
    "format-changes": (409, "The picture's format changes inside the range"),
    "too-large": (413, "The request is too large"),
    "unsupported-media-type": (415, "The request's body must be JSON"),
    "range-not-satisfiable": (416, "The byte range cannot be served"),
    "too-many-attempts": (429, "Too many attempts"),
    "internal": (500, "The program made a mistake"),
    "busy": (503, "Too much of this is under way already"),
    "unavailable": (503, "A part of the program does not answer"),
}
"""Every kind of problem with its status and title."""


class ProblemDetails(BaseModel):
    """The body of every answer with a status of 400 or more (RFC 9457)."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "example": {
                "type": "/problems/invalid-parameter",
                "title": "A parameter has a value that is not allowed",
                "status": 400,
                "detail": "channel: 99 is not a channel",
                "remedy": "use one of 1..4",
            }
        },
    )

    type: str = Field(description="The kind of problem; stable, for programs.")
    title: str = Field(description="The kind of problem, for people.")
    status: int = Field(description="The HTTP status once more.", ge=400, le=599)
    detail: str = Field(description="The cause.")
    remedy: str = Field(description="What to do about it.")


class Problem(Exception):
    """Ends a request with problem details.

    kind: a key of `KINDS`. more: further members of the body. headers: of the answer.
    """

    def __init__(
        self,
        kind: str,
        detail: str,
        remedy: str,
        *,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{kind}: {detail}; {remedy}")
        self.kind = kind
        self.status, self.title = KINDS[kind]
        self.detail = detail
        self.remedy = remedy
        self.headers = dict(headers or {})
        self.more = dict(more or {})

    def body(self) -> bytes:
        """The answer's body."""
        document = {
            "type": TYPE_BASE + self.kind,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "remedy": self.remedy,
        }
        return json.dumps(self.more | document, ensure_ascii=False).encode(errors="replace")

    def response(self) -> Response:
        """The whole answer."""
        return Response(self.body(), self.status, {"cache-control": "no-store"} | self.headers, MEDIA_TYPE)


def not_found(detail: str, remedy: str = "look at /api/config for the channels and at /api/dates for the days") -> Problem:
    """404."""
    return Problem("not-found", detail, remedy)


def invalid(name: str, detail: str, allowed: str) -> Problem:
    """400 for one parameter."""
    return Problem("invalid-parameter", f"{name}: {detail}", f"use {allowed}", more={"parameter": name})
