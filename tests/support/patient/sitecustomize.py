"""Python imports this module when it starts with this folder in PYTHONPATH: a program that a test stops waits for its disk.

Users are promised a quick end, and what the disk has not taken by then is sealed at the next start. A test that looks at what a
stop sealed must not fail because its disk takes half a second for each sync.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any, Final

PATIENCE_S: Final = 90.0


def _recorder(names: dict[str, Any]) -> None:
    for name in ("DISK_STOP_S", "SYNC_STOP_S"):
        assert name in names, f"nothing waits for {name} any more"
        names[name] = PATIENCE_S


def _service(names: dict[str, Any]) -> None:
    names["stop_with_supervisor"].__defaults__ = (PATIENCE_S,)


def _supervisor(names: dict[str, Any]) -> None:
    defaults = names["Supervisor"].__init__.__kwdefaults__
    assert "stop_timeout_s" in defaults
    defaults["stop_timeout_s"] = PATIENCE_S


_MADE_PATIENT: Final[Mapping[str, Callable[[dict[str, Any]], None]]] = {
    "mini_nvr.services.recorder": _recorder,
    "mini_nvr.services.inherited": _service,
    "mini_nvr.supervisor.processes": _supervisor,
}


class PatientFinder:
    """In `sys.meta_path`; changes a module when the program imports it, and imports none itself."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """`importlib.abc.MetaPathFinder`"""
        make_patient = _MADE_PATIENT.get(name)
        spec = PathFinder.find_spec(name, path, target) if make_patient else None
        if make_patient is None or spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            make_patient(vars(module))

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]  # of this one loader
        return spec


sys.meta_path.insert(0, PatientFinder)
