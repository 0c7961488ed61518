"""Mini-NVR: a light network video recorder for RTSP cameras."""


def __getattr__(name: str) -> str:
    """`__version__`, when it is asked for: to read a package's metadata takes 5 MB, which most processes need not spend."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import version  # noqa: PLC0415  see above

    return version("mini-nvr")
