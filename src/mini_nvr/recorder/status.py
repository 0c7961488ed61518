"""What one channel is doing, as the recorder tells it and `mini-nvr status` and the API show it.

The state's words are the API's: LIVE while frames arrive and are recorded, REC when there are recordings but no frames now, OFF
when the channel is disabled or has nothing yet.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, Self, TypeVar, get_args

from mini_nvr.errors import GapCause, MiniNvrError

ChannelState = Literal["LIVE", "REC", "OFF"]
_STATES: Final[tuple[ChannelState, ...]] = get_args(ChannelState)
_Scalar = TypeVar("_Scalar", int, str)

LIVE_MAX_AGE_MS: Final = 5_000
"""A frame older than this is not live: half of the stall detection's limit, above the slowest useful frame rate."""


class StatusError(MiniNvrError):
    """A status message does not hold what it should."""


@dataclass(frozen=True, slots=True)
class LastGap:
    """The channel's newest stretch without footage; `end_utc_us` is None while it lasts."""

    start_utc_us: int
    end_utc_us: int | None
    cause: GapCause


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelStatus:
    """One row of the status table.

    file: the growing file, relative to RECORD_DIR with forward slashes; None when nothing is being written.
    since_utc_us: when the present state began.
    fps, bitrate_bps: measured over the last seconds, None while unknown.
    last_frame_age_ms: None when no frame came since the recorder started.
    error: the cause in plain words while frames do not arrive, are not recorded, or wait for a disk that is behind.
    warning: what is wrong though frames are recorded, in plain words.
    frames, media_bytes, gaps: recorded video frames, all bytes with them, and gaps begun, since the recorder started.
    queue_bytes: footage received and not yet handed to the disk.
    disk_behind_s: how long what is received has waited for the disk, the same for all channels; 0 while that keeps up.
    clock_steps, catalogs_lost: how often, since the recorder started, the system clock was set, and a catalog was damaged or gone;
        the same for all channels.
    """

    number: int
    name: str
    status: ChannelState
    file: str | None = None
    since_utc_us: int | None = None
    codec: str | None = None
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    bitrate_bps: int | None = None
    last_frame_age_ms: int | None = None
    error: str | None = None
    warning: str | None = None
    last_gap: LastGap | None = None
    reconnects: int = 0
    frames: int = 0
    media_bytes: int = 0
    gaps: int = 0
    packets_lost: int = 0
    queue_bytes: int = 0
    disk_behind_s: float = 0.0
    clock_steps: int = 0
    catalogs_lost: int = 0

    def to_json(self) -> dict[str, Any]:
        """A mapping that `json.dumps` takes; the keys are the field names."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: object) -> Self:
        """The inverse of `to_json`; unknown keys of a newer recorder are left out.

        Raises:
            StatusError: a field is missing or has the wrong type.
        """
        fields = _mapping(value)
        state = next((known for known in _STATES if known == fields.get("status")), None)
        if state is None:
            raise StatusError("channel status: the state is neither LIVE, REC nor OFF")
        return cls(
            number=_required(fields, "number", int),
            name=_required(fields, "name", str),
            status=state,
            file=_optional(fields, "file", str),
            since_utc_us=_optional(fields, "since_utc_us", int),
            codec=_optional(fields, "codec", str),
            width=_optional(fields, "width", int),
            height=_optional(fields, "height", int),
            fps=_number(fields, "fps"),
            bitrate_bps=_optional(fields, "bitrate_bps", int),
            last_frame_age_ms=_optional(fields, "last_frame_age_ms", int),
            error=_optional(fields, "error", str),
            warning=_optional(fields, "warning", str),
            last_gap=_last_gap(fields.get("last_gap")),
            reconnects=_required(fields, "reconnects", int),
            frames=_optional(fields, "frames", int) or 0,
            media_bytes=_optional(fields, "media_bytes", int) or 0,
            gaps=_optional(fields, "gaps", int) or 0,
            packets_lost=_required(fields, "packets_lost", int),
            queue_bytes=_required(fields, "queue_bytes", int),
            disk_behind_s=_number(fields, "disk_behind_s") or 0.0,
            clock_steps=_optional(fields, "clock_steps", int) or 0,
            catalogs_lost=_optional(fields, "catalogs_lost", int) or 0,
        )


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """What the state follows from. `recording`: frames are being put into a file (no full or missing disk)."""

    enabled: bool
    recording: bool
    has_footage: bool
    last_frame_age_ms: int | None


def channel_state(facts: ChannelFacts, live_max_age_ms: int = LIVE_MAX_AGE_MS) -> ChannelState:
    """LIVE, REC or OFF; never LIVE for frames that are old or are not recorded."""
    if not facts.enabled:
        return "OFF"
    age_ms = facts.last_frame_age_ms
    if facts.recording and age_ms is not None and age_ms <= live_max_age_ms:
        return "LIVE"
    return "REC" if facts.has_footage else "OFF"


def _mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise StatusError("channel status: not a JSON object")
    return value


def _required(fields: Mapping[str, Any], key: str, kind: type[_Scalar]) -> _Scalar:
    value = _optional(fields, key, kind)
    if value is None:
        raise StatusError(f"channel status: {key} is missing")
    return value


def _optional(fields: Mapping[str, Any], key: str, kind: type[_Scalar]) -> _Scalar | None:
    value = fields.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, kind):
        raise StatusError(f"channel status: {key} is not of type {kind.__name__}")
    return value


def _number(fields: Mapping[str, Any], key: str) -> float | None:
    value = fields.get(key)
    return float(value) if isinstance(value, float) else _optional(fields, key, int)


def _last_gap(value: object) -> LastGap | None:
    if value is None:
        return None
    fields = _mapping(value)
    try:
        cause = GapCause(_required(fields, "cause", str))
    except ValueError as exc:
        raise StatusError("channel status: a gap's cause is unknown") from exc
    return LastGap(_required(fields, "start_utc_us", int), _optional(fields, "end_utc_us", int), cause)
