"""Mini-NVR: a light network video recorder for RTSP cameras."""

from importlib.metadata import version

__version__ = version("mini-nvr")
