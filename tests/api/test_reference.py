"""The reference page says what the routes say, and its commands work as they are printed."""

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mini_nvr.api.login import Credentials, NewPassword
from mini_nvr.api.reference import examples, main, openapi, page
from tests.support.archive import Archive
from tests.support.catalog import T0
from tests.support.footage import video_clip
from tests.support.served import serving
from tests.support.web import PASSWORD, USER, make_web

ROOT = Path(__file__).parents[2]
COMMANDS = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_page_is_up_to_date() -> None:
    assert (ROOT / "docs/reference/api.md").read_text(encoding="utf-8") == page(), "run python -m mini_nvr.api.reference"


def test_every_route_is_on_the_page() -> None:
    headings = re.findall(r"^### (\w+ `[^`]+`)", page(), re.MULTILINE)
    assert len(headings) == len(set(headings)) >= 21
    assert "GET `/api/segments/{id}.mp4`" in headings


def test_check_fails_until_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "reference/api.md"
    assert main(["--check", str(file)]) == 1
    assert "python -m mini_nvr.api.reference" in capsys.readouterr().err
    assert main([str(file)]) == 0
    assert main(["--check", str(file)]) == 0


def test_the_document_is_printed_for_the_viewers_types(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--openapi"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == openapi()
    assert "now" in printed["components"]["schemas"]["Config"]["required"]


DOCUMENT = openapi()


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_every_parameter_has_a_description_and_an_example() -> None:
    bare = [
        f"{label} {parameter['name']}"
        for label, operation in operations()
        for parameter in operation.get("parameters", ())
        if not (parameter.get("description") and parameter["schema"].get("examples"))
    ]
    assert bare == []


def test_every_body_has_an_example_that_it_takes() -> None:
    bodies = [operation["requestBody"] for _, operation in operations() if "requestBody" in operation]
    names = [body["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1] for body in bodies]
    assert sorted(names) == ["Credentials", "NewPassword"]
    for model in (Credentials, NewPassword):
        model.model_validate(DOCUMENT["components"]["schemas"][model.__name__]["example"])


def test_every_key_is_described() -> None:
    bare = [
        f"{name}.{key}"
        for name, schema in DOCUMENT["components"]["schemas"].items()
        for key, of in schema.get("properties", {}).items()
        if not of.get("description")
    ]
    assert bare == []


async def test_the_commands_work_as_printed(folder: Path) -> None:
    archive = Archive(folder)
    row = archive.record(T0 + 507_800, [video_clip()])  # cameras do not begin on a millisecond
    archive.catalog.close()
    original = archive.path(row).read_bytes()
    web = make_web(folder)
    (folder / "here").mkdir()
    async with serving(web) as served:
        process = await asyncio.create_subprocess_exec(
            *("bash", "-euxo", "pipefail", "-c", "\n".join(COMMANDS.findall(examples()))),
            cwd=folder / "here",
            env={"PATH": "/usr/bin:/bin", "NVR": served.url, "NVR_USER": USER, "NVR_PASSWORD": PASSWORD},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await asyncio.wait_for(process.communicate(), 60)
    web.catalog.close()
    assert process.returncode == 0, err.decode()
    for part in (
        b'"message":"Logged in"',
        b"#EXT-X-ENDLIST",
        b'"message":"Deleted"',
        b'"message":"Logged out"',
        b"ok\n",
        b"mini_nvr_",
    ):
        assert part in out
    assert (folder / "here" / "file.mp4").read_bytes() == original
    assert (folder / "here" / "head.bin").read_bytes() == original[:100]
    assert (folder / "here" / "still.jpg").read_bytes().startswith(b"\xff\xd8")
    assert (folder / "here" / "export.mp4").stat().st_size > 1_000
    assert not archive.path(row).exists()
