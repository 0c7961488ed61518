"""Keeps the footage within its limits: measure, plan, delete a few files, say when to look again.

One look is short and blocks on the disk, so it runs on a thread; `services.storage` calls it again and again. Few files go at a
time, with a rest behind them, so that recording is not disturbed; only above a limit there is no rest. What must be known to decide
is read anew at each look: nothing is remembered that a crash could make wrong.
"""

import logging
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import PurePosixPath

from mini_nvr.catalog.model import SegmentRow
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.space import footage_end_of_those_before, oldest_deletable, protected_bytes
from mini_nvr.catalog.usage import usage_per_channel
from mini_nvr.clock import NS_PER_S, Clock
from mini_nvr.config.model import Settings
from mini_nvr.errors import CatalogError, SegmentError
from mini_nvr.storage.age_clock import AgeClock
from mini_nvr.storage.alarms import AlarmBoard, AlarmKind
from mini_nvr.storage.deleter import Deleter, Outcome, Step
from mini_nvr.storage.empty_days import EmptyDays
from mini_nvr.storage.growth import UNKNOWN_RATE, GrowthMeter, look_interval_s, next_look_s, room_ahead
from mini_nvr.storage.limits import Limits, limits_of
from mini_nvr.storage.measure import Measured, SpaceMeter
from mini_nvr.storage.policy import Plan, Reason, Space, plan
from mini_nvr.storage.rooms import RoomBook
from mini_nvr.storage.tally import Tally
from mini_nvr.storage.unlink import first_day_in_use, remove_empty_day
from mini_nvr.storage.unmet import above_volume, rebuild_alarm, unmet_alarm
from mini_nvr.storage.volume import NotRecordedYet, require_known_volume

MOST_A_BATCH = 32
RETRY_S = 1.0
"""After a look that could not be finished: volume missing, catalog busy, the disk refuses."""
LONGEST_RETRY_S = 30.0
REBUILD_TOLD_S = 60.0
"""After which the rebuild of a catalog is an alarm: 100,000 files take less."""
REST_FACTOR = 2.0
LONGEST_REST_S = 1.0
_USUAL_EVERY_S = 60.0
_STALE_S = 5.0  # a deletion that somebody else began is theirs for so long
_DAY_S = 86_400

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SpaceReport:
    """What the last look has found, for status and forecast. ahead_bytes: what is kept free below the limits."""

    used_bytes: int
    ahead_bytes: int


class Cleaner:
    """One recording folder's. All methods are called on one thread at a time.

    age_clock: outlives the cleaners of a process: each one's doubts are the next one's.
    told: called with what each batch has deleted.
    """

    def __init__(  # noqa: PLR0913  the parts of one service
        self,
        settings: Settings,
        catalog: Catalog,
        clock: Clock,
        *,
        alarms: AlarmBoard,
        rooms: RoomBook,
        age_clock: AgeClock | None = None,
        told: Callable[[Outcome], None] = lambda outcome: None,
        on_step: Step = lambda step: None,
    ) -> None:
        self._settings = settings
        self._record_dir = settings.record_dir
        self._limits = limits_of(settings)
        self._catalog = catalog
        self._clock = clock
        self._alarms = alarms
        self._rooms = rooms
        self._told = told
        self._meter = SpaceMeter(catalog, settings.record_dir, clock)
        self._growth = GrowthMeter(clock.monotonic_ns())
        self.age_clock = age_clock or AgeClock(clock)
        self._deleter = Deleter(catalog, settings.record_dir, on_step)
        self._recorded = [channel.number for channel in settings.channels if channel.enabled]
        self._usual: dict[int, float] = {}
        self._usual_due_ns = 0
        self._aged_due_ns = 0
        self._looked = False
        self._deleting_since: dict[int, int] = {}
        self._emptied: set[PurePosixPath] = set()
        self._empty_days = EmptyDays(settings.record_dir, settings.zone, clock, settings.cleanup_interval_s)
        self._retry_s = RETRY_S
        self._rebuilt_since_ns: int | None = None
        self.report: SpaceReport | None = None
        self.tally = Tally(clock)

    def look(self) -> float:
        """Look once and delete a batch if need be; seconds until the next look. Whatever is wrong becomes an alarm."""
        try:
            require_known_volume(self._record_dir, self._settings.data_dir)
            if self._catalog.was_rebuilt:
                return self._wait_for_rebuild()
            wait_s = self._look()
        except NotRecordedYet:
            return RETRY_S
        except SegmentError as exc:
            self._alarms.set(AlarmKind.VOLUME, f"{exc}; nothing is deleted until it is there")
            return RETRY_S
        except OSError as exc:
            self._alarms.set(AlarmKind.VOLUME, f"{self._record_dir} cannot be looked at: {exc.strerror}; see that its disk is well")
            return RETRY_S
        except CatalogError as exc:
            self._alarms.set(AlarmKind.CATALOG, f"{exc}; nothing is deleted until it can be used")
            raise
        self._alarms.set(AlarmKind.VOLUME, None)
        self._alarms.set(AlarmKind.CATALOG, None)
        self._alarms.set(AlarmKind.REBUILD, None)
        return wait_s

    def plan_all(self) -> tuple[Plan, Space]:
        """Everything that a clean-up would delete now, and how the disk stands; deletes nothing.

        Raises:
            CatalogError: the catalog cannot be read, or does not know yet what there is.
            SegmentError, NotRecordedYet: there is no known volume.
        """
        require_known_volume(self._record_dir, self._settings.data_dir)
        if self._catalog.was_rebuilt:
            raise CatalogError(
                "the catalog is new and does not know yet what there is: wait until the recorder has filled it (see its log), "
                "or run `mini-nvr rescan` while nothing records"
            )
        measured = self._meter.measure()
        space = self._space(measured)
        channels = sorted(measured.used)
        segments = {channel: self._catalog.deletable(channel) for channel in channels}
        everything = 1 << 62
        return plan(segments, space, self._limits, self._age_utc_us(), most=everything), space

    def carry_out(self, decided: Plan) -> int:
        """Delete what `plan_all` decided, a batch at a time; how many files the disk refuses to remove.

        Raises:
            CatalogError: the catalog cannot be used.
        """
        refused = 0
        for first in range(0, len(decided.deletions), MOST_A_BATCH):
            outcome = self._deleter.delete(decided.deletions[first : first + MOST_A_BATCH])
            self._account(outcome)
            refused += len(outcome.refused)
        self._remove_emptied()
        return refused

    def _wait_for_rebuild(self) -> float:
        """The recorder is reading all footage: until then nobody knows what there is. When that lasts, its owner is told."""
        now_ns = self._clock.monotonic_ns()
        if self._rebuilt_since_ns is None:
            self._rebuilt_since_ns = now_ns
        elif now_ns - self._rebuilt_since_ns >= REBUILD_TOLD_S * NS_PER_S:
            self._alarms.set(AlarmKind.REBUILD, rebuild_alarm(shutil.disk_usage(self._settings.data_dir).free))
        return RETRY_S

    def _look(self) -> float:
        begun_ns = self._clock.monotonic_ns()
        measured = self._meter.measure()
        self._growth.add(begun_ns, measured.written)
        if self._finish_stale(measured.deleting, begun_ns):
            measured = self._meter.measure()
        space = self._space(measured)
        self.report = SpaceReport(space.used_bytes, space.ahead)
        decided = self._plan(space, begun_ns)
        outcome = self._deleter.delete(decided.deletions) if decided.deletions else Outcome()
        self._account(outcome)
        self._tell_unmet(decided.unmet, space)
        if outcome.refused:
            return self._back_off()
        self._retry_s = RETRY_S
        self._remove_emptied()
        if len(decided.deletions) == MOST_A_BATCH:
            return self._rest_s(space, begun_ns)
        self._grant_rooms(decided.short)
        self._empty_days.look()
        self.tally.flush_if_due()
        return self._next_look_s(space, outcome.size_bytes)

    def _space(self, measured: Measured) -> Space:
        self._refresh_usual()
        room = room_ahead(self._growth, self._usual, self._settings.segment_duration_s)
        ahead, ahead_of = room.ahead, dict(room.ahead_of)
        for reservation in self._rooms.wanted():
            ahead += reservation.size_bytes
            if reservation.channel is not None:
                ahead_of[reservation.channel] = ahead_of.get(reservation.channel, 0) + reservation.size_bytes
        free = None
        if self._limits.min_free_bytes is not None:
            free = shutil.disk_usage(self._record_dir).free
        return Space(measured.used, free, ahead, ahead_of)

    def _plan(self, space: Space, now_ns: int) -> Plan:
        """Footage grows old by the hour: that is asked once an interval, space at each look."""
        limits = self._limits
        if now_ns < self._aged_due_ns:
            limits = _without_age(limits)
        decided = plan(self._oldest_first(space.used), space, limits, self._age_utc_us(), most=MOST_A_BATCH)
        if len(decided.deletions) < MOST_A_BATCH and now_ns >= self._aged_due_ns:
            self._aged_due_ns = now_ns + self._settings.cleanup_interval_s * NS_PER_S
        return decided

    def _age_utc_us(self) -> int:
        """The instant that ages are reckoned from."""
        if not self.age_clock.begun:
            self.age_clock.begin(footage_end_of_those_before(self._catalog, self.age_clock.footage_before_utc_us))
        return self.age_clock.utc_us()

    def _oldest_first(self, channels: Iterable[int]) -> Mapping[int, Iterable[SegmentRow]]:
        """Each channel's segments. The first of every channel come with one statement, when the first of any is asked for."""
        heads: dict[int, SegmentRow] = {}
        asked = False

        def of(channel: int) -> Iterable[SegmentRow]:
            nonlocal asked
            if not asked:
                asked = True
                heads.update(oldest_deletable(self._catalog))
            head = heads.get(channel)
            if head is not None:
                yield head
                yield from self._catalog.deletable(channel, head)

        return {channel: of(channel) for channel in channels}

    def _refresh_usual(self) -> None:
        """How fast each channel usually writes: what a day of it takes, over the last week with footage."""
        now_ns = self._clock.monotonic_ns()
        if now_ns < self._usual_due_ns and all(rate != UNKNOWN_RATE for rate in self._usual.values()):
            return
        self._usual_due_ns = now_ns + round(_USUAL_EVERY_S * NS_PER_S)
        known = {usage.channel: usage.bytes_per_day / _DAY_S for usage in usage_per_channel(self._catalog) if usage.bytes_per_day}
        self._usual = {channel: known.get(channel, UNKNOWN_RATE) for channel in self._recorded}

    def _finish_stale(self, rows: Sequence[SegmentRow], now_ns: int) -> bool:
        """Deletions that were cut short: by a crash of this process, seen at its first look, or of the web service.

        Whether anything went that way.
        """
        since = {row.id: self._deleting_since.get(row.id, now_ns if self._looked else 0) for row in rows}
        stale = [row for row in rows if not since[row.id] or now_ns - since[row.id] >= _STALE_S * NS_PER_S]
        for row in stale:
            since[row.id] = now_ns  # what the disk refuses is tried again later
        self._deleting_since = since
        self._looked = True
        if not stale:
            return False
        outcome = self._deleter.finish(stale)
        self._account(outcome)
        return bool(outcome.deleted)

    def _account(self, outcome: Outcome) -> None:
        if outcome.deleted:
            self.tally.add(outcome.deleted)
            self._emptied |= {deletion.segment.path.parent for deletion in outcome.deleted}
            self._told(outcome)
        if outcome.refused:
            path, error = outcome.refused[0]
            count = len(outcome.refused)
            message = f"{path}: {error.strerror}" + (f", and {count - 1} more" if count > 1 else "")
            self._alarms.set(AlarmKind.DELETION_REFUSED, f"{message}; check the disk and its permissions")
        elif outcome.deleted:
            self._alarms.set(AlarmKind.DELETION_REFUSED, None)

    def _tell_unmet(self, unmet: frozenset[Reason], space: Space) -> None:
        """Nothing is left that may go, and still a limit is passed: that is the owner's to solve; recording goes on."""
        guarded = sum(protected_bytes(self._catalog).values()) if unmet else 0
        kind, message = unmet_alarm(unmet, guarded, space.used_bytes)
        for possible in (AlarmKind.PROTECTED_FILLS_LIMIT, AlarmKind.LIMIT_UNREACHABLE):
            self._alarms.set(possible, message if possible is kind else None)
        total = shutil.disk_usage(self._record_dir).total
        self._alarms.set(AlarmKind.LIMIT_ABOVE_VOLUME, above_volume(self._limits, total))

    def _back_off(self) -> float:
        wait_s, self._retry_s = self._retry_s, min(LONGEST_RETRY_S, 2 * self._retry_s)
        return wait_s

    def _rest_s(self, space: Space, begun_ns: int) -> float:
        """More has to go: at once while a limit is passed, else after a rest."""
        limit = self._limits.max_bytes
        if limit is not None and space.used_bytes > limit:
            return 0.0
        took_s = (self._clock.monotonic_ns() - begun_ns) / NS_PER_S
        return min(LONGEST_REST_S, REST_FACTOR * took_s)

    def _next_look_s(self, space: Space, freed: int) -> float:
        limits, interval_s = self._limits, float(self._settings.cleanup_interval_s)
        used = space.used_bytes - freed
        slacks = [] if limits.max_bytes is None else [limits.max_bytes - used - space.ahead]
        for channel in limits.channels:
            most = limits.max_bytes_of(channel)
            if most is not None:
                slacks.append(most - space.used.get(channel, 0) - space.ahead_of.get(channel, 0))
        free_slack = None
        if limits.min_free_bytes is not None and space.free is not None:
            free_slack = space.free + freed - space.ahead - limits.min_free_bytes
        return next_look_s(
            min(slacks) if slacks else None,
            free_slack,
            self._growth.peak(),
            max(1, len(self._recorded)),
            look_interval_s(self._settings.segment_duration_s),
            interval_s,
        )

    def _grant_rooms(self, short: frozenset[int | None]) -> None:
        """Where there is room; what is written without would pass a limit (storage I6)."""
        for reservation in self._rooms.wanted():
            if short.isdisjoint({None, reservation.channel}):
                reservation.grant()

    def _remove_emptied(self) -> None:
        """Day folders whose last file has gone; today's waits, as the recorder may be about to use it."""
        if not self._emptied:
            return
        today = first_day_in_use(self._clock.utc_us(), self._settings.zone)
        self._emptied = {
            folder for folder in self._emptied if not remove_empty_day(self._record_dir, folder, today) and _day_of(folder) >= today
        }


def _without_age(limits: Limits) -> Limits:
    channels = {number: replace(own, keep_us=None) for number, own in limits.channels.items()}
    return replace(limits, keep_us=None, channels=channels)


def _day_of(folder: PurePosixPath) -> date:
    try:
        return date.fromisoformat(folder.name)
    except ValueError:
        return date.min
