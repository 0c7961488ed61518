"""`mini-nvr check`: are the folders writable, does each camera answer, and what does it send?

Nothing permanent is written. A camera's address is shown without user and password, and every line passes the redactor.
"""

import asyncio
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO
from urllib.parse import urlsplit

import uvloop

from mini_nvr.clock import Clock, SystemClock
from mini_nvr.errors import GapCause, RtspError
from mini_nvr.ingest.probe import ProbeResult, probe
from mini_nvr.log import Redactor
from mini_nvr.rtsp import url as rtsp_url
from mini_nvr.rtsp.errors import InvalidUrl, UnsupportedScheme
from mini_nvr.services import wording
from mini_nvr.services.certificate import Certificate, CertificateUnusable
from mini_nvr.services.tables import Cell, Row, Tone, print_table

if TYPE_CHECKING:
    from mini_nvr.config.model import ChannelSettings, Settings

EXIT_FINE: Final = 0
EXIT_FAILED: Final = 1
PROBES_AT_ONCE: Final = 8
LONG_KEY_INTERVAL_S: Final = 5.0

HEADINGS: Final = ("Ch", "Camera", "Address", "Codec", "Size", "Frames/s", "Key frame", "Bit rate", "Audio", "Result")

# `{url}` stands for the variable with the channel's own address.
REMEDIES: Final[dict[GapCause, str]] = {
    GapCause.CAMERA_OFFLINE: "check DVR_IP and DVR_PORT or {url}, the camera's power, and that RTSP is switched on",
    GapCause.WRONG_PASSWORD: "check DVR_USER and DVR_PASS, or user and password in {url}",
    GapCause.NO_SUCH_STREAM: "check the path in RTSP_URL_TEMPLATE or {url}, and the camera's own number for the channel",
    GapCause.UNSUPPORTED_CODEC: "set the camera's video to H.264 or H.265",
    GapCause.NO_KEY_FRAME: "set the camera's key-frame interval (I-frame interval, GOP) to 1-4 s",
    GapCause.STREAM_STALLED: "restart the camera, and see whether it allows another viewer",
    GapCause.CAMERA_ERROR: "check the port in DVR_PORT or {url}, and restart the camera; if it stays, report it with its model",
}
OTHER_SCHEME: Final = "switch on RTSP without TLS in the camera, and write its rtsp:// address into RTSP_URL_TEMPLATE or {url}"

_SEMICOLON_OUTSIDE: Final = re.compile(r"; *(?![^()]*\))")

Probe = Callable[[str, Clock], Awaitable[ProbeResult]]


@dataclass(frozen=True, slots=True)
class Finding:
    """One camera's outcome: what it sends, or why it cannot be recorded; neither for a disabled channel."""

    channel: "ChannelSettings"
    result: ProbeResult | None = None
    error: RtspError | None = None


def run(settings: "Settings", *, file: TextIO | None = None, look: Probe = probe) -> int:
    """Print what was found; 0 when everything can be recorded, 1 otherwise."""
    file = file or sys.stdout
    redactor = Redactor("check", settings.zone, settings.secrets())
    local_problems = [problem for folder in folders(settings) if (problem := folder_problem(*folder))] + certificate_problems(
        settings
    )
    if file.isatty():
        print("Connecting to the cameras; each one is watched for up to 10 s ...", file=file, flush=True)
    findings = uvloop.run(probe_all(settings.channels, SystemClock(), look))
    print_table(HEADINGS, [_redacted(finding_row(finding), redactor) for finding in findings], file)
    for line in [*local_problems, *summary(findings)]:
        print(redactor.redact(line), file=file)
    failed = local_problems or any(finding.error for finding in findings)
    return EXIT_FAILED if failed else EXIT_FINE


async def probe_all(channels: Iterable["ChannelSettings"], clock: Clock, look: Probe = probe) -> list[Finding]:
    """Look at all enabled channels, `PROBES_AT_ONCE` at a time; the findings in the channels' order."""
    places = asyncio.Semaphore(PROBES_AT_ONCE)

    async def one(channel: "ChannelSettings") -> Finding:
        if not channel.enabled:
            return Finding(channel)
        async with places:
            try:
                return Finding(channel, result=await look(channel.url.get_secret_value(), clock))
            except RtspError as exc:
                return Finding(channel, error=exc)

    return list(await asyncio.gather(*map(one, channels)))


def finding_row(finding: Finding) -> Row:
    """The finding under `HEADINGS`."""
    channel, result = finding.channel, finding.result
    head = [Cell(str(channel.number)), Cell(channel.name), Cell(public_address(channel.url.get_secret_value()))]
    if result is None:
        nothing = [Cell(wording.NOTHING, "quiet")] * 6
        return [*head, *nothing, Cell(plain_cause(finding.error), "bad") if finding.error else Cell("disabled", "quiet")]
    return [
        *head,
        Cell(wording.codec(result.video.codec)),
        Cell(wording.size(result.video.width, result.video.height)),
        Cell(wording.frame_rate(result.frame_rate)),
        Cell(wording.duration(result.key_interval_s) if result.key_interval_s else "more than 10 s", _key_tone(result)),
        Cell(wording.bit_rate(result.bitrate_bps)),
        Cell(wording.sound(result.audio) + (" (not recorded)" if result.audio and not channel.audio else "")),
        Cell("ok", "good"),
    ]


def _key_tone(result: ProbeResult) -> Tone:
    return "" if result.key_interval_s and result.key_interval_s <= LONG_KEY_INTERVAL_S else "warning"


def plain_cause(error: RtspError) -> str:
    """What happened, as the error says it, without the remedy behind the semicolon: ours names the settings."""
    return _split(error)[0] or type(error).__name__


def _split(error: RtspError) -> tuple[str, str]:
    """The error's own cause and remedy, which a semicolon outside of brackets parts."""
    cause, *own = _SEMICOLON_OUTSIDE.split(str(error), maxsplit=1)
    return cause, "".join(own)


def summary(findings: Sequence[Finding]) -> list[str]:
    """What to do, one line for each channel that needs something, and the count."""
    lines = []
    for finding in findings:
        prefix = f"channel {finding.channel.number}:"
        if finding.error is not None:
            lines.append(f"{prefix} {plain_cause(finding.error)}; {remedy(finding.error, finding.channel.number)}")
        elif finding.result is not None:
            lines += [f"{prefix} {line}" for line in notes(finding.result)]
        if (problem := sub_stream_problem(finding.channel)) is not None:
            lines.append(f"{prefix} {problem}")
    enabled = [finding for finding in findings if finding.channel.enabled]
    working = sum(finding.result is not None for finding in enabled)
    return [*lines, f"{working} of {len(enabled)} cameras can be recorded"]


def sub_stream_problem(channel: "ChannelSettings") -> str | None:
    """Why the sub stream can never be shown, by its address alone: it is not connected to here."""
    if channel.sub_url is None or not channel.enabled:
        return None
    try:
        rtsp_url.parse(channel.sub_url.get_secret_value())
    except InvalidUrl as exc:
        return f"its sub stream cannot be shown: {exc} into RTSP_SUB_URL_TEMPLATE or CHANNEL_{channel.number}_SUB_URL"
    return None


def remedy(error: RtspError, channel: int) -> str:
    """What the owner can do about it, with the names of the settings; of an error that has no class of its own, what it says."""
    cause = getattr(error, "cause", GapCause.CAMERA_ERROR)
    if isinstance(error, UnsupportedScheme):
        text = OTHER_SCHEME
    elif cause is GapCause.CAMERA_ERROR and (own := _split(error)[1]):
        return own
    else:
        text = REMEDIES.get(cause, REMEDIES[GapCause.CAMERA_ERROR])
    return text.format(url=f"CHANNEL_{channel}_URL")


def notes(result: ProbeResult) -> list[str]:
    """What works, but could be better."""
    lines = [f"not recorded: {skipped}" for skipped in result.skipped]
    if result.key_interval_s is None or result.key_interval_s > LONG_KEY_INTERVAL_S:
        lines.append(f"key frames are far apart: {REMEDIES[GapCause.NO_KEY_FRAME]}")
    if result.packets_lost:
        lines.append(f"{result.packets_lost} packets were lost: see to the network between the camera and this machine")
    return lines


def public_address(url: str) -> str:
    """Host, port and path of a camera's URL; nothing that can hold a secret (user info, query)."""
    if not url:
        return wording.NOTHING
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return wording.NOTHING
    return f"{f'[{host}]' if ':' in host else host}{port}{parts.path}"


def folders(settings: "Settings") -> list[tuple[str, Path]]:
    """The folders that must be writable, each with its setting's name."""
    found = [("RECORD_DIR", settings.record_dir), ("DATA_DIR", settings.data_dir)]
    return found if settings.log_file is None else [*found, ("LOG_FILE", settings.log_file.parent)]


def folder_problem(variable: str, folder: Path) -> str | None:
    """Why nothing can be written there, or None. A missing folder is fine when it can be made; it is not made here."""
    existing = folder
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    try:
        with tempfile.TemporaryFile(dir=existing):  # without a name where the file system can do that (O_TMPFILE)
            return None
    except NotADirectoryError:
        return f"{variable}: {existing} is not a folder: name another place"
    except OSError as exc:
        return f"{variable}: cannot write to {existing} ({exc.strerror}): give this user the right to, or name another folder"


def certificate_problems(settings: "Settings") -> list[str]:
    """Why the web service could not serve HTTPS; nothing when it is not asked to."""
    if settings.tls_cert is None or settings.tls_key is None:
        return []
    try:
        Certificate(settings.tls_cert, settings.tls_key)
    except CertificateUnusable as exc:
        return [str(exc)]
    return []


def _redacted(row: Row, redactor: Redactor) -> Row:
    return [Cell(redactor.redact(cell.text), cell.tone) for cell in row]
