"""Simulated cameras: an RTSP server with synthetic scenes and injectable faults. The demo of a first start, and the test rig."""

from mini_nvr.demo.camera import DemoCamera
from mini_nvr.demo.clip import ClipSource, ClipSpec
from mini_nvr.demo.faults import Faults
from mini_nvr.demo.lineup import default_cameras, serve
from mini_nvr.demo.model import Source
from mini_nvr.demo.rig import DemoRig
from mini_nvr.demo.sent import SentFrame, SentLog, digest
from mini_nvr.demo.server import DemoServer

__all__ = [
    "ClipSource",
    "ClipSpec",
    "DemoCamera",
    "DemoRig",
    "DemoServer",
    "Faults",
    "SentFrame",
    "SentLog",
    "Source",
    "default_cameras",
    "digest",
    "serve",
]
