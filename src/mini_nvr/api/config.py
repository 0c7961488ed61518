"""GET /api/config: what the viewer must know of the settings; never a secret, an address of a camera, or a path (SECURITY S6)."""

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from mini_nvr import __version__
from mini_nvr.api.caller import SignedIn
from mini_nvr.api.deps import Parts
from mini_nvr.api.documented import Model, as_json, guarded
from mini_nvr.catalog.model import SegmentRow
from mini_nvr.catalog.newest import newest_segments
from mini_nvr.config.model import ChannelSettings

router = APIRouter(tags=["system"])

BYTES_PER_GB = 1 << 30
US_PER_MS = 1_000


class ChannelConfig(Model):
    """One channel."""

    channel: int = Field(description="Its number, from 1.")
    name: str = Field(description="For people; text, never markup.", examples=["Front door"])
    enabled: bool = Field(description="It is connected to and recorded.")
    has_audio: bool = Field(description="Sound is recorded: it is switched on, and the newest footage, if there is any, has some.")
    has_sub: bool = Field(description="There is a small sub stream to watch live.")


class Config(Model):
    """The installation."""

    num_channels: int = Field(description="Of the settings; their numbers are 1 to this.")
    storage_limit: float | None = Field(description="The most that all footage may take, in GB (2^30 bytes); null: no limit.")
    channels: list[ChannelConfig] = Field(description="Those that the user may watch.")
    segment_duration: int = Field(description="Length of one file, in seconds.")
    time_zone: str = Field(description="IANA name of the zone of days and local times.", examples=["Europe/Paris"])
    version: str = Field(description="Of Mini-NVR.", examples=["1.0.0"])
    now: int = Field(description="The recorder's clock, milliseconds since 1970.")


@router.get("/api/config", summary="Channels and settings", response_model=Config, responses=guarded())
def config(session: SignedIn, deps: Parts) -> Response:
    """What the viewer needs to know before it shows anything."""
    settings = deps.settings
    limit = settings.max_storage_bytes
    newest = newest_segments(deps.catalog)
    shown = [channel for channel in settings.channels if deps.accounts.may_watch(session.user, channel.number)]
    answer = Config(
        num_channels=len(settings.channels),
        storage_limit=None if limit is None else round(limit / BYTES_PER_GB, 3),
        channels=[
            ChannelConfig(
                channel=channel.number,
                name=channel.name,
                enabled=channel.enabled,
                has_audio=has_audio(channel, newest.get(channel.number)),
                has_sub=channel.sub_url is not None,
            )
            for channel in shown
        ],
        segment_duration=settings.segment_duration_s,
        time_zone=settings.zone.key,
        version=__version__,
        now=deps.clock.utc_us() // US_PER_MS,
    )
    return as_json(answer)


def has_audio(channel: ChannelSettings, newest: SegmentRow | None) -> bool:
    """See `ChannelConfig`."""
    return channel.audio and (newest is None or newest.audio_codec is not None)
