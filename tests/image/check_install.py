"""docs/guide/systemd.md, command by command, in a fresh Debian, and then what its unit would start.

Not collected by `make test`; `make image-test` runs it after it has made the wheel and the image, whose root is the Debian.
"""

import shlex
import signal
import subprocess
from configparser import RawConfigParser
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from mini_nvr.auth.passwords import bcrypt_hash
from mini_nvr.demo import ClipSource, DemoCamera, DemoRig
from mini_nvr.segment.scan import scan
from mini_nvr.supervisor.run import free_port
from mini_nvr.supervisor.services import DEMO_HOST
from tests.docs.markdown import document
from tests.e2e.recorder_process import wait_until
from tests.image.debian import Debian

ROOT = Path(__file__).parents[2]
PAGE = document(ROOT / "docs/guide/systemd.md")
ELSEWHERE = ("make dist",)
"""Run by `make image-test` itself."""
WITH_THE_PROGRAM = "mini-nvr status"
REMOVAL = "systemctl disable --now mini-nvr"
"""The first command of those that take it away again."""
SENT = ("requirements.lock", "packaging/mini-nvr.service")
USER, PASSWORD = "anna", "c4n4ry $HOME horse"
STOPS_WITHIN_S = 15
NO_INIT = "SYSTEMD_OFFLINE=1"

# PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN: what MemoryDenyWriteExecute= does where the kernel has it (6.3)
LOCKED_IN = "import ctypes, os, sys; ctypes.CDLL(None).prctl(65, 1, 0, 0, 0); os.execvp(sys.argv[1], sys.argv[1:])"


@pytest.fixture(scope="module")
def debian(tmp_path_factory: pytest.TempPathFactory) -> Debian:
    """With what a Debian with systemd has, and the files that the page speaks of in /source."""
    made = Debian(tmp_path_factory.mktemp("debian"), ROOT / "build/image/root", ROOT / "build/image/lent")
    made.prepare()
    (wheel,) = (ROOT / "dist").glob("mini_nvr-*.whl")
    for name in (*SENT, f"dist/{wheel.name}"):
        made.put(ROOT / name, f"/source/{name}")
    made.run("rm", "-r", "/opt/mini-nvr")
    made.run("apt-get", "update", "-qq")
    made.run(
        "apt-get",
        "install",
        "-y",
        "-qq",
        "--no-install-recommends",
        "python3-venv",
        "systemd",
        env=["DEBIAN_FRONTEND=noninteractive"],
    )
    return made


def unit(debian: Debian) -> dict[str, str]:
    parser = RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their case
    parser.read(debian.written / "etc/systemd/system/mini-nvr.service")
    return dict(parser["Service"])


def started(debian: Debian, log: Path) -> subprocess.Popen[bytes]:
    """What systemd would start, by the unit that was installed."""
    wanted = unit(debian)
    user, folder = wanted["User"], wanted["WorkingDirectory"]
    debian.run("install", "-d", "-o", user, "-g", wanted["Group"], "-m", wanted["StateDirectoryMode"], folder)
    lowered = ["setpriv", "--reuid", user, "--regid", wanted["Group"], "--clear-groups", "--no-new-privs", "--bounding-set=-all"]
    program = ["env", "-i", "-C", folder, "python3", "-c", LOCKED_IN, *shlex.split(wanted["ExecStart"])]
    with log.open("wb") as output:
        return subprocess.Popen(debian.command(*lowered, *program), stdin=subprocess.DEVNULL, stdout=output, stderr=output)


def test_the_page_installs_a_recorder_that_records(debian: Debian, tmp_path: Path) -> None:
    port = free_port(DEMO_HOST, 0)
    with DemoRig([DemoCamera(1, ClipSource())]) as rig:
        (tmp_path / ".env").write_text(
            f"CHANNEL_1_URL=rtsp://127.0.0.1:{rig.port}/stream1\nWEB_PORT={port}\nuser1={USER}\npass1='{bcrypt_hash(PASSWORD)}'\n"
        )
        debian.put(tmp_path / ".env", "/source/.env")
        commands, removal = installed_and_removed()
        at_rest = [command.replace(" --now", "") for command in commands if WITH_THE_PROGRAM not in command]
        debian.run("env", "-C", "/source", "bash", "-euxc", "\n".join(at_rest), env=[NO_INIT])

        program = started(debian, tmp_path / "log")
        try:
            wait_until(lambda: program.poll() is not None or answers(port), "an answer", 120)
            with closing(httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30)) as browser:
                answer = browser.post("/api/login", json={"username": USER, "password": PASSWORD})
                assert answer.status_code == 200, answer.text
                wait_until(lambda: browser.get("/api/live").json()["channels"]["1"]["status"] == "LIVE", "a live camera", 60)
                still = browser.get("/api/channel/1/frame.jpg")
                assert still.content.startswith(b"\xff\xd8"), still.text
            (status,) = (command for command in commands if WITH_THE_PROGRAM in command)
            assert "LIVE" in debian.run("bash", "-euxc", status, beside=program.pid)
        finally:
            program.send_signal(signal.SIGTERM)
            code = program.wait(STOPS_WITHIN_S)
    assert code == 0, (tmp_path / "log").read_text()
    (film,) = (debian.written / "var/lib/mini-nvr/recordings").glob("ch1/*/*.mp4")
    assert scan(film).sealed
    assert film.stat().st_uid != 0
    assert film.stat().st_uid == (debian.written / "var/lib/mini-nvr").stat().st_uid

    debian.run("bash", "-euxc", "\n".join(removal).replace(" --now", ""), env=[NO_INIT])
    left = debian.run("find", "/etc/systemd/system", "/opt", "-name", "*mini-nvr*")
    assert left == ""
    assert film.exists()
    assert debian.run("cat", "/etc/mini-nvr.env")


def installed_and_removed() -> tuple[list[str], list[str]]:
    """The commands of the page, up to those that take it away again, and these."""
    commands = [command for command in PAGE.shell_commands() if command not in ELSEWHERE]
    (at,) = (number for number, command in enumerate(commands) if REMOVAL in command)
    return commands[:at], commands[at:]


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False
