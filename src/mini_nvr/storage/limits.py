"""The owner's limits on footage, in the units that the policy reckons with."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mini_nvr.clock import US_PER_S
from mini_nvr.config.model import Settings

DAY_US = 86_400 * US_PER_S


@dataclass(frozen=True, slots=True)
class ChannelLimits:
    """Of one channel alone; None: none."""

    max_bytes: int | None = None
    keep_us: int | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """None: none.

    max_bytes: the most that all footage may take. min_free_bytes: what is to stay free on the volume.
    keep_us: footage that ended longer ago goes; a channel's own limit comes in its place.
    """

    max_bytes: int | None = None
    min_free_bytes: int | None = None
    keep_us: int | None = None
    channels: Mapping[int, ChannelLimits] = field(default_factory=dict)

    def keep_us_of(self, channel: int) -> int | None:
        """How long this channel's footage is kept."""
        own = self.channels.get(channel, _NONE).keep_us
        return self.keep_us if own is None else own

    def max_bytes_of(self, channel: int) -> int | None:
        """The most that this channel alone may take."""
        return self.channels.get(channel, _NONE).max_bytes

    @property
    def by_space(self) -> bool:
        """Whether any of them can be reached by recording more, rather than by time."""
        own = any(channel.max_bytes is not None for channel in self.channels.values())
        return own or self.max_bytes is not None or self.min_free_bytes is not None

    @property
    def by_age(self) -> bool:
        """Whether any footage goes when it is old enough."""
        return self.keep_us is not None or any(limits.keep_us is not None for limits in self.channels.values())

    @property
    def any(self) -> bool:
        """Whether there is anything to keep."""
        return self.by_space or self.by_age


_NONE = ChannelLimits()


def limits_of(settings: Settings) -> Limits:
    """The limits that the settings hold."""
    return Limits(
        max_bytes=settings.max_storage_bytes,
        min_free_bytes=settings.min_free_bytes,
        keep_us=_days(settings.retention_days),
        channels={
            channel.number: ChannelLimits(channel.max_bytes, _days(channel.retention_days))
            for channel in settings.channels
            if channel.max_bytes is not None or channel.retention_days is not None
        },
    )


def _days(days: float | None) -> int | None:
    return None if days is None else round(days * DAY_US)
