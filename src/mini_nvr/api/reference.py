"""The reference page of the API, made from the OpenAPI document: `python -m mini_nvr.api.reference [--check] [FILE]`.

Without `--check` the page is written; with it, a page that differs from the routes is an error (exit code 1). The shell examples in
`examples.md` are a part of the page, and a test runs them. `--openapi` prints the document itself: the types of the viewer are made
from it.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI

from mini_nvr.api.openapi import document
from mini_nvr.api.problems import KINDS, TYPE_BASE
from mini_nvr.api.server import add_routes
from mini_nvr.config.generated_page import check_page, write_page

PAGE: Final = Path("docs/reference/api.md")
_TITLES: Final = {"sign-in": "Sign-in", "system": "System", "live": "Live", "recordings": "Recordings", "playback": "Playback"}
_WEBSOCKET: Final = """\
### WS `/api/channel/{ch}/live?stream=main`

Live pictures of the `main` or the `sub` stream over a WebSocket, for Media Source Extensions. Every message is binary; its
first byte is its kind: 1 a header (JSON: codec strings, size, time mapping), 2 the init segment, 3 one frame as `moof` and
`mdat` behind 8 bytes of big-endian microseconds since 1970 and one byte of flags (bit 0 a key frame, bit 1 sound), 4 an event
(JSON). The first frame is a key frame. Closed with 1013 when the recorder is not there or takes no more viewers (try again),
1008 when the session ended. An upgrade that is refused is answered with a problem: 400, 401, 403, 404.
"""


def page() -> str:
    """The whole page, Markdown."""
    return "\n".join(_lines(openapi())).rstrip() + "\n"


def openapi() -> dict[str, Any]:
    """The document of all routes, without anything that serves them."""
    app = FastAPI()
    add_routes(app)
    return document(app.routes)


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    yield "# API\n"
    yield "<!-- Made by `python -m mini_nvr.api.reference` from the routes in src/mini_nvr/api; edits here are lost. -->\n"
    yield found["info"]["description"]
    yield "The same as OpenAPI, for somebody who has signed in: `/api/openapi.json`.\n"
    yield examples()
    for tag, title in _TITLES.items():
        yield f"## {title}\n"
        for path, methods in found["paths"].items():
            for method, operation in methods.items():
                if operation["tags"] == [tag]:
                    yield from _operation(method.upper(), path, operation, found["components"]["schemas"])
        if tag == "live":
            yield _WEBSOCKET
    yield from _problems()


def examples() -> str:
    """The part of the page with commands to try."""
    return (files("mini_nvr.api") / "examples.md").read_text(encoding="utf-8")


def _operation(method: str, path: str, operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> Iterator[str]:
    yield f"### {method} `{path}`\n"
    access = "" if operation.get("security") else " Public."
    yield f"{operation['summary']}. {' '.join(operation['description'].split())}{access}\n"
    sent = list(_parameters(operation, schemas))
    if sent:
        yield from ("| parameter | type | |", "|---|---|---|", *sent, "")
    statuses = ", ".join(sorted(operation["responses"]))
    answer = _json_schema(operation["responses"]["200"])
    if answer is None:
        kinds = ", ".join(f"`{kind}`" for kind in operation["responses"]["200"].get("content", {}))
        yield f"Answers {kinds}. Statuses: {statuses}.\n"
        return
    yield f"Answers JSON. Statuses: {statuses}.\n"
    yield from ("| key | type | |", "|---|---|---|", *_keys(answer, schemas), "")


def _parameters(operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> Iterator[str]:
    for parameter in operation.get("parameters", ()):
        need = "" if parameter["required"] else " May be left out."
        yield _row(parameter["name"], parameter["schema"], schemas, (parameter.get("description", "") + need).strip())
    body = operation.get("requestBody")
    if body is not None:
        schema = _resolve(body["content"]["application/json"]["schema"], schemas)
        for name, field in schema["properties"].items():
            yield _row(name, field, schemas, f"{field.get('description', '')} In the JSON body.".strip())


def _keys(schema: Mapping[str, Any], schemas: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, field in _resolve(schema, schemas)["properties"].items():
        yield _row(prefix + name, field, schemas, field.get("description", ""))
        inner, path = _inside(field, prefix + name)
        if "$ref" in inner:
            yield from _keys(inner, schemas, path + ".")


def _inside(field: Mapping[str, Any], name: str) -> tuple[Mapping[str, Any], str]:
    """What a list or a mapping holds, and how a path names it."""
    if "items" in field:
        return field["items"], f"{name}[]"
    if isinstance(field.get("additionalProperties"), dict):
        return field["additionalProperties"], f"{name}.*"
    return field, name


def _row(name: str, schema: Mapping[str, Any], schemas: Mapping[str, Any], text: str) -> str:
    return f"| `{name}` | {_type(schema, schemas)} | {text.replace('|', '&#124;')} |"


def _type(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    """A type with its limits, for people."""
    if "anyOf" in schema:
        return " or ".join(_type(one, schemas) for one in schema["anyOf"])
    if "$ref" in schema:
        return _type(_resolve(schema, schemas), schemas)
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if schema.get("type") == "array":
        inner = schema.get("items") or schema["prefixItems"][0]
        return f"list of {_type(inner, schemas)}"
    limits = [f"{low}..{high}" for low, high in [(schema.get("minimum"), schema.get("maximum"))] if low is not None]
    if "maxLength" in schema:
        limits.append(f"up to {schema['maxLength']} characters")
    return " ".join([schema.get("type", "object"), *limits])


def _json_schema(answer: Mapping[str, Any]) -> Mapping[str, Any] | None:
    found = answer.get("content", {}).get("application/json", {}).get("schema")
    return found if isinstance(found, Mapping) and found else None


def _resolve(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    name = schema.get("$ref")
    return schemas[name.rsplit("/", 1)[1]] if name is not None else schema


def _problems() -> Iterator[str]:
    yield "## Problems\n"
    yield "Every answer with a status of 400 or more is `application/problem+json` with `type`, `title`, `status`, `detail` (the"
    yield "cause) and `remedy`. `no-footage` adds the gap's `cause`, `format-changes` adds `ranges`, `invalid-parameter` may add"
    yield "`parameter`.\n"
    yield from ("| `type` | status | `title` |", "|---|---|---|")
    for kind, (status, title) in KINDS.items():
        yield f"| `{TYPE_BASE}{kind}` | {status} | {title} |"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Write or check the reference page of the API.")
    parser.add_argument("--check", action="store_true", help="change nothing; fail when the page is out of date")
    parser.add_argument("--openapi", action="store_true", help="print the OpenAPI document instead")
    parser.add_argument("file", nargs="?", type=Path, default=PAGE, help=f"the page (default: {PAGE})")
    options = parser.parse_args(arguments)
    if options.openapi:
        sys.stdout.write(json.dumps(openapi(), indent=1) + "\n")
        return 0
    if options.check:
        return check_page(options.file, page(), source="the routes", remedy="python -m mini_nvr.api.reference")
    write_page(options.file, page())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
