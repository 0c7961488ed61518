"""What to delete, and why. Pure: segments, limits and the moment in, decisions out; `cleaner` acts on them.

Three questions in this order, each one oldest first: what is older than it may become; what must go for a channel's own limit; and
what must go, whatever its channel, for the limit of all footage and the space to be kept free. Room is made for what will be
written until the next look (`Space.ahead`), so that a limit is never passed in between (storage I6). Growing and protected segments
are never chosen, and neither is anything when no limit asks for it (storage I8).
"""

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from mini_nvr.catalog.model import SegmentRow, SegmentState
from mini_nvr.storage.limits import Limits

BLOCK_BYTES = 4_096
"""A file takes whole blocks of the file system; each file is reckoned with one more than its bytes, so that `du` agrees."""


class Reason(StrEnum):
    """Why a segment goes. The values are shown, logged and kept as the detail of the gap."""

    TOO_OLD = "older than its retention"
    CHANNEL_LIMIT = "limit of its channel"
    STORAGE_LIMIT = "limit of all footage"
    FREE_SPACE = "space to be kept free"


@dataclass(frozen=True, slots=True)
class Deletion:
    """One segment that has to go; reason None: somebody began to delete it, who did not say why."""

    segment: SegmentRow
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class Space:
    """How the disk stands.

    used: bytes by channel, growing files included. free: on the volume; None when nobody keeps any.
    ahead: what all channels together may write until room can be made again; ahead_of: the same of each channel.
    """

    used: Mapping[int, int]
    free: int | None = None
    ahead: int = 0
    ahead_of: Mapping[int, int] = field(default_factory=dict)

    @property
    def used_bytes(self) -> int:
        return sum(self.used.values())


@dataclass(frozen=True, slots=True)
class Plan:
    """deletions: in the order in which to carry them out. unmet: limits that stay passed although nothing deletable is left.

    short: where the room ahead cannot be made: in a channel's own limit, or (None) in those of all.
    """

    deletions: tuple[Deletion, ...]
    unmet: frozenset[Reason] = frozenset()
    short: frozenset[int | None] = frozenset()


def size_on_disk(segment: SegmentRow) -> int:
    """What deleting the segment frees."""
    return segment.size_bytes + BLOCK_BYTES


def plan(segments: Mapping[int, Iterable[SegmentRow]], space: Space, limits: Limits, now_utc_us: int, *, most: int) -> Plan:
    """What to delete now, `most` segments at most; a longer list is the next plan's.

    segments: each channel's, oldest first; no more of them is read than is deleted, but for one a channel.
    """
    work = _Work(segments, space, limits)
    deletions: list[Deletion] = []
    for deletion in work.decide(now_utc_us):
        deletions.append(deletion)
        if len(deletions) == most:
            return Plan(tuple(deletions))
    return Plan(tuple(deletions), frozenset(work.unmet), frozenset(work.short))


class _Work:
    """One plan under way: what has been chosen counts as gone."""

    def __init__(self, segments: Mapping[int, Iterable[SegmentRow]], space: Space, limits: Limits) -> None:
        self._queues = {channel: _Queue(rows) for channel, rows in sorted(segments.items())}
        self._limits = limits
        self._space = space
        self._used = dict(space.used)
        self._freed = 0
        self.unmet: set[Reason] = set()
        self.short: set[int | None] = set()

    def decide(self, now_utc_us: int) -> Iterator[Deletion]:
        yield from self._too_old(now_utc_us)
        yield from self._over_channel_limits()
        yield from self._over_all()

    def _too_old(self, now_utc_us: int) -> Iterator[Deletion]:
        """Oldest first across channels, each by its own measure."""
        expired = heapq.merge(*(self._expired(channel, now_utc_us) for channel in self._queues), key=_age)
        for segment in expired:
            yield self._delete(segment, Reason.TOO_OLD)

    def _expired(self, channel: int, now_utc_us: int) -> Iterator[SegmentRow]:
        keep_us, queue = self._limits.keep_us_of(channel), self._queues[channel]
        while keep_us is not None and (head := queue.head()) is not None and head.end_utc_us <= now_utc_us - keep_us:
            queue.pop()
            yield head

    def _over_channel_limits(self) -> Iterator[Deletion]:
        for channel in self._limits.channels:
            limit = self._limits.max_bytes_of(channel)
            if limit is None:
                continue
            most = limit - self._space.ahead_of.get(channel, 0)
            while self._used.get(channel, 0) > most:
                queue = self._queues.get(channel)
                segment = queue.pop() if queue is not None else None
                if segment is None:
                    self.short.add(channel)
                    self._note_unmet(Reason.CHANNEL_LIMIT, self._used.get(channel, 0) > limit)
                    break
                yield self._delete(segment, Reason.CHANNEL_LIMIT)

    def _over_all(self) -> Iterator[Deletion]:
        while (reason := self._passed(self._space.ahead)) is not None:
            oldest = min((head for queue in self._queues.values() if (head := queue.head()) is not None), key=_age, default=None)
            if oldest is None:
                now = self._passed(0)
                self.short.add(None)
                self._note_unmet(now or reason, now is not None)
                return
            self._queues[oldest.channel].pop()
            yield self._delete(oldest, reason)

    def _passed(self, ahead: int) -> Reason | None:
        """The limit that would be passed when `ahead` bytes more are written."""
        limits, free = self._limits, self._space.free
        if limits.max_bytes is not None and sum(self._used.values()) + ahead > limits.max_bytes:
            return Reason.STORAGE_LIMIT
        if limits.min_free_bytes is not None and free is not None and free + self._freed - ahead < limits.min_free_bytes:
            return Reason.FREE_SPACE
        return None

    def _note_unmet(self, reason: Reason, really: bool) -> None:
        """Room that could not be made ahead is no alarm; a limit that is passed is."""
        if really:
            self.unmet.add(reason)

    def _delete(self, segment: SegmentRow, reason: Reason) -> Deletion:
        freed = size_on_disk(segment)
        self._used[segment.channel] = self._used.get(segment.channel, 0) - freed
        self._freed += freed
        return Deletion(segment, reason)


class _Queue:
    """A channel's segments, oldest first, without those that cleanup leaves alone (storage I8)."""

    def __init__(self, segments: Iterable[SegmentRow]) -> None:
        self._rest = (row for row in segments if not row.protected and row.state in _DELETABLE)
        self._head: SegmentRow | None = None

    def head(self) -> SegmentRow | None:
        """The oldest, still in the queue."""
        if self._head is None:
            self._head = next(self._rest, None)
        return self._head

    def pop(self) -> SegmentRow | None:
        """The oldest, taken out."""
        head, self._head = self.head(), None
        return head


_DELETABLE = frozenset({SegmentState.SEALED, SegmentState.DAMAGED})


def _age(segment: SegmentRow) -> tuple[int, int]:
    return segment.start_utc_us, segment.id
