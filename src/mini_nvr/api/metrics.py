"""GET /metrics: numbers for Prometheus, made at each scrape from what the recorder and the catalog say."""

import hmac
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool

from mini_nvr.api.caller import AnyCaller, Caller
from mini_nvr.api.client_address import is_loopback
from mini_nvr.api.deps import Deps, Parts
from mini_nvr.api.documented import problems
from mini_nvr.api.live_status import statuses
from mini_nvr.api.problems import Problem
from mini_nvr.api.storage import free_bytes, storage_status
from mini_nvr.catalog.space import protected_bytes
from mini_nvr.catalog.usage import usage_per_channel
from mini_nvr.clock import US_PER_S
from mini_nvr.config.secret import SecretStr
from mini_nvr.errors import MiniNvrError
from mini_nvr.recorder.status import ChannelStatus
from mini_nvr.storage.alarms import AlarmKind

router = APIRouter(tags=["system"])

_STORAGE_NUMBERS: Final[tuple[tuple[type[CounterMetricFamily | GaugeMetricFamily], str, str, str], ...]] = (
    (GaugeMetricFamily, "mini_nvr_storage_used_bytes", "What all footage takes, growing files included.", "usedBytes"),
    (GaugeMetricFamily, "mini_nvr_storage_ahead_bytes", "Room kept for what is written until the next look.", "aheadBytes"),
    (CounterMetricFamily, "mini_nvr_deleted_files", "By cleanup, since it started.", "deletedFiles"),
    (CounterMetricFamily, "mini_nvr_deleted_bytes", "By cleanup, since it started.", "deletedBytes"),
    (CounterMetricFamily, "mini_nvr_converted_files", "By the converter, since it started.", "convertedFiles"),
    (CounterMetricFamily, "mini_nvr_conversion_failures", "Failed attempts of the converter.", "conversionFailures"),
    (GaugeMetricFamily, "mini_nvr_conversions_waiting", "Files that are about to be converted.", "conversionsWaiting"),
    (GaugeMetricFamily, "mini_nvr_unconverted_files", "Files that wait for another attempt.", "unconvertedFiles"),
)

_FORWARDING = ("x-forwarded-for", "x-real-ip", "forwarded", "via")


@router.get(
    "/metrics",
    summary="Numbers for Prometheus",
    response_class=Response,
    responses={**problems(401), 200: {"description": "The text format", "content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(request: Request, caller: AnyCaller, deps: Parts) -> Response:
    """For a caller on this machine, one with `Authorization: Bearer TOKEN`, or somebody signed in."""
    if not may_read(request, caller, deps.settings.metrics_token):
        raise Problem(
            "sign-in-required",
            "numbers are for callers on this machine, or with the token",
            "send Authorization: Bearer with the token",
            headers={"www-authenticate": "Bearer"},
        )
    rows = await statuses(deps)
    text = await run_in_threadpool(_text, deps, rows, await storage_status(deps))
    return Response(text, media_type=CONTENT_TYPE_PLAIN_0_0_4)


def may_read(request: Request, caller: Caller, token: SecretStr | None) -> bool:
    """By session, by token, or from this machine: but not through a proxy on it that forwards for somebody else."""
    if caller.session is not None and not caller.session.must_change:
        return True
    scheme, _, presented = request.headers.get("authorization", "").partition(" ")
    if token is not None and scheme.lower() == "bearer":
        return hmac.compare_digest(presented.strip().encode("utf-8", "replace"), token.get_secret_value().encode())
    return is_loopback(caller.address) and not any(name in request.headers for name in _FORWARDING)


def _text(deps: Deps, rows: Sequence[ChannelStatus], storage: Mapping[str, Any] | None) -> bytes:
    now = CollectorRegistry()
    now.register(_Now(deps, rows, storage))
    return generate_latest(now) + generate_latest(deps.instruments.registry)


class _Now(Collector):
    """The numbers of this moment."""

    def __init__(self, deps: Deps, rows: Sequence[ChannelStatus], storage: Mapping[str, Any] | None) -> None:
        self._deps = deps
        self._rows = rows
        self._storage = storage

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        yield from channel_metrics(self._rows)
        yield GaugeMetricFamily("mini_nvr_recorder_up", "The recorder answers.", value=float(self._deps.feed.recorder_running))
        yield from storage_metrics(self._storage)
        try:
            yield from self._catalog_metrics()
        except MiniNvrError:
            yield GaugeMetricFamily("mini_nvr_catalog_up", "The catalog answers.", value=0)
        else:
            yield GaugeMetricFamily("mini_nvr_catalog_up", "The catalog answers.", value=1)

    def _catalog_metrics(self) -> Iterator[Metric]:
        deps = self._deps
        last = deps.catalog.last_checkpoint_utc_us()
        if last is not None:
            age_s = max(0, deps.clock.utc_us() - last) / US_PER_S
            yield GaugeMetricFamily("mini_nvr_checkpoint_age_seconds", "Since footage was last made durable.", value=age_s)
        used = GaugeMetricFamily("mini_nvr_footage_bytes", "What a channel's footage takes.", labels=["channel"])
        for usage in usage_per_channel(deps.catalog):
            used.add_metric([str(usage.channel)], usage.size_bytes)
        yield used
        guarded = GaugeMetricFamily("mini_nvr_footage_protected_bytes", "Of it, what is protected.", labels=["channel"])
        for channel, size in protected_bytes(deps.catalog).items():
            guarded.add_metric([str(channel)], size)
        yield guarded
        free = free_bytes(deps)
        if free is not None:
            yield GaugeMetricFamily("mini_nvr_volume_free_bytes", "Left on the volume of the recordings.", value=free)
        if deps.settings.max_storage_bytes is not None:
            limit = deps.settings.max_storage_bytes
            yield GaugeMetricFamily("mini_nvr_footage_limit_bytes", "The most that footage may take.", value=limit)


def storage_metrics(status: Mapping[str, Any] | None) -> Iterator[Metric]:
    """What the storage service says; only that it is silent when it is."""
    yield GaugeMetricFamily("mini_nvr_storage_up", "The storage service answers.", value=float(status is not None))
    if status is None:
        return
    holding = {alarm["kind"] for alarm in status["alarms"]}
    alarms = GaugeMetricFamily("mini_nvr_storage_alarm", "Whether an alarm holds now, by kind.", labels=["kind"])
    for kind in sorted(holding | set(AlarmKind)):
        alarms.add_metric([kind], float(kind in holding))
    yield alarms
    for family, name, says, key in _STORAGE_NUMBERS:
        if status.get(key) is not None:
            yield family(name, says, value=status[key])


def channel_metrics(rows: Sequence[ChannelStatus]) -> Iterator[Metric]:
    """What the recorder says of each channel; numbers that it does not know are absent."""
    live = GaugeMetricFamily("mini_nvr_channel_live", "Frames arrive and are recorded.", labels=["channel"])
    gap = GaugeMetricFamily("mini_nvr_channel_gap", "There is no footage now, by cause.", labels=["channel", "cause"])
    gauges = {
        "fps": GaugeMetricFamily("mini_nvr_channel_frames_per_second", "Video frames lately.", labels=["channel"]),
        "bitrate_bps": GaugeMetricFamily("mini_nvr_channel_bits_per_second", "Received lately.", labels=["channel"]),
        "queue_bytes": GaugeMetricFamily(
            "mini_nvr_channel_queue_bytes", "Received, not yet handed to the disk.", labels=["channel"]
        ),
    }
    age = GaugeMetricFamily("mini_nvr_channel_last_frame_age_seconds", "Since the last frame.", labels=["channel"])
    counters = {
        "frames": CounterMetricFamily(
            "mini_nvr_channel_frames", "Video frames recorded since the recorder started.", labels=["channel"]
        ),
        "media_bytes": CounterMetricFamily(
            "mini_nvr_channel_media_bytes", "Recorded since the recorder started.", labels=["channel"]
        ),
        "gaps": CounterMetricFamily("mini_nvr_channel_gaps", "Gaps begun since the recorder started.", labels=["channel"]),
        "reconnects": CounterMetricFamily("mini_nvr_channel_reconnects", "Since the recorder started.", labels=["channel"]),
        "packets_lost": CounterMetricFamily("mini_nvr_channel_packets_lost", "Since the recorder started.", labels=["channel"]),
    }
    for row in rows:
        label = [str(row.number)]
        live.add_metric(label, float(row.status == "LIVE"))
        if row.last_gap is not None and row.last_gap.end_utc_us is None:
            gap.add_metric([*label, row.last_gap.cause.value], 1)
        if row.last_frame_age_ms is not None:
            age.add_metric(label, row.last_frame_age_ms / 1_000)
        for name, family in (gauges | counters).items():
            value = getattr(row, name)
            if value is not None:
                family.add_metric(label, value)
    yield from (live, gap, age, *gauges.values(), *counters.values())
    behind_s = max((row.disk_behind_s for row in rows), default=0.0)
    yield GaugeMetricFamily("mini_nvr_disk_behind_seconds", "What is received waits so long for the disk.", value=behind_s)
    steps, lost = (max((getattr(row, name) for row in rows), default=0) for name in ("clock_steps", "catalogs_lost"))
    yield CounterMetricFamily("mini_nvr_clock_steps", "The system clock was set, since the recorder started.", value=steps)
    yield CounterMetricFamily("mini_nvr_catalogs_lost", "Damaged or gone, and filled anew since the recorder started.", value=lost)
