"""Fills a catalog that was made anew, on a thread beside the recording, for as long as it takes.

Cleanup and conversion wait until it is filled (`Catalog.was_rebuilt`). So a rescan that fails, because DATA_DIR is full or the
folder away for a moment, is tried again and again.
"""

import logging
import threading
from collections.abc import Callable

from mini_nvr.catalog.rescan import RescanReport
from mini_nvr.errors import CatalogError

FIRST_RETRY_S = 1.0
LONGEST_RETRY_S = 60.0

_log = logging.getLogger(__name__)


class _Stopped(Exception):  # noqa: N818  the recorder ends: no error
    """Leaves a rescan between two batches; what it staged is thrown away."""


class CatalogRefill:
    """`begin` and `stop` may be called from any thread.

    fill: fills the catalog if that is due, None when it is not; raises `CatalogError` when it cannot. It is given what to call with
        the number of files read, every few hundred, which raises when the recorder stops.
    """

    def __init__(self, fill: Callable[[Callable[[int], None]], RescanReport | None], first_retry_s: float = FIRST_RETRY_S) -> None:
        self._fill = fill
        self._first_retry_s = first_retry_s
        self._lock = threading.Lock()
        self._due = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Fill the catalog; while that is under way already, look once more afterwards."""
        with self._lock:
            self._due.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="rescan", daemon=True)
                self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """End between two batches of files; the next start begins anew. False when the disk did not let it end in time."""
        with self._lock:
            self._stop.set()
            self._due.set()
            thread = self._thread
        if thread is not None:
            thread.join(timeout_s)
        return thread is None or not thread.is_alive()

    def _run(self) -> None:
        while True:
            self._due.wait()
            self._due.clear()
            retry_s = self._first_retry_s
            while not self._stop.is_set() and not self._is_filled(retry_s):
                self._stop.wait(retry_s)
                retry_s = min(LONGEST_RETRY_S, 2 * retry_s)
            if self._stop.is_set():
                return

    def _is_filled(self, retry_s: float) -> bool:
        """Whether nothing is left to be done; a failure is told."""
        try:
            report = self._fill(self._go_on)
        except _Stopped:
            pass
        except CatalogError as error:
            _log.error(
                "catalog: %s; tried again in %g s; until it is filled from the recordings nothing is deleted", error, retry_s
            )
            return False
        except Exception:  # noqa: BLE001  cleanup waits for this thread: it must outlive whatever one file does to it
            _log.exception("catalog: unexpected error while it is filled from the recordings; tried again in %g s", retry_s)
            return False
        else:
            if report is not None and report.files + report.unreadable_count:
                _log.warning("catalog: made anew from %d recordings, %d could not be read", report.files, report.unreadable_count)
        return True

    def _go_on(self, _: int) -> None:
        if self._stop.is_set():
            raise _Stopped
