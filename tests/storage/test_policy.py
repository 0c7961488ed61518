"""What to delete: the rules as properties over any archive, and the cases that people will ask about."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.catalog.model import SegmentRow, SegmentState
from mini_nvr.storage.limits import DAY_US, ChannelLimits, Limits
from mini_nvr.storage.policy import Plan, Reason, Space, plan, size_on_disk
from tests.support.catalog import MINUTE, T0

MB = 1 << 20
DELETABLE = {SegmentState.SEALED, SegmentState.DAMAGED}
NOW = T0 + 100 * DAY_US


def segment(number: int, channel: int = 1, size_bytes: int = MB, *, start_utc_us: int | None = None) -> SegmentRow:
    """The `number`th five minutes of a channel."""
    start = T0 + number * 5 * MINUTE if start_utc_us is None else start_utc_us
    return SegmentRow(
        id=number * 100 + channel,
        channel=channel,
        start_utc_us=start,
        duration_us=5 * MINUTE,
        size_bytes=size_bytes,
        state=SegmentState.SEALED,
        protected=False,
        run_id="a",
        number=number,
        path=PurePosixPath(f"ch{channel}/{number}.mp4"),
        container="mp4",
        video_frames=1,
        video_codec=None,
        width=None,
        height=None,
        frame_rate=None,
        audio_codec=None,
        init_offset=0,
        init_size_bytes=0,
        time_source="arrival",
    )


def by_channel(rows: Sequence[SegmentRow]) -> dict[int, list[SegmentRow]]:
    ordered = sorted(rows, key=lambda row: (row.start_utc_us, row.id))
    return {channel: [row for row in ordered if row.channel == channel] for channel in {row.channel for row in rows}}


def space_of(rows: Sequence[SegmentRow], free: int | None = None, ahead: int = 0) -> Space:
    return Space({channel: sum(map(size_on_disk, some)) for channel, some in by_channel(rows).items()}, free, ahead)


def decide(rows: Sequence[SegmentRow], space: Space, limits: Limits, most: int = 10_000) -> Plan:
    return plan(by_channel(rows), space, limits, NOW, most=most)


def gone(found: Plan) -> list[SegmentRow]:
    return [deletion.segment for deletion in found.deletions]


@st.composite
def archives(draw: st.DrawFn) -> list[SegmentRow]:
    """Segments of a few channels, some growing, protected, damaged or being deleted, of all sizes and ages."""
    rows = []
    for number in range(draw(st.integers(0, 25))):
        row = segment(
            number,
            draw(st.integers(1, 4)),
            draw(st.integers(0, 100 * MB)),
            start_utc_us=T0 + draw(st.integers(0, 99 * DAY_US)),
        )
        state = draw(st.sampled_from([SegmentState.SEALED] * 6 + list(SegmentState)))
        rows.append(replace(row, id=number, state=state, protected=draw(st.integers(0, 5)) == 0))
    return rows


sizes = st.one_of(st.none(), st.integers(0, 1_000 * MB))
ages = st.one_of(st.none(), st.integers(1, 120 * DAY_US))
limits = st.builds(
    Limits,
    max_bytes=sizes,
    min_free_bytes=sizes,
    keep_us=ages,
    channels=st.dictionaries(st.integers(1, 5), st.builds(ChannelLimits, max_bytes=sizes, keep_us=ages), max_size=3),
)


@st.composite
def situations(draw: st.DrawFn) -> tuple[list[SegmentRow], Space]:
    rows = draw(archives())
    ahead_of = draw(st.dictionaries(st.integers(1, 4), st.integers(0, 20 * MB)))
    space = space_of(rows, free=draw(st.integers(0, 1_000 * MB)), ahead=sum(ahead_of.values()))
    return rows, replace(space, ahead_of=ahead_of)


@given(situations(), limits)
def test_growing_and_protected_segments_are_never_chosen_and_none_twice(
    situation: tuple[list[SegmentRow], Space], limits: Limits
) -> None:
    rows, space = situation
    chosen = gone(decide(rows, space, limits))
    assert all(row.state in DELETABLE and not row.protected for row in chosen)
    assert len({row.id for row in chosen}) == len(chosen)


@given(situations(), limits)
def test_afterwards_every_limit_is_kept_or_nothing_is_left_to_delete(
    situation: tuple[list[SegmentRow], Space], limits: Limits
) -> None:
    rows, space = situation
    found = decide(rows, space, limits)
    left = {row.id for row in rows if row.state in DELETABLE and not row.protected} - {row.id for row in gone(found)}
    freed = sum(map(size_on_disk, gone(found)))
    assert space.free is not None
    kept = {
        Reason.STORAGE_LIMIT: limits.max_bytes is None or space.used_bytes - freed + space.ahead <= limits.max_bytes,
        Reason.FREE_SPACE: limits.min_free_bytes is None or space.free + freed - space.ahead >= limits.min_free_bytes,
    }
    assert all(kept.values()) or not left
    for row in rows:
        keep_us = limits.keep_us_of(row.channel)
        if row.id in left and keep_us is not None:
            older = [other for other in rows if other.id in left and other.channel == row.channel]
            assert any(other.end_utc_us > NOW - keep_us for other in older)
        most = limits.max_bytes_of(row.channel)
        if row.id in left and most is not None:
            after = space.used[row.channel] - sum(size_on_disk(one) for one in gone(found) if one.channel == row.channel)
            assert after + space.ahead_of.get(row.channel, 0) <= most


@given(situations(), limits)
def test_each_segment_goes_only_while_its_reason_holds(situation: tuple[list[SegmentRow], Space], limits: Limits) -> None:
    """So at most one file of room is unused: without the last deletion the limit would be passed."""
    rows, space = situation
    used, free = dict(space.used), space.free or 0
    for one in decide(rows, space, limits).deletions:
        channel = one.segment.channel
        holds = {
            Reason.TOO_OLD: one.segment.end_utc_us <= NOW - (limits.keep_us_of(channel) or 0),
            Reason.CHANNEL_LIMIT: used[channel] + space.ahead_of.get(channel, 0) > (limits.max_bytes_of(channel) or 0),
            Reason.STORAGE_LIMIT: sum(used.values()) + space.ahead > (limits.max_bytes or 0),
            Reason.FREE_SPACE: free - space.ahead < (limits.min_free_bytes or 0),
        }
        assert one.reason is not None
        assert holds[one.reason]
        used[channel] -= size_on_disk(one.segment)
        free += size_on_disk(one.segment)


@given(situations(), limits)
def test_the_oldest_goes_first_across_channels(situation: tuple[list[SegmentRow], Space], limits: Limits) -> None:
    """Whatever stays is younger than everything that went for a limit of all footage, and than its channel's for any reason."""
    rows, space = situation
    found = decide(rows, space, limits)
    went = {row.id for row in gone(found)}
    staying = [row for row in rows if row.state in DELETABLE and not row.protected and row.id not in went]
    for deletion in found.deletions:
        row = deletion.segment
        everywhere = deletion.reason in {Reason.STORAGE_LIMIT, Reason.FREE_SPACE}
        assert all(
            (row.start_utc_us, row.id) < (other.start_utc_us, other.id)
            for other in staying
            if everywhere or other.channel == row.channel
        )
    for reason in (Reason.TOO_OLD, Reason.STORAGE_LIMIT):
        starts = [deletion.segment.start_utc_us for deletion in found.deletions if deletion.reason is reason]
        if reason is Reason.STORAGE_LIMIT:
            starts = [one.segment.start_utc_us for one in found.deletions if one.reason in {reason, Reason.FREE_SPACE}]
        assert starts == sorted(starts)


@given(situations(), limits, st.integers(1, 5))
def test_batch_after_batch_comes_to_the_same_as_all_at_once(
    situation: tuple[list[SegmentRow], Space], limits: Limits, most: int
) -> None:
    rows, space = situation
    expected = {row.id for row in gone(decide(rows, space, limits))}
    done: set[int] = set()
    while some := gone(decide(rows, space, limits, most)):
        assert len(some) <= most
        done |= {row.id for row in some}
        used = dict(space.used)
        for row in some:
            used[row.channel] -= size_on_disk(row)
        space = replace(space, used=used, free=(space.free or 0) + sum(map(size_on_disk, some)))
        rows = [row for row in rows if row.id not in done]
    assert done == expected


@given(archives())
def test_without_limits_nothing_goes(rows: list[SegmentRow]) -> None:
    assert decide(rows, space_of(rows, free=0, ahead=MB), Limits()) == Plan(())


def test_a_limit_is_unmet_only_when_it_is_passed_and_not_when_room_ahead_is_short() -> None:
    rows = [replace(segment(0), protected=True), replace(segment(1), state=SegmentState.GROWING)]
    used = space_of(rows).used_bytes
    assert decide(rows, space_of(rows, ahead=MB), Limits(max_bytes=used)) == Plan((), short=frozenset({None}))
    own = replace(space_of(rows), ahead_of={1: MB})
    assert decide(rows, own, Limits(channels={1: ChannelLimits(max_bytes=used)})) == Plan((), short=frozenset({1}))
    assert decide(rows, space_of(rows), Limits(max_bytes=used - 1)).unmet == {Reason.STORAGE_LIMIT}
    assert decide(rows, space_of(rows, free=5), Limits(min_free_bytes=6)).unmet == {Reason.FREE_SPACE}
    assert decide(rows, space_of(rows), Limits(channels={1: ChannelLimits(max_bytes=1)})).unmet == {Reason.CHANNEL_LIMIT}
    assert decide([], Space({1: 10}), Limits(channels={1: ChannelLimits(max_bytes=1)})).unmet == {Reason.CHANNEL_LIMIT}


def test_protected_footage_at_the_old_end_lets_younger_footage_go() -> None:
    rows = [replace(segment(0), protected=True), segment(1), segment(2)]
    found = decide(rows, space_of(rows), Limits(max_bytes=2 * MB + 10_000))
    assert [(one.segment.number, one.reason) for one in found.deletions] == [(1, Reason.STORAGE_LIMIT)]


def test_a_channel_s_own_retention_comes_in_place_of_the_general_one() -> None:
    rows = [segment(0, 1, start_utc_us=NOW - 10 * DAY_US), segment(0, 2, start_utc_us=NOW - 10 * DAY_US)]
    longer = Limits(keep_us=5 * DAY_US, channels={2: ChannelLimits(keep_us=20 * DAY_US)})
    shorter = Limits(keep_us=20 * DAY_US, channels={2: ChannelLimits(keep_us=5 * DAY_US)})
    assert [row.channel for row in gone(decide(rows, space_of(rows), longer))] == [1]
    assert [row.channel for row in gone(decide(rows, space_of(rows), shorter))] == [2]


def test_footage_is_kept_until_its_end_is_too_old() -> None:
    row = segment(0, start_utc_us=NOW - DAY_US)
    assert not decide([row], space_of([row]), Limits(keep_us=DAY_US - 5 * MINUTE + 1)).deletions
    assert decide([row], space_of([row]), Limits(keep_us=DAY_US - 5 * MINUTE)).deletions


def test_no_more_is_read_than_goes_but_one_a_channel() -> None:
    read: list[int] = []

    def reading(channel: int) -> Iterator[SegmentRow]:
        for number in range(1_000):
            read.append(channel)
            yield segment(number, channel)

    rows = {channel: reading(channel) for channel in range(1, 5)}
    space = Space(dict.fromkeys(range(1, 5), 1_000 * MB))
    found = plan(rows, space, Limits(max_bytes=3_990 * MB), NOW, most=100)
    assert len(found.deletions) == 10
    assert len(read) <= 10 + 4
