"""What the supervisor is told through its descriptor, and that the process which supervises holds nothing else."""

import json
import os
import tempfile
from dataclasses import asdict
from pathlib import Path

import psutil
import pytest

from mini_nvr.supervisor import image
from mini_nvr.supervisor.image import Plan, supervise_from
from mini_nvr.supervisor.run import free_port
from mini_nvr.supervisor.services import DEMO_HOST
from tests.e2e.recorder_process import RecorderProcess, wait_until

PLAN = Plan({"DVR_PASS": "c4n4ry", "NUM_CHANNELS": "2"}, 8554, "INFO", "log/nvr.log", "Europe/Rome", ["c4n4ry"])
STARTS_WITHIN_S = 60
SERVICES = 3


def test_what_is_handed_over_is_what_was_known(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Plan] = []

    def supervise(plan: Plan) -> int:
        told.append(plan)
        return 7

    monkeypatch.setattr(image, "supervise", supervise)
    with tempfile.TemporaryFile("w+") as file:
        json.dump(asdict(PLAN), file)
        file.flush()
        assert supervise_from(os.dup(file.fileno())) == 7
    assert told == [PLAN]


def test_the_supervisor_holds_neither_passwords_in_its_environment_nor_libraries_that_it_does_not_use(tmp_path: Path) -> None:
    settings = {"RTSP_URL_TEMPLATE": "rtsp://{user}:{pass}@127.0.0.1:9/{channel}", "NUM_CHANNELS": "1", "DVR_USER": "admin"}
    settings |= {"WEB_PORT": str(free_port(DEMO_HOST, 0)), "WEB_HOST": DEMO_HOST}
    with RecorderProcess(tmp_path / "nvr", settings, command=("run",), environment={"DVR_PASS": "c4n4ry horse"}) as program:
        supervisor = psutil.Process(program.pid)
        wait_until(lambda: len(supervisor.children()) == SERVICES, "the services", STARTS_WITHIN_S)
        assert "mini_nvr.supervisor" in supervisor.cmdline()
        assert "c4n4ry" not in repr([supervisor.cmdline(), supervisor.environ()])
        assert not [entry.path for entry in supervisor.memory_maps() if "ssl" in entry.path or "pydantic" in entry.path]
        assert "c4n4ry" not in program.log()
