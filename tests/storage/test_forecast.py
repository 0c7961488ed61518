"""When the oldest footage goes."""

import pytest

from mini_nvr.catalog.model import SegmentRow
from mini_nvr.config.load import load
from mini_nvr.storage.forecast import Forecast, Rates, forecast, oldest_goes_at
from mini_nvr.storage.limits import DAY_US, ChannelLimits, Limits, limits_of
from tests.support.catalog import FIVE_MINUTES, T0
from tests.support.kept_footage import KeptFootage

GB = 1 << 30
NOW = T0 + DAY_US
END = T0 + FIVE_MINUTES


@pytest.fixture
def row(kept: KeptFootage) -> SegmentRow:
    return kept.put(0)


@pytest.mark.parametrize(
    ("rates", "limits", "expected"),
    [
        (Rates({1: GB}, {1: GB}, None), Limits(), None),
        (Rates({1: GB}, {1: GB}, 2 * GB), Limits(max_bytes=3 * GB), NOW + 2 * DAY_US),
        (Rates({1: GB}, {1: GB, 2: 3 * GB}, 2 * GB), Limits(max_bytes=3 * GB), NOW + DAY_US // 2),
        (Rates({1: GB}, {1: GB}, 0), Limits(max_bytes=GB), NOW),
        (Rates({1: GB}, {}, 2 * GB), Limits(max_bytes=3 * GB), None),
        (Rates({1: GB}, {1: GB}, None), Limits(keep_us=3 * DAY_US), END + 3 * DAY_US),
        (Rates({1: GB}, {1: GB}, None), Limits(keep_us=DAY_US // 2), NOW),
        (Rates({1: GB}, {1: GB}, 9 * GB), Limits(max_bytes=1, keep_us=3 * DAY_US), END + 3 * DAY_US),
        (Rates({1: GB}, {1: GB}, None), Limits(channels={1: ChannelLimits(max_bytes=3 * GB)}), NOW + 2 * DAY_US),
        (Rates({1: GB}, {1: GB}, None), Limits(channels={2: ChannelLimits(max_bytes=3 * GB)}), None),
        (
            Rates({1: GB}, {1: GB}, None),
            Limits(keep_us=9 * DAY_US, channels={1: ChannelLimits(keep_us=2 * DAY_US)}),
            END + 2 * DAY_US,
        ),
    ],
)
def test_the_first_limit_to_be_reached_decides(row: SegmentRow, rates: Rates, limits: Limits, expected: int | None) -> None:
    assert oldest_goes_at({1: row}, rates, limits, NOW) == expected


@pytest.mark.parametrize(
    ("used", "room", "rate", "found"),
    [
        (50, 50, 10, Forecast(5.0, None)),
        (99, 1, 10, Forecast(None, 10.0)),
        (0, 0, 10, Forecast(None, 0.0)),
        (50, 50, 0, Forecast(None, None)),
        (50, None, 10, Forecast(None, None)),
    ],
)
def test_a_forecast_is_one_of_two(used: int, room: int | None, rate: int, found: Forecast) -> None:
    assert forecast(Rates({1: used}, {1: rate}, room), Limits(), {}) == found


@pytest.mark.parametrize(
    ("used", "room", "keep_days", "found"),
    [
        (50, 50, 5.0, Forecast(None, 5.0)),  # 50 of 100 at 10 a day
        (50, 50, 20.0, Forecast(5.0, None)),
        (50, None, 20.0, Forecast(None, 20.0)),
    ],
)
def test_what_is_deleted_by_age_may_never_fill_the_disk(used: int, room: int | None, keep_days: float, found: Forecast) -> None:
    assert forecast(Rates({1: used}, {1: 10}, room), Limits(), {}, keep_days) == found


@pytest.mark.parametrize(("protected", "days"), [(0, 10.0), (50, 5.0), (100, 0.0), (120, 0.0)])
def test_what_is_protected_holds_no_days(protected: int, days: float) -> None:
    assert forecast(Rates({1: 100}, {1: 10}, 0), Limits(), {1: protected}) == Forecast(None, days)


@pytest.mark.parametrize(
    ("used", "room", "own", "protected", "found"),
    [
        ({1: 60, 2: 40}, 0, {2: 40}, {}, Forecast(None, 6.0)),  # 60 are left for channel 1, at 10 a day
        ({1: 60, 2: 40}, 0, {2: 70}, {}, Forecast(None, 5.0)),  # a limit that 100 for both never reach
        ({1: 20, 2: 40}, 40, {2: 40}, {}, Forecast(4.0, None)),  # channel 1 alone takes room
        ({1: 20, 2: 30}, 50, {2: 40}, {}, Forecast(4.0, None)),  # 20 by both in a day, 30 by one in three
        ({1: 20, 2: 40}, 940, {1: 50, 2: 40}, {}, Forecast(None, 5.0)),  # never full: each keeps what its own limit holds
        ({1: 60, 2: 40}, 0, {2: 40}, {2: 40}, Forecast(None, 6.0)),
    ],
)
def test_a_channel_at_its_own_limit_takes_no_more_room(
    used: dict[int, int], room: int, own: dict[int, int], protected: dict[int, int], found: Forecast
) -> None:
    limits = Limits(channels={channel: ChannelLimits(max_bytes=most) for channel, most in own.items()})
    assert forecast(Rates(used, {1: 10, 2: 10}, room), limits, protected) == found


def test_without_anything_deletable_nothing_goes() -> None:
    assert oldest_goes_at({}, Rates({1: GB}, {1: GB}, 0), Limits(max_bytes=GB, keep_us=1), NOW) is None


def test_limits_come_from_the_settings() -> None:
    settings = load(
        {
            "RTSP_URL_TEMPLATE": "rtsp://camera/{channel}",
            "NUM_CHANNELS": "3",
            "MAX_STORAGE_GB": "500",
            "MIN_FREE_GB": "0",
            "RETENTION_DAYS": "0.5",
            "CHANNEL_2_MAX_GB": "1.5",
            "CHANNEL_3_RETENTION_DAYS": "7",
            "TZ": "UTC",
        }
    )
    limits = limits_of(settings)
    assert limits == Limits(
        500 * GB,
        0,
        DAY_US // 2,
        {2: ChannelLimits(max_bytes=3 * GB // 2), 3: ChannelLimits(keep_us=7 * DAY_US)},
    )
    assert [limits.keep_us_of(channel) for channel in (1, 2, 3)] == [DAY_US // 2, DAY_US // 2, 7 * DAY_US]
    assert [limits.max_bytes_of(channel) for channel in (1, 2, 3)] == [None, 3 * GB // 2, None]
    assert limits.any
    assert limits.by_space
    assert not Limits().any
    assert not Limits(keep_us=1).by_space
