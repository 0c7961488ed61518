"""`mini-nvr status`: what each channel is doing, asked from the running recorder, or what the catalog knows when none runs."""

import asyncio
import json
import sys
from collections.abc import Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING, Final, TextIO

from mini_nvr.recorder.control import RecorderNotRunning, request_status
from mini_nvr.recorder.status import ChannelFacts, ChannelState, ChannelStatus, LastGap, channel_state
from mini_nvr.services import wording
from mini_nvr.services.tables import Cell, Row, Tone, print_table

if TYPE_CHECKING:
    from mini_nvr.catalog.model import GapRow
    from mini_nvr.config.model import ChannelSettings, Settings

EXIT_FINE: Final = 0
EXIT_NOT_RUNNING: Final = 1

HEADINGS: Final = ("Ch", "Camera", "State", "Codec", "Size", "Frames/s", "Bit rate", "Last frame", "File", "Last gap", "Note")

_TONES: dict[ChannelState, Tone] = {"LIVE": "good", "REC": "warning", "OFF": "quiet"}


def run(settings: "Settings", *, as_json: bool, file: TextIO | None = None) -> int:
    """Print one row a channel; 0, or 1 when the recorder is not running.

    Raises:
        ControlError: the recorder runs, but cannot be asked.
        CatalogError: it does not run, and the catalog cannot be read.
    """
    file = file or sys.stdout
    try:
        channels = asyncio.run(request_status(settings.data_dir))
        running = True
    except RecorderNotRunning as exc:
        channels = channels_at_rest(settings)
        running = False
        print(f"mini-nvr: {exc}", file=sys.stderr)
    if as_json:
        print(as_json_text(channels, running=running), file=file)
    else:
        print_table(HEADINGS, [status_row(channel, settings.zone) for channel in channels], file)
    return EXIT_FINE if running else EXIT_NOT_RUNNING


def as_json_text(channels: Sequence[ChannelStatus], *, running: bool) -> str:
    """One JSON object, for programs."""
    return json.dumps({"recorderRunning": running, "channels": [channel.to_json() for channel in channels]}, indent=2)


def status_row(channel: ChannelStatus, zone: tzinfo) -> Row:
    """The channel under `HEADINGS`."""
    age_ms = channel.last_frame_age_ms
    return [
        Cell(str(channel.number)),
        Cell(channel.name),
        Cell(channel.status, _TONES[channel.status]),
        Cell(wording.codec(channel.codec)),
        Cell(wording.size(channel.width, channel.height)),
        Cell(wording.frame_rate(channel.fps)),
        Cell(wording.bit_rate(channel.bitrate_bps)),
        Cell(f"{wording.duration(age_ms / 1000)} ago" if age_ms is not None else wording.NOTHING),
        Cell(channel.file or wording.NOTHING),
        Cell(_gap_text(channel.last_gap, zone)),
        Cell(channel.error or "", "bad"),
    ]


def _gap_text(gap: LastGap | None, zone: tzinfo) -> str:
    return f"{wording.stretch(gap.start_utc_us, gap.end_utc_us, zone)}: {gap.cause}" if gap else "none"


def channels_at_rest(settings: "Settings") -> list[ChannelStatus]:
    """The channels' states while nothing records: REC with footage, else OFF. Makes no catalog where there is none."""
    if not (settings.data_dir / "catalog.db").exists():
        return [_at_rest(channel, None, None) for channel in settings.channels]
    from mini_nvr.catalog.repository import Catalog  # noqa: PLC0415  the database's library is slow to import

    catalog = Catalog.open(settings.data_dir)
    try:
        return [
            _at_rest(channel, catalog.footage_end(channel.number), _last_gap(catalog.last_gap(channel.number)))
            for channel in settings.channels
        ]
    finally:
        catalog.close()


def _at_rest(channel: "ChannelSettings", footage_end_utc_us: int | None, gap: LastGap | None) -> ChannelStatus:
    has_footage = footage_end_utc_us is not None
    facts = ChannelFacts(enabled=channel.enabled, recording=False, has_footage=has_footage, last_frame_age_ms=None)
    return ChannelStatus(
        number=channel.number, name=channel.name, status=channel_state(facts), since_utc_us=footage_end_utc_us, last_gap=gap
    )


def _last_gap(row: "GapRow | None") -> LastGap | None:
    return LastGap(row.start_utc_us, row.end_utc_us, row.cause) if row else None
