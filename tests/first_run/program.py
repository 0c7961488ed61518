"""The program in the reader's terminal: started by `make run`, ready when it can be looked at, stopped by Ctrl-C."""

import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import httpx

from tests.e2e.recorder_process import wait_until
from tests.first_run.machine import FirstRunFailed, Machine, Terminal, tail
from tests.first_run.pictures import pictures_in

COMMAND: Final = "make run"
START_TIMEOUT_S: Final = 1_800.0
TRUSTING: Final = ssl.create_default_context()
"""Of a certificate that the reader has just made."""
TRUSTING.check_hostname, TRUSTING.verify_mode = False, ssl.CERT_NONE


@dataclass
class Program:
    """reached: told what can be seen for the first time."""

    machine: Machine
    port: int
    reached: Callable[[str], None]
    terminal: Terminal | None = None
    _starts: int = 0

    @property
    def running(self) -> bool:
        return self.terminal is not None

    def url(self, scheme: str = "http") -> str:
        return f"{scheme}://127.0.0.1:{self.port}"

    def output(self) -> str:
        """What stands in the terminal."""
        return self.terminal.output() if self.terminal is not None else ""

    def start(self, scheme: str = "http") -> str:
        """Until it answers and a new file of each camera plays; what it has printed by then.

        Raises:
            FirstRunFailed: it ended.
        """
        self._starts += 1
        terminal = self.terminal = self.machine.start(COMMAND, f"run-{self._starts}")
        recordings = self.machine.path("recordings")
        before = set(recordings.glob("ch*/*/*.mp4"))

        def ready() -> bool:
            if terminal.ended():
                raise FirstRunFailed(f"{COMMAND}: it ended\n{tail(terminal.output())}")
            if not self._answers(scheme):
                return False
            self.reached("the page answers")
            new = set(recordings.glob("ch*/*/*.mp4")) - before
            return {path.parent.parent.name for path in new if pictures_in(path) > 0} >= _channels(terminal.output())

        wait_until(ready, "the page, and a recording of each camera", START_TIMEOUT_S)
        self.reached("a recording of each camera plays")
        return terminal.output()

    def stop(self) -> None:
        """Ctrl-C, if it runs.

        Raises:
            FirstRunFailed: it did not end in time, or left files unsealed.
        """
        terminal, self.terminal = self.terminal, None
        if terminal is None:
            return
        terminal.interrupt()
        if "all files are sealed" not in terminal.output():
            raise FirstRunFailed(f"Ctrl-C did not seal all files:\n{tail(terminal.output())}")

    def _answers(self, scheme: str) -> bool:
        try:
            return httpx.get(f"{self.url(scheme)}/healthz", timeout=2, verify=TRUSTING).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False


def _channels(output: str) -> set[str]:
    """The folders of the cameras that it says it records."""
    found = re.search(r"records (\d+) camera", output)
    return {f"ch{number}" for number in range(1, int(found[1]) + 1)} if found else {"ch1"}
