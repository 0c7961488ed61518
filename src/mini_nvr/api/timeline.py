"""GET /api/timeline: where there is footage, where there is none and why, and how much moves."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from mini_nvr.api.caller import SignedIn
from mini_nvr.api.channels import ChannelList, require_channels
from mini_nvr.api.deps import Parts
from mini_nvr.api.documented import Model, as_json, guarded
from mini_nvr.api.instants import Instant, parse_range
from mini_nvr.catalog.timeline import Span
from mini_nvr.playback.timeline import MAX_RANGE_US, ChannelTimeline, timelines

router = APIRouter(tags=["playback"])

Resolution = Annotated[
    float | None,
    Query(
        ge=1,
        le=31_622_400,
        description="Seconds a bucket, best those of a pixel: spans and gaps narrower than that are merged. Wider when there "
        "would be more than 2,000. Without it, nothing is merged while there are no more than 2,000 of them.",
        examples=[60],
    ),
]


class TimelineGap(Model):
    """Time without footage; or several short gaps close together, with footage between them that `spans` show too."""

    start: int = Field(description="Milliseconds since 1970.")
    end: int = Field(description="The same; a gap that is still open ends now, or with the range.")
    cause: str = Field(description="`several` where the causes of merged gaps differ.", examples=["camera offline"])
    detail: str = Field(description="What is known besides; mostly nothing.")
    count: int = Field(description="How many gaps this is.")
    missing: int = Field(description="Milliseconds without footage; from start to end when `count` is 1.")


class TimelineActivity(Model):
    """Bytes per second in buckets of equal width; an encoder spends bytes where the picture changes."""

    start: int = Field(description="Where the first bucket begins, milliseconds since 1970.")
    step: float = Field(description="Seconds a bucket; the last one may be cut short by the end of the range.")
    bytes_per_second: list[int | None] = Field(description="Over the footage of the bucket; null where there is none.")
    has_gap: list[bool] = Field(description="Some of the bucket is without footage.")
    exact: bool = Field(description="Key frame by key frame; otherwise file by file, by samples hours apart, or by day.")


class TimelineOfChannel(Model):
    """One channel, clipped to the range."""

    channel: int = Field(description="Its number.")
    spans: list[tuple[int, int]] = Field(
        description="[start, end) of footage, milliseconds since 1970; with `resolution`, holes below a bucket are in `gaps` alone."
    )
    gaps: list[TimelineGap] = Field(description="Every gap; with `resolution`, those narrower than a bucket may be merged.")
    protected: list[tuple[int, int]] = Field(description="[start, end) of footage that clean-up keeps.")
    activity: TimelineActivity = Field(description="How much happened.")


class Timeline(Model):
    """The range that was asked for."""

    start: int = Field(description="Milliseconds since 1970.")
    end: int = Field(description="The same.")
    channels: list[TimelineOfChannel] = Field(description="Those asked for, in the order of the question.")


@router.get("/api/timeline", summary="Footage, gaps and activity", response_model=Timeline, responses=guarded(404))
def timeline(
    start: Instant,
    end: Instant,
    session: SignedIn,
    deps: Parts,
    channels: ChannelList = None,
    resolution: Resolution = None,
) -> Response:
    """Each channel between two instants, at most ten years. Time without footage is a gap with its cause, never averaged away."""
    numbers = require_channels(deps, session.user, channels)
    first, last = parse_range(start, end, MAX_RANGE_US / 1_000_000)
    step_us = None if resolution is None else round(resolution * 1_000_000)
    now = deps.clock.utc_us()
    found = timelines(deps.catalog, numbers, (first, last), now_utc_us=now, resolution_us=step_us)
    return as_json(Timeline(start=first // 1000, end=last // 1000, channels=[_show(one) for one in found]))


def _show(one: ChannelTimeline) -> TimelineOfChannel:
    activity = one.activity
    return TimelineOfChannel(
        channel=one.channel,
        spans=_in_ms(one.spans),
        gaps=[
            TimelineGap(
                start=gap.start_utc_us // 1000,
                end=gap.end_utc_us // 1000,
                cause=gap.cause,
                detail=gap.detail,
                count=gap.count,
                missing=gap.missing_us // 1000,
            )
            for gap in one.gaps
            if gap.start_utc_us // 1000 < gap.end_utc_us // 1000
        ],
        protected=_in_ms(one.protected),
        activity=TimelineActivity.model_construct(  # looking at each of the numbers again takes as long as writing them
            start=activity.start_utc_us // 1000,
            step=activity.step_us / 1_000_000,
            bytes_per_second=activity.bytes_per_s,
            has_gap=activity.has_gap,
            exact=activity.exact,
        ),
    )


def _in_ms(spans: Iterable[Span]) -> list[tuple[int, int]]:
    """Without what is nothing in milliseconds: a start that an answer told is a part of one before the start itself."""
    cut = ((start // 1000, end // 1000) for start, end in spans)
    return [(start, end) for start, end in cut if start < end]
