"""`mini-nvr convert --mjpeg`: asks the storage service to turn MJPEG footage into H.264, which it does not do of its own accord."""

import sys
from typing import TYPE_CHECKING, TextIO

from mini_nvr.catalog.conversions import ask_again
from mini_nvr.catalog.repository import Catalog
from mini_nvr.storage.converter_errors import MJPEG_SAID, MJPEG_WISH

if TYPE_CHECKING:
    from mini_nvr.config.model import Settings


def run(settings: "Settings", *, file: TextIO | None = None) -> int:
    """Ask, and say how many files it is about; 0.

    Raises:
        CatalogError: the catalog cannot be used.
    """
    with Catalog.open(settings.data_dir) as catalog:
        count = ask_again(catalog, MJPEG_SAID, MJPEG_WISH)
    if count:
        text = f"{count} file{'s' if count > 1 else ''} with MJPEG will become H.264: the storage service begins within the hour"
    else:
        text = "no file with MJPEG waits for conversion"
    print(text, file=file or sys.stdout)
    return 0
