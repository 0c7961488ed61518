"""The real program in a process of its own: started, watched through its socket and its catalog, stopped or killed.

Each one has its own folder with settings, footage, catalog and log. Nothing of the developer's environment reaches it.
"""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Self

from mini_nvr.catalog.model import GapRow, SegmentRow
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.rescan import rescan
from mini_nvr.catalog.snapshot import snapshot
from mini_nvr.clock import NS_PER_S, SystemClock
from mini_nvr.demo import DemoRig
from mini_nvr.recorder.control import ControlError, request_status
from mini_nvr.recorder.status import ChannelStatus
from mini_nvr.segment.names import parse_segment_name
from mini_nvr.storage.fsck import check
from mini_nvr.supervisor.run import free_port
from mini_nvr.supervisor.services import DEMO_HOST

START_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 30.0
WAIT_TIMEOUT_S = 120.0
_POLL_S = 0.02
_LOG_LINES_SHOWN = 40


class ConditionNotMet(AssertionError):
    """What a test waited for did not come; with the program's last words."""


def camera_settings(rig: DemoRig, channels: int, **more: str) -> dict[str, str]:
    """Settings that record channels 1 to `channels` of a rig, and whatever else is given."""
    authenticator = rig.server.authenticator
    settings = {"NUM_CHANNELS": str(channels), "RTSP_URL_TEMPLATE": f"rtsp://127.0.0.1:{rig.port}/stream{{channel}}"}
    if authenticator.user is not None:
        settings["RTSP_URL_TEMPLATE"] = f"rtsp://{{user}}:{{pass}}@127.0.0.1:{rig.port}/stream{{channel}}"
        settings |= {"DVR_USER": authenticator.user, "DVR_PASS": authenticator.password or ""}
    return settings | more


def wait_until(condition: Callable[[], bool], what: str, timeout_s: float) -> None:
    """Poll until `condition` holds.

    Raises:
        ConditionNotMet: it does not within `timeout_s`; `what` says what was waited for.
    """
    deadline_ns = SystemClock().monotonic_ns() + round(timeout_s * NS_PER_S)
    while not condition():
        if SystemClock().monotonic_ns() > deadline_ns:
            raise ConditionNotMet(f"waited {timeout_s:g} s in vain for: {what}")
        pause(_POLL_S)


def pause(seconds: float) -> None:
    """Let real time pass: cameras send at its pace."""
    threading.Event().wait(seconds)


class RecorderProcess:
    """A context manager: the program runs between enter (or `start`) and exit, and may be restarted in between.

    settings: what stands in its `.env`, without the folders; `write_settings` changes them for the next start.
    command: the arguments of `mini-nvr`; `("run",)` for everything under the supervisor, `("run", "--demo")` without cameras.
    environment: what it is started with besides a PATH; may be changed between two starts.
    """

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, str],
        command: tuple[str, ...] = ("recorder",),
        environment: Mapping[str, str] = {},  # noqa: B006  never changed
    ) -> None:
        self.environment = environment
        self.folder = folder
        self.data_dir = folder / "data"
        self.record_dir = folder / "recordings"
        self.env_file = folder / "settings.env"
        self.log_file = folder / "output.log"
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self.write_settings(settings)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def write_settings(self, settings: Mapping[str, str]) -> None:
        """Settings for the next start; values may hold anything but a single quote and a line break."""
        values = {
            "RECORD_DIR": str(self.record_dir),
            "DATA_DIR": str(self.data_dir),
            "WEB_PORT": str(free_port(DEMO_HOST, 0)),
            "WEB_HOST": DEMO_HOST,
            "TZ": "UTC",
            **settings,
        }
        self.env_file.write_text("".join(f"{name}='{value}'\n" for name, value in values.items()))
        self.env_file.chmod(0o600)

    # Process

    @property
    def pid(self) -> int:
        """Of the process that was started last: the recorder, or the supervisor with `run`."""
        assert self._process is not None, "the program was never started"
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self, *, wait: bool = True) -> None:
        """Start the program; with `wait`, return when its control socket answers: what a crash left is repaired by then."""
        assert not self.running, "the program runs already"
        arguments = [sys.executable, "-m", "mini_nvr", *self._command, "--env-file", str(self.env_file)]
        env = {"PATH": os.defpath, **self.environment}
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(arguments, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.folder, env=env)
        if wait:
            self.wait_until(lambda: self.status() is not None, "an answer on the control socket", START_TIMEOUT_S)

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> int:
        """SIGTERM, as an administrator stops it; the exit code.

        Raises:
            ConditionNotMet: it did not end in time; it is killed then.
        """
        assert self._process is not None, "the program was never started"
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired as exc:
            self.kill()
            raise ConditionNotMet(f"still there {timeout_s:g} s after SIGTERM\n{self.last_words()}") from exc

    def kill(self) -> None:
        """SIGKILL to the process that was started, and wait for its end."""
        assert self._process is not None, "the program was never started"
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        """SIGSTOP, and wait until every thread stands still: it takes nothing and writes nothing any more. `kill` ends it."""
        os.kill(self.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED)

    def close(self) -> None:
        """Leave nothing behind, whatever happened."""
        if self.running:
            try:
                self.stop()
            except ConditionNotMet:
                return  # killed; the test's own failure is what matters

    # What it says

    def status(self) -> list[ChannelStatus] | None:
        """All channels as the recorder tells them; None while it does not answer."""
        with ThreadPoolExecutor(1) as aside:  # a browser's tests have an event loop in this thread
            try:
                return aside.submit(lambda: asyncio.run(request_status(self.data_dir))).result()
            except ControlError:
                return None

    def channel(self, number: int) -> ChannelStatus | None:
        """One channel; None while the recorder does not answer."""
        return next((row for row in self.status() or [] if row.number == number), None)

    def wait_until(self, condition: Callable[[], bool], what: str, timeout_s: float = WAIT_TIMEOUT_S) -> None:
        """`wait_until` that also ends when the program does.

        Raises:
            ConditionNotMet: with the program's last words.
        """

        def met_or_over() -> bool:
            return condition() or not self.running

        try:
            wait_until(met_or_over, what, timeout_s)
        except ConditionNotMet as exc:
            raise ConditionNotMet(f"{exc}\n{self._channels_in_words()}\n{self.last_words()}") from None
        if not self.running and not condition():
            raise ConditionNotMet(f"the program ended before: {what}\n{self.last_words()}")

    def wait_recording(self, channels: int, timeout_s: float = WAIT_TIMEOUT_S) -> None:
        """Until channels 1 to `channels` are live and each has its file."""

        def all_have_files() -> bool:
            rows = self.status() or []
            return sum(row.status == "LIVE" and row.file is not None for row in rows) >= channels

        self.wait_until(all_have_files, f"{channels} channels being recorded", timeout_s)

    def wait_filled(self, timeout_s: float = WAIT_TIMEOUT_S) -> None:
        """Until a new catalog knows of all footage that was there before."""

        def is_filled() -> bool:
            with self.catalog() as catalog:
                return not catalog.was_rebuilt

        self.wait_until(is_filled, "a catalog that knows of all footage", timeout_s)

    def log(self) -> str:
        """Everything that it has printed and logged, over all starts."""
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def last_words(self) -> str:
        """The end of the log, for a failure's message."""
        return "\n".join(["last lines of its log:", *self.log().splitlines()[-_LOG_LINES_SHOWN:]])

    def _channels_in_words(self) -> str:
        """What the recorder says of each channel, for a failure's message."""
        rows = [f"{row.number} {row.status}, file {row.file}, error {row.error}" for row in self.status() or []]
        return "\n".join(["its channels:", *(rows or ["no answer"])])

    # What it made

    def files(self, channel: int | None = None) -> list[Path]:
        """The footage files, by channel and time."""
        folder = "ch*" if channel is None else f"ch{channel}"
        found = [
            (name, path)
            for path in self.record_dir.glob(f"{folder}/*/*")
            if (name := parse_segment_name(PurePosixPath(path.relative_to(self.record_dir)))) is not None
        ]
        return [path for _, path in sorted(found, key=lambda item: (item[0].channel, item[0].start_utc_us, item[0].collision))]

    def catalog(self) -> Catalog:
        """Its catalog, to be closed by the caller."""
        return Catalog.open(self.data_dir)

    def segments(self, channel: int) -> list[SegmentRow]:
        """What the catalog knows of a channel's footage."""
        with self.catalog() as catalog:
            return catalog.segments(channel)

    def gaps(self, channel: int) -> list[GapRow]:
        """What the catalog knows of a channel's gaps."""
        with self.catalog() as catalog:
            return catalog.gaps(channel, None, None)

    def check_catalog(self, scratch: Path, *, causes: bool = True) -> None:
        """No storage invariant is violated, its catalog equals one made from the files alone, and nothing lies beside its folders.

        While it does not run.

        scratch: a folder that does not exist yet, for the other catalog. causes: of gaps, too; files do not know what was later.
        """
        with self.catalog() as catalog:
            violated = [
                example for finding in check(catalog, self.record_dir, thorough=True, settle_s=0) for example in finding.examples
            ]
        assert not violated, violated
        beside = set(self.folder.iterdir()) - {self.data_dir, self.record_dir, self.env_file, self.log_file}
        assert not beside, f"it wrote where it must not: {beside}"
        with self.catalog() as catalog, Catalog.open(scratch) as fresh:
            report = rescan(fresh, self.record_dir)
            assert not report.unreadable, f"these files cannot be read: {report.unreadable}"
            assert not report.empty, f"these files hold nothing: {report.empty}"
            said, found = snapshot(catalog), snapshot(fresh)
        assert said.segments == found.segments
        assert said.runs == found.runs
        if causes:
            assert said.gaps == found.gaps
