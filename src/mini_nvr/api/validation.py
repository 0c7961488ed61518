"""What FastAPI refuses before a route is called, as a problem that says what is allowed instead. Pure."""

from collections.abc import Sequence
from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BeforeValidator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from mini_nvr.api.problems import Problem

_MOST_SHOWN: Final = 5
_LIMITS: Final = {"ge": "{} or more", "le": "{} or less", "max_length": "at most {} characters"}


def _digits_alone(value: object) -> object:
    if isinstance(value, str) and value and not (value.isascii() and value.removeprefix("-").isdigit()):
        raise PydanticCustomError("digits_alone", "Input should be a whole number in digits alone")
    return value


DIGITS_ALONE: Final = BeforeValidator(_digits_alone)
"""Of a whole number in an address: `1_0`, which Python takes for ten, `+1`, ` 1` and `1.0` would be other names of one thing."""


def refusal(error: RequestValidationError, route: object) -> Problem:
    """400, without the values that came: a body may hold a password. route: the one that was asked; None is none of FastAPI's."""
    errors: Sequence[Any] = error.errors()[:_MOST_SHOWN]
    detail = "; ".join(f"{_name(item) or 'body'}: {item['msg']}" for item in errors)
    if any(item["loc"][0] == "body" for item in errors):
        return Problem("invalid-request", detail, "correct it; /api/openapi.json says what is allowed")
    names = list(dict.fromkeys(map(_name, errors)))
    known = _parameters(route)
    remedy = "use " + "; ".join(f"{name}: {allowed(known[name])}" for name in names if name in known)
    return Problem("invalid-parameter", detail, remedy, more={"parameter": names[0]})


def allowed(parameter: FieldInfo) -> str:
    """What a parameter may be: its description, its limits and an example."""
    limits = {name: getattr(item, name) for item in parameter.metadata for name in _LIMITS if hasattr(item, name)}
    found = [parameter.description.rstrip(".")] if parameter.description else []
    if limits.keys() >= {"ge", "le"}:
        found.append(f"{limits.pop('ge')} to {limits.pop('le')}")
    found += [_LIMITS[name].format(limit) for name, limit in limits.items()]
    found += [f"such as {example}" for example in (parameter.examples or [])[:1]]
    return ", ".join(found)


def _name(item: dict[str, Any]) -> str:
    """Of a parameter, or the path to a place in a body; `loc` begins with where it was found."""
    return ".".join(part for part in item["loc"][1:] if isinstance(part, str))


def _parameters(route: object) -> dict[str, FieldInfo]:
    if not isinstance(route, APIRoute):
        return {}
    taken = route.dependant
    return {field.alias: field.field_info for field in (*taken.path_params, *taken.query_params)}
