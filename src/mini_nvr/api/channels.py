"""Which channel a request is about, and whether its user may see it (SECURITY S3)."""

from typing import Annotated, Final

from fastapi import Path, Query

from mini_nvr.api.deps import Deps
from mini_nvr.api.problems import not_found
from mini_nvr.api.validation import DIGITS_ALONE

HIGHEST: Final = 999

ChannelNumber = Annotated[int, Path(alias="ch", ge=1, le=HIGHEST, description="The channel's number.", examples=[1]), DIGITS_ALONE]
ChannelQuery = Annotated[int, Query(ge=1, le=HIGHEST, description="The channel's number.", examples=[1]), DIGITS_ALONE]
OptionalChannel = Annotated[
    int | None, Query(ge=1, le=HIGHEST, description="One channel's number; all channels without it.", examples=[1]), DIGITS_ALONE
]
ChannelList = Annotated[
    str | None,
    Query(
        pattern=r"^[1-9][0-9]{0,2}(,[1-9][0-9]{0,2}){0,63}$",
        description="Numbers of channels, separated by commas; at most 64. All channels without it.",
        examples=["1,2"],
    ),
]


def require_channel(deps: Deps, user: str, number: int) -> int:
    """A channel that this user may watch, configured now or recorded in the past; called on a thread.

    Raises:
        Problem: 404, there is none of that number for this user.
    """
    if not deps.accounts.may_watch(user, number) or (deps.channel(number) is None and not _was_recorded(deps, number)):
        raise not_found(f"there is no channel {number}", f"use one of {numbers_text(deps, user)}")
    return number


def require_channels(deps: Deps, user: str, text: str | None) -> list[int]:
    """Those of a comma-separated list, once each in their order; all without a list.

    Raises:
        Problem: 404.
    """
    if text is None:
        return visible(deps, user)
    numbers = list(dict.fromkeys(int(number) for number in text.split(",")))
    return [require_channel(deps, user, number) for number in numbers]


def visible(deps: Deps, user: str) -> list[int]:
    """The configured channels that this user may watch."""
    return [channel.number for channel in deps.settings.channels if deps.accounts.may_watch(user, channel.number)]


def channel_name(deps: Deps, number: int) -> str:
    """For people."""
    channel = deps.channel(number)
    return channel.name if channel is not None else f"Camera {number}"


def numbers_text(deps: Deps, user: str) -> str:
    """The allowed values, for a remedy."""
    return ", ".join(map(str, visible(deps, user))) or "none: no channel is yours to watch"


def _was_recorded(deps: Deps, number: int) -> bool:
    return any(row.number == number for row in deps.catalog.channels())
