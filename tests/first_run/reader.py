"""Somebody who reads README and guide and does what they say, command by command."""

import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import httpx

from mini_nvr.clock import SystemClock
from mini_nvr.supervisor.run import free_port
from tests.e2e.recorder_process import pause, wait_until
from tests.first_run.machine import FirstRunFailed, Machine, Terminal, seconds_since
from tests.first_run.pictures import pictures_in, sign_in_and_watch
from tests.first_run.steps import NVR, PASSWORD, PORT, USER, Hand, Recorder, Step

START_TIMEOUT_S: Final = 1_800.0
CAMERA_PORT: Final = 8_654
FOOTAGE_S: Final = 12.0
LINES_SHOWN: Final = 40
CAMERAS: Final = f"""\
CHANNEL_1_NAME=Front door
CHANNEL_1_URL=rtsp://127.0.0.1:{CAMERA_PORT}/stream1
CHANNEL_2_NAME=Yard
CHANNEL_2_URL=rtsp://127.0.0.1:{CAMERA_PORT}/stream2
"""
TRUSTING: Final = ssl.create_default_context()
TRUSTING.check_hostname, TRUSTING.verify_mode = False, ssl.CERT_NONE
ACCOUNT: Final = f"user1={USER}\npass1='{PASSWORD}'\n"


@dataclass(frozen=True)
class Outcome:
    """One step, done. said: the line that shows that it worked, or a note."""

    step: Step
    seconds: float
    said: str


@dataclass
class Reader:
    """tell: called with a line before each step."""

    machine: Machine
    tell: Callable[[str], None]
    done: list[Outcome] = field(default_factory=list)
    marks: dict[str, float] = field(default_factory=dict)
    """What was reached when, in seconds since the first command."""
    program: Terminal | None = None
    cameras: Terminal | None = None
    port: int = field(default_factory=lambda: free_port("0.0.0.0", PORT))  # noqa: S104  as the program listens on all
    began_ns: int = field(default_factory=lambda: SystemClock().monotonic_ns())
    _starts: int = 0

    def __post_init__(self) -> None:
        if self.port != PORT:  # somebody else's on this machine
            self.machine.environment = {**self.machine.environment, "WEB_PORT": str(self.port)}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def do(self, step: Step) -> None:
        """Do one step, and remember how it went.

        Raises:
            FirstRunFailed: it did not do what the page says; with the last lines of what was printed.
        """
        self.tell(step.command)
        for hand in step.before:
            self._use(hand)
        self._bring_about(step.recorder)
        start_ns = SystemClock().monotonic_ns()
        if step.recorder is Recorder.STARTS:
            output = self._start(step)
            seconds = seconds_since(start_ns)
        else:
            code, output = self.machine.run(self._typed(step), step.stdin)
            seconds = seconds_since(start_ns)
            if code != 0:
                raise _failed(step, f"exit code {code}", output)
        said = step.matched(output) if step.says else ""
        if said is None:
            raise _failed(step, f"nothing printed matches {step.says!r}", output)
        self.done.append(Outcome(step, seconds, said))
        if step.command.startswith("git clone"):
            self.machine.folder = "mini-nvr"
        for hand in step.after:
            self._use(hand)

    def leave(self) -> None:
        """Stop all that is still running."""
        self._stop()
        if self.cameras is not None:
            self.cameras.interrupt()
            self.cameras = None

    def _typed(self, step: Step) -> str:
        typed = (step.typed or step.command).removeprefix("sudo ")
        return self.machine.typed(typed.replace(f"localhost:{PORT}", f"localhost:{self.port}"))

    # The program

    def _bring_about(self, wanted: Recorder) -> None:
        if wanted in {Recorder.STOPPED, Recorder.STARTS}:
            self._stop()
        elif wanted is Recorder.RUNNING and self.program is None:
            self._start(Step("make run", Recorder.STARTS))

    def _start(self, step: Step) -> str:
        """Until it answers and a file of each camera plays; what it has printed by then."""
        self._starts += 1
        terminal = self.machine.start(step.command, f"run-{self._starts}")
        self.program = terminal
        before = set(self.machine.path("recordings").glob("ch*/*/*.mp4"))

        def ready() -> bool:
            if terminal.process.poll() is not None:
                raise _failed(step, "it ended", terminal.output())
            if not self._answers(self.url):
                return False
            self._reached("the page answers")
            new = set(self.machine.path("recordings").glob("ch*/*/*.mp4")) - before
            return {path.parent.parent.name for path in new if pictures_in(path) > 0} >= self._channels(terminal)

        wait_until(ready, "the page, and a recording of each camera", START_TIMEOUT_S)
        self._reached("a recording of each camera plays")
        return terminal.output()

    @staticmethod
    def _channels(terminal: Terminal) -> set[str]:
        found = re.search(r"records (\d+) camera", terminal.output())
        return {f"ch{number}" for number in range(1, int(found[1]) + 1)} if found else {"ch1"}

    def _stop(self) -> None:
        if self.program is None:
            return
        self.program.interrupt()
        output = self.program.output()
        self.program = None
        if "all files are sealed" not in output:
            raise FirstRunFailed("Ctrl-C did not seal all files:\n" + _tail(output))

    @staticmethod
    def _answers(url: str) -> bool:
        try:
            return httpx.get(f"{url}/healthz", timeout=2, verify=TRUSTING).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    # What is not typed

    def _use(self, hand: Hand) -> None:
        acts: dict[Hand, Callable[[], None]] = {
            Hand.LOOK: self._look,
            Hand.FILL_ENV: self._fill_env,
            Hand.NO_USER: self._take_user_out,
            Hand.USER_AGAIN: lambda: self._write_env(CAMERAS, ACCOUNT),
            Hand.ARCHIVE: self._make_archive,
            Hand.WAIT: lambda: pause(FOOTAGE_S),
            Hand.PLAY_EXPORT: self._play_export,
            Hand.TRY_HTTPS: self._try_https,
        }
        acts[hand]()

    def _look(self) -> None:
        if self.program is None:
            raise FirstRunFailed("there is nothing to look at")
        found = re.search(r"one-time password (\S+)", self.program.output())
        if found is None:
            raise FirstRunFailed("the terminal shows no one-time password:\n" + _tail(self.program.output()))
        sign_in_and_watch(self.url, "admin", found[1], PASSWORD, self._reached)

    def _reached(self, what: str) -> None:
        self.marks.setdefault(what, seconds_since(self.began_ns))

    def _make_archive(self) -> None:
        self.machine.run(self.machine.typed("mkdir -p /mnt/archive"))

    def _fill_env(self) -> None:
        self._write_env(CAMERAS, ACCOUNT)
        if self.cameras is None:
            self.cameras = self.machine.start(f"{NVR} demo --cameras 2 --port {CAMERA_PORT}", "cameras")

    def _write_env(self, *parts: str) -> None:
        """The example's own lines, but for those about cameras and users, and these."""
        lines = self.machine.path(".env.example").read_text().splitlines()
        kept = [line for line in lines if not line.startswith(("DVR_", "NUM_CHANNELS"))]
        self.machine.path(".env").write_text("\n".join([*kept, *parts]) + "\n")

    def _take_user_out(self) -> None:
        """Then the next start makes `admin`."""
        self._write_env(CAMERAS)
        self._stop()
        self._start(Step("make run", Recorder.STARTS))

    def _play_export(self) -> None:
        exports = [path for path in self.machine.path("").glob("*.mp4") if pictures_in(path) > 0]
        if not exports:
            raise FirstRunFailed("the export is not there, or holds no picture")

    def _try_https(self) -> None:
        self._stop()
        self._write_env(CAMERAS, ACCOUNT, "TLS_CERT=fullchain.pem\nTLS_KEY=privkey.pem")
        self.program = self.machine.start("make run", "https")
        wait_until(lambda: self._answers(self.url.replace("http:", "https:")), "the page over HTTPS", START_TIMEOUT_S)
        self._stop()
        self._write_env(CAMERAS, ACCOUNT)


def _failed(step: Step, wrong: str, output: str) -> FirstRunFailed:
    return FirstRunFailed(f"{step.command}: {wrong}\n{_tail(output)}")


def _tail(output: str) -> str:
    return "\n".join(output.splitlines()[-LINES_SHOWN:])
