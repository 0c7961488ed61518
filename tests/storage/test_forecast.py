"""When the oldest footage goes."""

import pytest

from mini_nvr.catalog.model import SegmentRow
from mini_nvr.config.load import load
from mini_nvr.storage.forecast import Rates, oldest_goes_at
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
