"""The OpenAPI document: FastAPI's, with our problems for its own validation errors, and how callers prove themselves."""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from mini_nvr.api.cookies import CSRF, SESSION
from mini_nvr.api.guard import CSRF_HEADER, PUBLIC, SAFE_METHODS

DESCRIPTION: Final = """\
The API of Mini-NVR. Sign in with `POST /api/login`; the session is in a cookie. Requests that change something also send the value
of the cookie `csrf_token` in the header `X-CSRF-Token`. Instants are RFC 3339 with an offset, or milliseconds since
1970; in answers, numbers are milliseconds since 1970. Every error is a problem (RFC 9457) with a cause in `detail` and a `remedy`.
"""
_FASTAPI_OWN: Final = ("HTTPValidationError", "ValidationError")


def document(app: FastAPI) -> dict[str, Any]:
    """The document of an app, as JSON-ready values."""
    found = get_openapi(title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes)
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            _correct(path, method.upper(), operation)
    schemas = found.get("components", {}).get("schemas", {})
    for name in _FASTAPI_OWN:
        schemas.pop(name, None)
    found.setdefault("components", {})["securitySchemes"] = {
        "session": {"type": "apiKey", "in": "cookie", "name": SESSION, "description": "`__Host-session` under HTTPS."},
        "csrf": {"type": "apiKey", "in": "header", "name": CSRF_HEADER, "description": f"The value of the cookie `{CSRF}`."},
    }
    return found


def _correct(path: str, method: str, operation: dict[str, Any]) -> None:
    """Validation answers 400 with a problem, never FastAPI's 422; and what is not public needs a session."""
    operation["responses"].pop("422", None)
    if (method, path) not in PUBLIC:
        operation["security"] = [{"session": []} if method in SAFE_METHODS else {"session": [], "csrf": []}]
