"""Which command of README and guide is run where. A command that stands in none of these tables fails a test.

`STEPS` are run by `make first-run`, in this order, as one person would who reads the pages from top to bottom. `BY_OTHERS` are run
elsewhere, those of whole pages in `PAGES_BY_OTHERS`.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

USER: Final = "anna"
PASSWORD: Final = "three words together"
PORT: Final = 2126


class Recorder(Enum):
    """What a command needs of the program itself."""

    ANY = auto()
    RUNNING = auto()
    STOPPED = auto()
    STARTS = auto()
    """The command is the program, in the foreground of a terminal."""


class Hand(Enum):
    """What the reader does beside typing, as the page says."""

    LOOK = auto()
    """Signs in with the one-time password, sets one, watches live and recorded pictures."""
    FILL_ENV = auto()
    """Puts two cameras and a user into `.env`; the cameras are simulated ones, switched on for it."""
    NO_USER = auto()
    """Takes the user out of `.env`."""
    USER_AGAIN = auto()
    ARCHIVE = auto()
    """Makes the folder of the archive."""
    WAIT = auto()
    """Some seconds, so that there is something to export."""
    PLAY_EXPORT = auto()
    TRY_HTTPS = auto()


_WHEN: Final = re.compile(r"^\d{4}-\d\d-\d\dT\S+ ")


@dataclass(frozen=True)
class Step:
    """One command. typed: what the reader makes of it where it cannot be typed as it stands; stdin: and then, when it asks.

    says: a pattern that must be in what it prints.
    """

    command: str
    recorder: Recorder = Recorder.ANY
    says: str = ""
    typed: str = ""
    stdin: str = ""
    before: tuple[Hand, ...] = ()
    after: tuple[Hand, ...] = ()

    def matched(self, output: str) -> str | None:
        """The line of the output that says it; None when none does."""
        found = re.search(rf"^.*(?:{self.says}).*$", output, re.MULTILINE)
        return _WHEN.sub("", found[0].strip()) if found else None


NVR: Final = ".venv/bin/mini-nvr"
LOGIN: Final = """curl -c jar -H 'Content-Type: application/json' -d '{"username": "anna", "password": "..."}' http://localhost:2126/api/login"""
EXPORT: Final = (
    """curl -b jar -OJ "http://localhost:2126/api/channel/1/export.mp4"""
    """?start=$(date -ud '-5 min' +%FT%TZ)&end=$(date -u +%FT%TZ)\""""
)
OPENSSL: Final = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 365 "
    "-keyout privkey.pem -out fullchain.pem -subj /CN=nvr.lan -addext subjectAltName=DNS:nvr.lan"
)
PACKAGES: Final = "git make python3 python3-venv"

STEPS: Final = (
    # README and first steps
    Step(
        f"sudo apt-get install {PACKAGES}",
        typed=f"apt-get install -y -qq --no-install-recommends {PACKAGES}",
    ),
    Step("git clone REPOSITORY mini-nvr && cd mini-nvr", says="Cloning into 'mini-nvr'"),
    Step("make run", Recorder.STARTS, says="one-time password", after=(Hand.LOOK,)),
    Step(f"{NVR} status", Recorder.RUNNING, says="Demo 1 +LIVE"),
    Step("rm -rf recordings data", Recorder.STOPPED),
    Step("cp .env.example .env"),
    Step("chmod 600 .env", after=(Hand.FILL_ENV,)),
    Step("make install"),
    Step(f"{NVR} check", says="2 of 2 cameras can be recorded"),
    Step("make run", Recorder.STARTS, says="Mini-NVR records 2 cameras"),
    Step(f"{NVR} status", Recorder.RUNNING, says="Front door +LIVE"),
    Step(LOGIN, Recorder.RUNNING, says="Logged in", typed=LOGIN.replace('"..."', f'"{PASSWORD}"')),
    Step("curl -b jar http://localhost:2126/api/live", Recorder.RUNNING, says='"status":"LIVE"'),
    Step(EXPORT, Recorder.RUNNING, before=(Hand.WAIT,), after=(Hand.PLAY_EXPORT,)),
    # Monitoring
    Step("curl --fail http://localhost:2126/healthz", Recorder.RUNNING, says="ok"),
    Step(f"{NVR} status --json", Recorder.RUNNING, says='"recorderRunning": true'),
    Step("curl --fail http://localhost:2126/metrics", Recorder.RUNNING, says="^mini_nvr_channel_live"),
    Step("python3 -c 'import secrets; print(secrets.token_urlsafe(48))'", says=r"^[\w-]{64}$"),
    # Users and HTTPS
    Step(f"{NVR} user hash", says=r"pass1='\$2b\$", stdin=f"{PASSWORD}\n"),
    Step(f"{NVR} user list", says=f"{USER} +configuration"),
    Step(f"{NVR} user reset admin", says=r"\S{12,}", before=(Hand.NO_USER,), after=(Hand.USER_AGAIN,)),
    Step(OPENSSL, after=(Hand.TRY_HTTPS,)),
    # Storage
    Step(f"{NVR} cleanup --dry-run", says="no limit is set"),
    Step(f"{NVR} check --storage", says=r"I2 .* 0$"),
    Step(f"{NVR} convert --mjpeg", says="no file with MJPEG waits"),
    # Upgrade
    Step("git pull", says="Already up to date"),
    # Backup and restore
    Step("tar -czf mini-nvr-backup.tar.gz .env data", Recorder.STOPPED),
    Step("tar -xzf mini-nvr-backup.tar.gz", Recorder.STOPPED),
    Step("stat -c '%u %g' recordings", says=r"^\d+ \d+$"),
    Step("cp -au recordings/. /mnt/archive/", before=(Hand.ARCHIVE,)),
    Step("rm -f data/volume-id", Recorder.STOPPED),
    Step(f"{NVR} rescan", Recorder.STOPPED, says=r"\d+ recordings in the catalog now"),
    Step("make run", Recorder.STARTS, says="Mini-NVR records 2 cameras"),
)

BY_OTHERS: Final = {
    "make test": ".ci/run",
    "docker compose up -d --build": "tests/image/check_image.py",  # by buildah: no container engine is needed
}
PAGES_BY_OTHERS: Final = {
    "docs/guide/docker.md": "tests/packaging/test_guide.py",
    "docs/guide/systemd.md": "tests/image/check_install.py",
    "docs/guide/upgrade.md": "tests/packaging/test_guide.py",
}
"""Pages whose commands another test reads from the page itself."""
