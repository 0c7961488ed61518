"""The status message survives the socket, and LIVE, REC and OFF follow from the facts."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.errors import GapCause
from mini_nvr.recorder.status import ChannelFacts, ChannelStatus, LastGap, StatusError, channel_state

FULL = ChannelStatus(
    number=3,
    name='Gate "north" <b>',
    status="LIVE",
    file="ch3/2026-03-01/143000+0100.mp4",
    since_utc_us=1_772_371_800_000_000,
    codec="h265",
    width=2560,
    height=1440,
    fps=12.5,
    bitrate_bps=2_048_000,
    last_frame_age_ms=40,
    error="disk stalled",
    warning="the catalog is locked",
    last_gap=LastGap(1_772_371_700_000_000, None, GapCause.DISK_STALLED),
    reconnects=2,
    packets_lost=17,
    queue_bytes=4096,
    disk_behind_s=7.5,
    clock_steps=1,
    catalogs_lost=2,
)


@pytest.mark.parametrize("status", [FULL, ChannelStatus(number=1, name="", status="OFF")])
def test_what_goes_through_json_comes_back_equal(status: ChannelStatus) -> None:
    assert ChannelStatus.from_json(json.loads(json.dumps(status.to_json()))) == status


def test_a_newer_recorders_extra_fields_are_left_out() -> None:
    assert ChannelStatus.from_json({**FULL.to_json(), "temperature": 40}) == FULL


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("number", None),
        ("number", "3"),
        ("number", True),
        ("name", 3),
        ("status", "live"),
        ("status", None),
        ("fps", "25"),
        ("width", 1.5),
        ("reconnects", None),
        ("last_gap", []),
        ("last_gap", {"start_utc_us": 1, "end_utc_us": None, "cause": "moonlight"}),
        ("last_gap", {"end_utc_us": None, "cause": "unknown"}),
    ],
)
def test_a_wrong_field_is_our_error_and_names_it(field: str, value: object) -> None:
    with pytest.raises(StatusError, match="channel status"):
        ChannelStatus.from_json({**json.loads(json.dumps(FULL.to_json())), field: value})


_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(FULL.to_json())), inner, max_size=16),
    max_leaves=20,
)


@given(_JSON)
def test_any_json_is_a_status_or_our_error(value: object) -> None:
    try:
        ChannelStatus.from_json(value)
    except StatusError:
        pass


@pytest.mark.parametrize(
    ("enabled", "recording", "has_footage", "age_ms", "expected"),
    [
        (True, True, False, 0, "LIVE"),
        (True, True, True, 5_000, "LIVE"),
        (True, True, True, 5_001, "REC"),
        (True, True, False, 5_001, "OFF"),
        (True, False, True, 10, "REC"),  # frames come, but the disk takes none: not live
        (True, False, False, 10, "OFF"),
        (True, True, True, None, "REC"),
        (True, False, False, None, "OFF"),
        (False, False, True, None, "OFF"),
        (False, True, True, 0, "OFF"),
    ],
)
def test_state_follows_from_the_facts(enabled: bool, recording: bool, has_footage: bool, age_ms: int | None, expected: str) -> None:
    facts = ChannelFacts(enabled=enabled, recording=recording, has_footage=has_footage, last_frame_age_ms=age_ms)
    assert channel_state(facts) == expected
