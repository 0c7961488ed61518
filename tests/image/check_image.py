"""The image as `make image-test` built it: what is in it, and that it records with nothing but what docker-compose.yml grants.

Not collected by `make test`: building takes minutes. Needs root, for mounts and users.
"""

import os
import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import httpx
import psutil
import pytest

from mini_nvr.auth.passwords import bcrypt_hash
from mini_nvr.demo import ClipSource, DemoCamera, DemoRig
from mini_nvr.segment.scan import scan
from mini_nvr.supervisor.run import free_port
from mini_nvr.supervisor.services import DEMO_HOST
from tests.e2e.recorder_process import wait_until
from tests.image.container import Container, Image
from tests.support.compose import interpolated, services
from tests.support.self_signed import make_self_signed

ROOT = Path(__file__).parents[2]
LIMIT_BYTES = 300_000_000
USER, PASSWORD = "anna", "c4n4ry $HOME ${x} $$ horse"
CAMERA_PASSWORD = "c4n4ry-$USER-$$-${y}"
TOOLS = "gcc cc c++ ld as make strip pip pip3 ffmpeg ffprobe node npm npx git curl wget uvicorn alembic".split()
COMPOSE = services()
READ_ONLY = "Read-only file system"


@pytest.fixture(scope="module")
def image() -> Image:
    return Image(ROOT / "build/image")


@pytest.fixture
def folder(tmp_path: Path, image: Image) -> Path:
    """A host's folder with the two that Docker mounts, already their user's."""
    user = int(image.config["User"].partition(":")[0])
    for name in ("recordings", "data"):
        (tmp_path / name).mkdir()
        os.chown(tmp_path / name, user, user)
    return tmp_path


@pytest.fixture
def rig() -> Iterator[DemoRig]:
    with DemoRig([DemoCamera(1, ClipSource())], user="viewer", password=CAMERA_PASSWORD) as rig:
        yield rig


def write_env(folder: Path, settings: Mapping[str, str]) -> None:
    """A file that anybody may write to, so that nothing but its mount keeps the container from it."""
    (folder / ".env").write_text("".join(f"{name}='{value}'\n" for name, value in settings.items()))
    (folder / ".env").chmod(0o666)


def settings(rig: DemoRig) -> dict[str, str]:
    """A camera and a user, with what a shell or Compose would take apart in both passwords; folders of another installation."""
    return {
        "CHANNEL_1_URL": f"rtsp://{{user}}:{{pass}}@127.0.0.1:{rig.port}/stream1",
        "DVR_USER": "viewer",
        "DVR_PASS": CAMERA_PASSWORD,
        "user1": USER,
        "pass1": bcrypt_hash(PASSWORD),
        "RECORD_DIR": "/srv/elsewhere",
        "DATA_DIR": "./elsewhere",
        "WEB_HOST": "127.0.0.1",
        "WEB_PORT": "1",
        "PUID": "1000",
    }


def port_of(container: Container) -> int:
    return int(container.environment["WEB_PORT"])


def on_free_port() -> dict[str, str]:
    return {"WEB_PORT": str(free_port(DEMO_HOST, 0))}


def signed_in(container: Container) -> httpx.Client:
    browser = httpx.Client(base_url=f"http://127.0.0.1:{port_of(container)}", timeout=30)
    answer = browser.post("/api/login", json={"username": USER, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return browser


def state(process: psutil.Process) -> dict[str, str]:
    text = Path(f"/proc/{process.pid}/status").read_text()
    return dict(re.findall(r"^(\w+):[ \t]*(.*?)[ \t]*$", text, re.MULTILINE))


# What is in it


def test_it_is_small(image: Image) -> None:
    print(f"the image is {image.size_bytes() / 1e6:.0f} MB")
    assert image.size_bytes() < LIMIT_BYTES


def test_it_brings_no_tool_for_building_or_fetching(image: Image) -> None:
    folders = next(value for name, _, value in (entry.partition("=") for entry in image.config["Env"]) if name == "PATH")
    found = [name for name in TOOLS for folder in folders.split(":") if (image.root / folder.lstrip("/") / name).exists()]
    assert not found
    assert not [path for path in image.files() if path.parts[-2:-1] == ("pip",) or "ensurepip" in path.parts]


def test_it_brings_nothing_of_the_folder_that_it_was_built_in(image: Image) -> None:
    names = {path.name for path in image.files()}
    assert not names & {".env", ".env.example", "catalog.db", "Dockerfile", "package.json", "hatchling"}
    assert not [path for path in image.files() if ".git" in path.parts or "node_modules" in path.parts]


def test_it_says_how_it_is_to_be_run(image: Image) -> None:
    config = image.config
    assert config["User"] == "1000:1000"
    assert (config["Entrypoint"], config["Cmd"]) == (["mini-nvr"], ["run"])
    assert set(config["Volumes"]) == {"/recordings", "/data"}
    assert set(config["ExposedPorts"]) == {"2126/tcp"}
    assert config["StopSignal"] == "SIGTERM"


# What it does


def test_s18_it_records_as_nobody_special_and_ends_in_time(image: Image, folder: Path, rig: DemoRig) -> None:
    write_env(folder, settings(rig))
    with Container(image, folder, environment=on_free_port()) as container:
        container.wait_until_healthy()
        with closing(signed_in(container)) as browser:
            wait_until(lambda: browser.get("/api/live").json()["channels"]["1"]["status"] == "LIVE", "a live camera", 60)
            assert "<!doctype html>" in browser.get("/").text.lower()

        processes = container.processes()
        assert len(processes) == 4
        for process in processes:
            said = state(process)
            assert said["Uid"].split() == ["1000"] * 4
            assert said["Gid"].split() == ["1000"] * 4
            assert said["Groups"] == ""
            assert said["NoNewPrivs"] == "1"
            assert [int(said[kind], 16) for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")] == [0] * 5
        for path in ("/new", "/opt/mini-nvr/new", "/etc/new"):
            assert READ_ONLY in container.run("touch", path).stderr
        assert READ_ONLY in container.run("sh", "-c", "echo >> /.env").stderr
        assert container.run("mini-nvr", "status").stdout.count("LIVE") == 1
        assert "H.264" in container.run("mini-nvr", "check").stdout
        assert "bound" not in container.log()
        assert container.stop() == 0

    (film,) = (folder / "recordings").glob("ch1/*/*.mp4")
    assert scan(film).sealed
    assert scan(film).video_frames > 0
    assert film.stat().st_uid == 1000
    for secret in (CAMERA_PASSWORD, PASSWORD):
        assert secret not in container.log()


def test_https_with_a_pair_in_data_and_the_commands_of_the_guide(image: Image, folder: Path, rig: DemoRig) -> None:
    """Those that `docker compose exec` runs beside the recorder, and `docker compose run` when it is stopped."""
    pair = make_self_signed(folder / "data")
    for path in (pair.chain, pair.key):
        os.chown(path, 1000, 1000)
    paths = {name: f"/data/{path.name}" for name, path in (("TLS_CERT", pair.chain), ("TLS_KEY", pair.key))}
    no_user = {name: value for name, value in settings(rig).items() if name not in ("user1", "pass1")}
    write_env(folder, {**no_user, **paths})
    with Container(image, folder, environment=on_free_port()) as container:
        container.wait_until_healthy()
        assert "serving HTTPS" in container.log()
        wait_until(lambda: "LIVE" in container.run("mini-nvr", "status").stdout, "a live camera", 60)
        assert "admin" in container.run("mini-nvr", "user", "list").stdout
        new = container.run("mini-nvr", "user", "reset", "admin").stdout.strip()
        assert re.fullmatch(r"\S{12,}", new)
        assert new not in container.log()
        assert container.stop() == 0
    with Container(image, folder, command=("rescan",)) as container:
        assert container.wait() == 0
    assert re.search(r"^\d+ recordings? in the catalog now$", container.log(), re.MULTILINE)


def test_demo_mode_needs_no_env(image: Image, folder: Path) -> None:
    with Container(image, folder, command=("run", "--demo"), environment=on_free_port()) as container:
        container.wait_until_healthy()
        wait_until(lambda: container.run("mini-nvr", "status").stdout.count("LIVE") == 4, "four live cameras", 120)
        assert "one-time password" in container.log()
        assert container.stop() == 0
    films = list((folder / "recordings").glob("ch*/*/*.mp4"))
    assert {film.parts[-3] for film in films} == {"ch1", "ch2", "ch3", "ch4"}
    assert all(scan(film).sealed for film in films)


def test_a_hash_for_env_is_made_in_it(image: Image, folder: Path) -> None:
    """`docker compose run` gives it a terminal; a pipe is asked once."""
    write_env(folder, {"DVR_IP": "192.0.2.1"})
    with Container(image, folder, command=("user", "hash"), typed=f"{PASSWORD}\n") as container:
        assert container.wait() == 0
    (line,) = container.log().splitlines()
    assert re.fullmatch(r"pass1='\$2b\$\d\d\$[./A-Za-z0-9]{53}'", line)


def test_it_is_unhealthy_when_the_recorder_does_not_answer(image: Image, folder: Path, rig: DemoRig) -> None:
    write_env(folder, settings(rig))
    with Container(image, folder, environment=on_free_port()) as container:
        container.wait_until_healthy()
        (recorder,) = (process for process in container.processes() if "recorder" in process.cmdline())
        recorder.suspend()
        assert not container.is_healthy()
        recorder.resume()
        container.wait_until_healthy()


# What its owner reads when something is missing


def test_without_a_camera_it_says_what_to_do(image: Image, folder: Path) -> None:
    write_env(folder, {"DVR_IP": ""})
    with Container(image, folder) as container:
        assert container.wait() == 2
    assert "no camera is configured" in container.log()


def test_an_env_that_it_may_not_read_is_told(image: Image, folder: Path) -> None:
    write_env(folder, {"DVR_IP": "192.0.2.1"})
    (folder / ".env").chmod(0o600)
    with Container(image, folder) as container:
        assert container.wait() == 2
    assert ".env: cannot be read (Permission denied); give the user" in container.log()
    os.chown(folder / ".env", 1000, 1000)
    with Container(image, folder, command=("status",)) as container:
        assert container.wait() == 1
    assert "the recorder is not running" in container.log()


def test_a_folder_in_place_of_env_is_told(image: Image, folder: Path) -> None:
    (folder / ".env").mkdir()
    with Container(image, folder) as container:
        assert container.wait() == 2
    assert "is a folder (a container engine makes one when the file to mount is missing)" in container.log()


def test_folders_that_docker_made_are_told_and_then_given(image: Image, tmp_path: Path, rig: DemoRig) -> None:
    """As root made them: first without the service `folders`, then with it, which has what docker-compose.yml grants it alone.

    With PUID and PGID of somebody whom the image does not know.
    """
    owner = "1234:2345"
    write_env(tmp_path, settings(rig))
    old = tmp_path / "recordings/ch1/2023-11-14/100000.mkv"
    old.parent.mkdir(parents=True)
    old.write_bytes(b"footage")
    old.parent.chmod(0o700)
    with Container(image, tmp_path, environment=on_free_port(), user=owner) as container:
        wait_until(lambda: "Permission denied" in container.log(), "a reason in the log", 60)
    assert "/data" in container.log()

    service = COMPOSE["folders"]
    command = [interpolated(argument, {"PUID": "1234", "PGID": "2345"}) for argument in service["entrypoint"]]
    granted = [name.lower() for name in service["cap_add"]]
    with Container(image, tmp_path, entrypoint=command, command=(), user=service["user"], capabilities=granted) as giving:
        assert giving.wait() == 0
    assert {path.stat().st_uid for path in (tmp_path / "recordings", tmp_path / "data", old, old.parent)} == {1234}
    with Container(image, tmp_path, environment=on_free_port(), user=owner) as container:
        container.wait_until_healthy()
        wait_until(lambda: any((tmp_path / "recordings").glob("ch1/*/*+0000.mp4")), "footage", 60)
        assert container.stop() == 0


def test_a_port_in_use_is_told(image: Image, folder: Path, rig: DemoRig) -> None:
    write_env(folder, settings(rig))
    with socket.create_server(("", 0)) as taken:
        with Container(image, folder, environment={"WEB_PORT": str(taken.getsockname()[1])}) as container:
            wait_until(lambda: "WEB_PORT" in container.log(), "the setting's name in the log", 60)
