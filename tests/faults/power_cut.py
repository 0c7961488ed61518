"""What is on a disk after its power went: only what was synced, and, as disks do, some of what was not.

A file's data is durable after fsync or fdatasync of the file; a name (made, renamed, removed) after fsync of its folder. POSIX
promises no more, so no more is assumed. Of the rest, `survives` decides page by page and name by name.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.faults.layer import Change, Operation

PAGE = 4096
Survives = Callable[[], bool]
"""Asked for each page and each name that was not synced."""


def nothing_unsynced() -> bool:
    """The hardest disk: what was not synced is lost."""
    return False


def some_unsynced(seed: int) -> Survives:
    """A disk that had begun to write: about half of what was not synced is there, in no order."""
    random = Random(seed)  # noqa: S311  repeatable, not secret
    return lambda: random.random() < 0.5


@dataclass(slots=True)
class _File:
    durable: bytearray = field(default_factory=bytearray)
    pending: list[Change] = field(default_factory=list)

    def sync(self) -> None:
        for change in self.pending:
            _apply(self.durable, change)
        self.pending.clear()

    def after_cut(self, survives: Survives) -> bytes:
        data = bytearray(self.durable)
        for change in self.pending:
            for page in _pages(change):
                if survives():
                    _apply(data, page)
        return bytes(data)


def _apply(data: bytearray, change: Change) -> None:
    if change.operation is Operation.TRUNCATE:
        del data[change.offset :]
        data.extend(bytes(change.offset - len(data)))
        return
    data.extend(bytes(max(0, change.offset - len(data))))
    data[change.offset : change.offset + len(change.data)] = change.data


def _pages(change: Change) -> Iterable[Change]:
    """A write as writes of at most one page each; another change as it is."""
    if change.operation is not Operation.WRITE:
        yield change
        return
    position, end = change.offset, change.offset + len(change.data)
    while position < end:
        stop = min(end, position - position % PAGE + PAGE)
        data = change.data[position - change.offset : stop - change.offset]
        yield Change(Operation.WRITE, change.utc_us, change.path, position, data)
        position = stop


_Named = tuple[Path, "_File | None"]
"""A name and what it stands for: a file, None for a folder."""


Tree = dict[Path, bytes | None]
"""By path below the root, folders first: what is in a file, None for a folder."""


class Disk:
    """A folder tree made from journal records, with what is durable of it. `before`: a copy of what is in it at first, durably."""

    def __init__(self, root: Path, before: Path | None = None) -> None:
        self._root = root
        self._durable: dict[Path, _File | None] = {root: None}
        if before is not None:
            for path in before.rglob("*"):
                self._durable[root / path.relative_to(before)] = None if path.is_dir() else _File(bytearray(path.read_bytes()))
        self._now = dict(self._durable)
        self._unsynced: list[tuple[set[Path], list[Path], list[_Named]]] = []  # folders to be synced, names gone, names made

    def done(self, change: Change) -> None:
        """One more change."""
        path = change.path
        match change.operation:
            case Operation.CREATE:
                self._name({path.parent}, [], [(path, _File())])
            case Operation.MKDIR:
                self._name({path.parent}, [], [(path, None)])
            case Operation.UNLINK | Operation.RMDIR:
                self._name({path.parent}, [path], [])
            case Operation.RENAME:
                self._name({path.parent, change.target.parent}, [path], [(change.target, self._now[path])])
            case Operation.SYNC:
                self._sync(path)
            case _:
                file = self._now.get(path)
                if file is not None:  # a file that has no name any more is nobody's
                    file.pending.append(change)

    def _name(self, folders: set[Path], gone: list[Path], made: list[_Named]) -> None:
        for path in gone:
            self._now.pop(path, None)
        self._now.update(made)
        self._unsynced.append((folders, gone, made))

    def _sync(self, path: Path) -> None:
        file = self._now.get(path)
        if file is not None:
            file.sync()
            return
        kept = []
        for folders, gone, made in self._unsynced:
            folders.discard(path)
            if folders:
                kept.append((folders, gone, made))
            else:
                self._settle(gone, made)
        self._unsynced = kept

    def _settle(self, gone: list[Path], made: list[_Named]) -> None:
        _settle(self._durable, gone, made)

    def found_after_cut(self, survives: Survives) -> Tree:
        """What would be found if the power went now; nothing changes by asking."""
        names = dict(self._durable)
        for _, gone, made in self._unsynced:
            if survives():
                _settle(names, gone, made)
        found: Tree = {}
        for path, file in sorted(names.items(), key=lambda item: item[0].parts):
            inner = path.relative_to(self._root)
            if path == self._root or found.get(inner.parent, b"") is None:  # otherwise its folder's name was lost
                found[inner] = None if file is None else file.after_cut(survives)
        return found


def _settle(names: dict[Path, _File | None], gone: list[Path], made: list[_Named]) -> None:
    for path in gone:
        names.pop(path, None)
    names.update(made)


def write_tree(found: Tree, target: Path) -> None:
    """Make such a tree below `target`."""
    for path, data in found.items():
        if data is None:
            (target / path).mkdir(exist_ok=True, parents=True)
        else:
            (target / path).write_bytes(data)


def after_cut(root: Path, changes: Iterable[Change], target: Path, survives: Survives = nothing_unsynced) -> None:
    """What is below `target` when the power went after `changes` below `root`, which was an empty folder before."""
    disk = Disk(root)
    for change in changes:
        disk.done(change)
    write_tree(disk.found_after_cut(survives), target)
