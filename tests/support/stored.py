"""What is in a footage file, read by FFmpeg."""

from collections.abc import Iterable
from pathlib import Path

import av

from mini_nvr.demo.sent import digest


def video_digests(paths: Iterable[Path]) -> list[bytes]:
    """The digests of all video samples, in decoding order, as `demo.sent` makes them of what it sends."""
    found: list[bytes] = []
    for path in paths:
        with av.open(str(path)) as container:
            found += [digest(bytes(packet)) for packet in container.demux(container.streams.video[0]) if packet.size]
    return found
