"""What `make test` leaves out to be quick, and `MINI_NVR_LONG=1 pytest tests/faults` does: every case in place of samples."""

import os

import pytest

LONG = os.environ.get("MINI_NVR_LONG") == "1"  # noqa: TID251  a switch of the tests, not of the program
WAIT_S = 120.0
"""For what comes for certain, and has no promise in seconds."""

only_when_long = pytest.mark.skipif(not LONG, reason="another case stands for it; runs with MINI_NVR_LONG=1")
