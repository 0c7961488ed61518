"""Where nginx is: the machine's, or the one that `make system-packages` unpacked without installing it."""

import os
import shutil
from pathlib import Path

import pytest

UNPACKED = Path(__file__).parents[2] / "build/nginx/usr/sbin"


def nginx_program() -> str | None:
    """Its path; None where there is none."""
    return shutil.which("nginx", path=os.pathsep.join([os.defpath, "/usr/sbin", "/sbin", str(UNPACKED)]))


needs_nginx = pytest.mark.skipif(
    nginx_program() is None, reason="there is no nginx, and none could be downloaded: apt-get install nginx"
)
