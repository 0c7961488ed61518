"""A viewer as the build leaves it, small: the real one needs Node, and these tests are about serving it."""

from collections.abc import Mapping
from pathlib import Path

SCRIPT = "/assets/index-C0ffee12.js"
STYLES = "/assets/index-C0ffee12.css"
FILES: Mapping[str, bytes] = {
    "index.html": f'<!doctype html><script type="module" src="{SCRIPT}"></script><div id="app"></div>'.encode() * 3,
    SCRIPT[1:]: b"console.log('viewer');\n" * 50,
    STYLES[1:]: b"body { margin: 0 }\n" * 50,
    "theme.js": b"// short",
    "manifest.webmanifest": b"{}" + b" " * 200,
    "icons/icon.svg": b"<svg xmlns='http://www.w3.org/2000/svg'></svg>" * 5,
    "icons/icon-192.png": b"\x89PNG\r\n\x1a\n" + b"\0" * 500,
    "notes.txt": b"no part of the viewer",
}


def write_viewer(folder: Path) -> Path:
    """Write the files below `folder`, and return it."""
    for name, content in FILES.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return folder
