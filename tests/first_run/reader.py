"""Somebody who reads README and guide and does what they say, command by command."""

import re
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from mini_nvr.clock import SystemClock
from mini_nvr.supervisor.run import free_port
from tests.e2e.recorder_process import pause, wait_until
from tests.first_run.machine import FirstRunFailed, Machine, Terminal, seconds_since, tail
from tests.first_run.pictures import pictures_in, sign_in_and_watch
from tests.first_run.program import Program
from tests.first_run.steps import NVR, PASSWORD, PORT, USER, Hand, Recorder, Step

CAMERA_PORT: Final = 8_654
CAMERAS_START_S: Final = 120.0
FOOTAGE_S: Final = 12.0
CAMERAS: Final = f"""\
CHANNEL_1_NAME=Front door
CHANNEL_1_URL=rtsp://127.0.0.1:{CAMERA_PORT}/stream1
CHANNEL_2_NAME=Yard
CHANNEL_2_URL=rtsp://127.0.0.1:{CAMERA_PORT}/stream2
"""
ACCOUNT: Final = f"user1={USER}\npass1='{PASSWORD}'\n"
CERTIFICATE: Final = "TLS_CERT=fullchain.pem\nTLS_KEY=privkey.pem\n"


@dataclass(frozen=True)
class Outcome:
    """One step, done. said: the line that shows that it worked; empty where nothing has to be printed."""

    step: Step
    seconds: float
    said: str


class Reader:
    """Does steps one after the other. done: how they went. marks: what was reached when, in seconds since the first command."""

    def __init__(self, machine: Machine, tell: Callable[[str], None]) -> None:
        """tell: called with each command before it is typed."""
        self.done: list[Outcome] = []
        self.marks: dict[str, float] = {}
        self._machine = machine
        self._tell = tell
        self._port = free_port("0.0.0.0", PORT)  # noqa: S104  the program listens on all addresses
        if self._port != PORT:  # somebody else on this machine has it
            machine.environment = {**machine.environment, "WEB_PORT": str(self._port)}
        self._program = Program(machine, self._port, self._reached)
        self._cameras: Terminal | None = None
        self._began_ns = SystemClock().monotonic_ns()

    def do(self, step: Step) -> None:
        """Do one step, and remember how it went.

        Raises:
            FirstRunFailed: it did not do what the page says; with the last lines of what was printed.
        """
        self._tell(step.command)
        for hand in step.before:
            self._use(hand)
        self._bring_about(step.recorder)
        start_ns = SystemClock().monotonic_ns()
        output = self._type(step)
        seconds = seconds_since(start_ns)
        said = step.matched(output) if step.says else ""
        if said is None:
            raise FirstRunFailed(f"{step.command}: nothing printed matches {step.says!r}\n{tail(output)}")
        self.done.append(Outcome(step, seconds, said))
        if step.command.startswith("git clone"):
            self._machine.folder = "mini-nvr"
        for hand in step.after:
            self._use(hand)

    def leave(self) -> None:
        """Stop all that is still running, however it went."""
        with suppress(FirstRunFailed):
            self._program.stop()
        if self._cameras is not None:
            with suppress(FirstRunFailed):
                self._cameras.interrupt()

    def _bring_about(self, wanted: Recorder) -> None:
        if wanted in {Recorder.STOPPED, Recorder.STARTS}:
            self._program.stop()
        elif wanted is Recorder.RUNNING and not self._program.running:
            self._program.start()

    def _type(self, step: Step) -> str:
        """What it prints."""
        if step.recorder is Recorder.STARTS:
            return self._program.start()
        typed = (step.typed or step.command).removeprefix("sudo ").replace(f"localhost:{PORT}", f"localhost:{self._port}")
        code, output = self._machine.run(self._machine.typed(typed), step.stdin)
        if code != 0:
            raise FirstRunFailed(f"{step.command}: exit code {code}\n{tail(output)}")
        return output

    def _reached(self, what: str) -> None:
        self.marks.setdefault(what, seconds_since(self._began_ns))

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
        found = re.search(r"one-time password (\S+)", self._program.output())
        if found is None:
            raise FirstRunFailed(f"the terminal shows no one-time password:\n{tail(self._program.output())}")
        sign_in_and_watch(self._program.url(), "admin", found[1], PASSWORD, self._reached)

    def _fill_env(self) -> None:
        self._write_env(CAMERAS, ACCOUNT)
        if self._cameras is None:
            self._cameras = self._machine.start(f"{NVR} demo --cameras 2 --port {CAMERA_PORT}", "cameras")
            wait_until(self._cameras_are_there, "the simulated cameras", CAMERAS_START_S)

    def _cameras_are_there(self) -> bool:
        """The reader's cameras have been on for long."""
        if self._cameras is not None and self._cameras.ended():
            raise FirstRunFailed(f"the simulated cameras ended:\n{tail(self._cameras.output())}")
        try:
            socket.create_connection(("127.0.0.1", CAMERA_PORT), timeout=2).close()
        except OSError:
            return False
        return True

    def _write_env(self, *parts: str) -> None:
        """The example's own lines, but for those about the DVR, and these."""
        lines = self._machine.path(".env.example").read_text().splitlines()
        kept = [line for line in lines if not line.startswith(("DVR_", "NUM_CHANNELS"))]
        self._machine.path(".env").write_text("\n".join([*kept, *parts]) + "\n")

    def _take_user_out(self) -> None:
        """Then the next start makes `admin`."""
        self._program.stop()
        self._write_env(CAMERAS)
        self._program.start()

    def _make_archive(self) -> None:
        self._machine.run(self._machine.typed("mkdir -p /mnt/archive"))

    def _play_export(self) -> None:
        if not any(pictures_in(path) > 0 for path in self._machine.path("").glob("*.mp4")):
            raise FirstRunFailed("the export is not there, or holds no picture")

    def _try_https(self) -> None:
        self._program.stop()
        self._write_env(CAMERAS, ACCOUNT, CERTIFICATE)
        self._program.start("https")
        self._program.stop()
        self._write_env(CAMERAS, ACCOUNT)
