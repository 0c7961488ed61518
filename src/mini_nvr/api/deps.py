"""What every route can reach: made once by the composition root, or by a test with its own parts."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

from anyio import CapacityLimiter
from fastapi import Depends
from starlette.requests import HTTPConnection

from mini_nvr.api.event_feed import EventFeed
from mini_nvr.api.export_slots import ExportSlots
from mini_nvr.api.instruments import Instruments
from mini_nvr.api.live_still import LiveStills
from mini_nvr.api.open_streams import OpenStreams
from mini_nvr.api.ports import NoStorage, Recorder, Storage
from mini_nvr.api.watching import WatchNotes
from mini_nvr.auth.accounts import Accounts
from mini_nvr.auth.audit import Audit
from mini_nvr.catalog.repository import Catalog
from mini_nvr.clock import Clock
from mini_nvr.config.model import ChannelSettings, Settings
from mini_nvr.playback.stills import StillMaker

HASHING_THREADS: Final = 4


@dataclass(frozen=True)
class Deps:
    """Everything below the API.

    hashing: of the threads that answer requests, how many may check passwords, so that a flood of them leaves the others free.
    """

    settings: Settings
    catalog: Catalog
    accounts: Accounts
    audit: Audit
    stills: StillMaker
    recorder: Recorder
    clock: Clock
    storage: Storage = field(default_factory=NoStorage)
    feed: EventFeed = field(default_factory=EventFeed)
    instruments: Instruments = field(default_factory=Instruments)
    streams: OpenStreams = field(default_factory=OpenStreams)
    hashing: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(HASHING_THREADS))
    watching: WatchNotes = field(default_factory=WatchNotes)
    exports: ExportSlots = field(default_factory=ExportSlots)
    live_stills: LiveStills = field(default_factory=LiveStills)

    @property
    def record_dir(self) -> Path:
        return self.settings.record_dir

    def channel(self, number: int) -> ChannelSettings | None:
        """A configured channel."""
        channels = self.settings.channels
        return channels[number - 1] if 1 <= number <= len(channels) else None


def deps_of(connection: HTTPConnection) -> Deps:
    """The `Deps` of the app that serves a request."""
    deps = connection.app.state.deps
    if not isinstance(deps, Deps):
        raise TypeError("app.state.deps")
    return deps


async def _deps(connection: HTTPConnection) -> Deps:
    """On the event loop: FastAPI hands a plain function to a thread, which takes longer than all that stands in it."""
    return deps_of(connection)


Parts = Annotated[Deps, Depends(_deps)]
