"""The OpenAPI document: FastAPI's, with our problems for its own validation errors, and how callers prove themselves."""

from collections.abc import Sequence
from typing import Any, Final

from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from mini_nvr import __version__
from mini_nvr.api.cookies import CSRF, SESSION
from mini_nvr.api.guard import CSRF_HEADER, PUBLIC, SAFE_METHODS
from mini_nvr.api.problems import ProblemDetails

DESCRIPTION: Final = """\
The API of Mini-NVR. Sign in with `POST /api/login`; the session is in a cookie. Requests that change something also send the value
of the cookie `csrf_token` in the header `X-CSRF-Token`. Instants are RFC 3339 with an offset, or milliseconds since
1970; in answers, numbers are milliseconds since 1970. Every error is a problem (RFC 9457) with a cause in `detail` and a `remedy`.
"""
_FASTAPI_DESCRIPTION: Final = "Successful Response"
_FASTAPI_OWN: Final = ("HTTPValidationError", "ValidationError")


def document(routes: Sequence[BaseRoute]) -> dict[str, Any]:
    """The document of an app's routes, as JSON-ready values."""
    found = get_openapi(title="Mini-NVR", version=__version__, description=DESCRIPTION, routes=routes)
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            _correct(path, method.upper(), operation)
    schemas = found["components"]["schemas"]
    for name in _FASTAPI_OWN:
        schemas.pop(name, None)
    schemas["Problem"] = ProblemDetails.model_json_schema()
    found["components"]["securitySchemes"] = {
        "session": {"type": "apiKey", "in": "cookie", "name": SESSION, "description": "`__Host-session` under HTTPS."},
        "csrf": {"type": "apiKey", "in": "header", "name": CSRF_HEADER, "description": f"The value of the cookie `{CSRF}`."},
    }
    return found


def _correct(path: str, method: str, operation: dict[str, Any]) -> None:
    """Validation answers 400 with a problem, never FastAPI's 422; and what is not public needs a session."""
    answers = operation["responses"]
    answers.pop("422", None)
    if answers["200"]["description"] == _FASTAPI_DESCRIPTION:
        answers["200"]["description"] = "Done, or here it is."
    if (method, path) not in PUBLIC:
        operation["security"] = [{"session": []} if method in SAFE_METHODS else {"session": [], "csrf": []}]
