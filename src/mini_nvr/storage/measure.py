"""How much the footage takes now, growing files included: the catalog's counters, and a `stat` of the few files that change."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mini_nvr.catalog.model import SegmentRow
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.space import count_space
from mini_nvr.clock import Clock
from mini_nvr.segment.names import parse_segment_name
from mini_nvr.storage.fresh import FreshFiles
from mini_nvr.storage.policy import BLOCK_BYTES


@dataclass(frozen=True, slots=True)
class Measured:
    """One moment.

    used: bytes by channel, each file in whole blocks. written: what each channel has written since the last measurement.
    deleting: rows whose deletion has begun; they count as used.
    """

    used: dict[int, int]
    written: dict[int, int]
    deleting: list[SegmentRow]


class SpaceMeter:
    """Measures one recording folder against its catalog; blocks on both."""

    def __init__(self, catalog: Catalog, record_dir: Path, clock: Clock) -> None:
        self._catalog = catalog
        self._record_dir = record_dir
        self._fresh = FreshFiles(record_dir, clock)
        self._sizes: dict[PurePosixPath, int] | None = None

    def measure(self) -> Measured:
        """
        Raises:
            CatalogError: the catalog cannot be read.
        """
        unknown = self._fresh.look()
        counted = count_space(self._catalog, unknown)
        self._fresh.confirm(counted.known)
        used = {channel: size + BLOCK_BYTES * counted.files[channel] for channel, size in counted.size_bytes.items()}
        sizes: dict[PurePosixPath, int] = {}
        for row in counted.growing:
            size = self._size(row.path)
            sizes[row.path] = size
            used[row.channel] += size - row.size_bytes
        for path in unknown - counted.known:
            sizes[path] = self._size(path)
            used[_channel(path)] = used.get(_channel(path), 0) + sizes[path] + BLOCK_BYTES
        written = growth(self._sizes, sizes)
        self._sizes = sizes
        return Measured(used, written, counted.deleting)

    def _size(self, path: PurePosixPath) -> int:
        """Bytes on the disk; none when it is gone."""
        try:
            return (self._record_dir / path).lstat().st_size
        except OSError:
            return 0


def growth(before: Mapping[PurePosixPath, int] | None, now: Mapping[PurePosixPath, int]) -> dict[int, int]:
    """What each channel has written, as far as the files that change now tell; nothing at the first look."""
    written: dict[int, int] = {}
    for path, size in (now if before is not None else {}).items():
        grown = size - (before or {}).get(path, 0)
        written[_channel(path)] = written.get(_channel(path), 0) + max(0, grown)
    return written


def _channel(path: PurePosixPath) -> int:
    name = parse_segment_name(path)
    return name.channel if name is not None else 0
