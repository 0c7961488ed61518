"""The table of all variables: the single source for parsing, for error messages and for the reference page.

A name with `{n}` stands for one variable a channel or user: `CHANNEL_{n}_URL` is CHANNEL_1_URL, CHANNEL_2_URL and so on.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from mini_nvr.config.credentials import Password, SecretKey, SignInPassword
from mini_nvr.config.kinds import Choice, Decimals, FilePath, Gigabytes, Kind, LocalAddress, Networks, Switch, Text, Whole, Zone
from mini_nvr.config.model import LogLevel, RecordFormat
from mini_nvr.config.near import near_match
from mini_nvr.config.secret import SecretStr
from mini_nvr.config.urls import Host, Url, UrlTemplate

HIGHEST_NUMBER = 999
_NUMBER = "([1-9][0-9]{0,2})"

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class Variable(Generic[T_co]):
    """One row of the table.

    default: the parsed value when the variable is not set; None when something else decides, which `default_text` explains.
    used_by: the service that gives it effect.
    """

    name: str
    kind: Kind[T_co]
    default: T_co
    summary: str
    used_by: str
    unit: str = ""
    default_text: str = ""

    @property
    def numbered(self) -> bool:
        return "{n}" in self.name

    @property
    def label(self) -> str:
        """The name for people: `CHANNEL_n_URL`, `userN`."""
        return self.name.format(n="N" if self.name.islower() else "n")

    def spelled(self, number: int | None = None) -> str:
        """The name as it stands in `.env`."""
        return self.name.format(n=number) if number is not None else self.name

    @property
    def allowed(self) -> str:
        return f"{self.kind.allowed} {self.unit}".rstrip()


DEFAULT_TEMPLATE = "rtsp://{user}:{pass}@{ip}:{port}/Streaming/Channels/{channel}01"
_RECORDER, _STORAGE, _WEB, _LIVE, _ALL = "recorder", "storage", "web", "live", "all services"
_DAYS = Decimals(Decimal(0), Decimal(36_500), least_included=False)

DVR_IP = Variable[str | None](
    "DVR_IP", Host(), None, "Address of the DVR, NVR or camera that the URL templates point to.", _RECORDER
)
DVR_PORT = Variable("DVR_PORT", Whole(1, 65_535), 554, "RTSP port of the DVR.", _RECORDER)
DVR_USER = Variable[str | None]("DVR_USER", Text(), None, "User name on the DVR; the program percent-encodes it.", _RECORDER)
DVR_PASS = Variable[SecretStr | None](
    "DVR_PASS", Password(), None, "Password on the DVR; the program percent-encodes it.", _RECORDER
)
NUM_CHANNELS = Variable[int | None](
    "NUM_CHANNELS",
    Whole(1, HIGHEST_NUMBER),
    None,
    "Number of channels.",
    _RECORDER,
    default_text="the highest n of CHANNEL_n_..., else 1",
)
RTSP_URL_TEMPLATE = Variable(
    "RTSP_URL_TEMPLATE",
    Url(),
    UrlTemplate(DEFAULT_TEMPLATE),
    "URL of each channel's main stream; nothing is inserted where no placeholder stands.",
    _RECORDER,
    default_text=f"`{DEFAULT_TEMPLATE}`",
)
RTSP_SUB_URL_TEMPLATE = Variable[UrlTemplate | None](
    "RTSP_SUB_URL_TEMPLATE",
    Url(),
    None,
    "URL of the small sub stream, for channels whose main stream comes from the template.",
    _LIVE,
)
AUDIO = Variable("AUDIO", Switch(), True, "Record the cameras' sound.", _RECORDER, default_text="on")

CHANNEL_NAME = Variable[str | None](
    "CHANNEL_{n}_NAME", Text(), None, "Name of the channel, for people.", _ALL, default_text="Camera n"
)
CHANNEL_URL = Variable[UrlTemplate | None](
    "CHANNEL_{n}_URL", Url(), None, "URL of this channel's main stream, in place of the template.", _RECORDER
)
CHANNEL_SUB_URL = Variable[UrlTemplate | None]("CHANNEL_{n}_SUB_URL", Url(), None, "URL of this channel's sub stream.", _LIVE)
CHANNEL_ENABLED = Variable(
    "CHANNEL_{n}_ENABLED",
    Switch(),
    True,
    "Off: the channel keeps its number and footage, but is not connected.",
    _RECORDER,
    default_text="on",
)
CHANNEL_AUDIO = Variable[bool | None](
    "CHANNEL_{n}_AUDIO", Switch(), None, "Record this channel's sound.", _RECORDER, default_text="AUDIO"
)
CHANNEL_RETENTION_DAYS = Variable[float | None](
    "CHANNEL_{n}_RETENTION_DAYS", _DAYS, None, "Delete this channel's footage when it is older.", _STORAGE, "days", "RETENTION_DAYS"
)
CHANNEL_MAX_GB = Variable[int | None](
    "CHANNEL_{n}_MAX_GB", Gigabytes(), None, "The most that this channel's footage may take.", _STORAGE, "GB", "no limit"
)

SEGMENT_DURATION = Variable(
    "SEGMENT_DURATION", Whole(10, 3600), 300, "Length of one file; it ends at the next key frame.", _RECORDER, "s"
)
RECORD_FORMAT = Variable[RecordFormat](
    "RECORD_FORMAT",
    Choice[RecordFormat](RecordFormat),
    "mp4",
    "mp4 plays everywhere and is written once; mkv holds the original streams until the storage service makes mp4 of it.",
    _RECORDER,
)
SYNC_INTERVAL = Variable(
    "SYNC_INTERVAL", Decimals(Decimal("0.5"), Decimal(60)), 5.0, "The most footage that a power cut can take.", _RECORDER, "s", "5"
)
RECORD_DIR = Variable[Path | None](
    "RECORD_DIR",
    FilePath(),
    None,
    "Folder of the footage.",
    _ALL,
    default_text="/recordings in our container image, else ./recordings",
)
DATA_DIR = Variable(
    "DATA_DIR", FilePath(), Path("data"), "Folder of the catalog and the program's own state.", _ALL, default_text="./data"
)

MAX_STORAGE_GB = Variable[int | None](
    "MAX_STORAGE_GB", Gigabytes(), None, "The most that all footage may take; the oldest goes first.", _STORAGE, "GB", "no limit"
)
MIN_FREE_GB = Variable[int | None](
    "MIN_FREE_GB", Gigabytes(zero_allowed=True), None, "Space to keep free on the volume of RECORD_DIR.", _STORAGE, "GB", "no limit"
)
RETENTION_DAYS = Variable[float | None](
    "RETENTION_DAYS", _DAYS, None, "Delete footage when it is older.", _STORAGE, "days", "no limit"
)
CLEANUP_INTERVAL = Variable("CLEANUP_INTERVAL", Whole(1, 86_400), 60, "Time between two looks at the limits above.", _STORAGE, "s")

WEB_PORT = Variable("WEB_PORT", Whole(1, 65_535), 2126, "Port of the viewer and the API.", _WEB)
WEB_HOST = Variable[IPv4Address | IPv6Address | None](
    "WEB_HOST", LocalAddress(), None, "Address that the viewer and the API listen on.", _WEB, default_text="all of this machine"
)
USER = Variable[str | None]("user{n}", Text(), None, "Name of a user who may sign in.", _WEB)
PASSWORD = Variable[SecretStr | None](
    "pass{n}", SignInPassword(), None, "That user's password; a hash stands in single quotes in `.env`.", _WEB
)
SESSION_IDLE_MINUTES = Variable(
    "SESSION_IDLE_MINUTES",
    Whole(1, 720),
    30,
    "A session ends after so long without a request; after 12 hours in any case.",
    _WEB,
    "min",
)
SECRET_KEY = Variable[SecretStr | None](
    "SECRET_KEY", SecretKey(), None, "Key that signs sessions.", _WEB, default_text="made at the first start and kept in DATA_DIR"
)
TLS_CERT = Variable[Path | None]("TLS_CERT", FilePath(), None, "Certificate chain (PEM) for HTTPS, together with TLS_KEY.", _WEB)
TLS_KEY = Variable[Path | None]("TLS_KEY", FilePath(), None, "Private key (PEM) for HTTPS, together with TLS_CERT.", _WEB)
TRUSTED_PROXIES = Variable[tuple[IPv4Network | IPv6Network, ...]](
    "TRUSTED_PROXIES", Networks(), (), "Reverse proxies whose X-Forwarded-For is believed.", _WEB, default_text="none"
)
METRICS_TOKEN = Variable[SecretStr | None](
    "METRICS_TOKEN",
    SecretKey(),
    None,
    "Token with which other machines may read /metrics (`Authorization: Bearer`).",
    _WEB,
    default_text="this machine alone may",
)

LOG_FILE = Variable[Path | None](
    "LOG_FILE", FilePath(), None, "File that the log goes to besides standard error.", _ALL, default_text="standard error only"
)
LOG_LEVEL = Variable[LogLevel]("LOG_LEVEL", Choice[LogLevel](LogLevel), "INFO", "The least important lines to log.", _ALL)
TZ = Variable[ZoneInfo | None](
    "TZ", Zone(), None, "Time zone of folder names, the log and the viewer.", _ALL, default_text="the system's"
)

CHANNEL_VARIABLES: tuple[Variable[object], ...] = (
    CHANNEL_NAME,
    CHANNEL_URL,
    CHANNEL_SUB_URL,
    CHANNEL_ENABLED,
    CHANNEL_AUDIO,
    CHANNEL_RETENTION_DAYS,
    CHANNEL_MAX_GB,
)

GROUPS: tuple[tuple[str, tuple[Variable[object], ...]], ...] = (
    ("Cameras", (DVR_IP, DVR_PORT, DVR_USER, DVR_PASS, NUM_CHANNELS, RTSP_URL_TEMPLATE, RTSP_SUB_URL_TEMPLATE, AUDIO)),
    ("One camera", CHANNEL_VARIABLES),
    ("Recording", (SEGMENT_DURATION, RECORD_FORMAT, SYNC_INTERVAL, RECORD_DIR, DATA_DIR)),
    ("Storage", (MAX_STORAGE_GB, MIN_FREE_GB, RETENTION_DAYS, CLEANUP_INTERVAL)),
    (
        "Web",
        (WEB_PORT, WEB_HOST, USER, PASSWORD, SESSION_IDLE_MINUTES, SECRET_KEY, TLS_CERT, TLS_KEY, TRUSTED_PROXIES, METRICS_TOKEN),
    ),
    ("Program", (LOG_FILE, LOG_LEVEL, TZ)),
)
VARIABLES = tuple(variable for _, group in GROUPS for variable in group)

_PLAIN = frozenset(variable.name for variable in VARIABLES if not variable.numbered)
_NUMBERED = tuple(re.compile(variable.name.format(n=_NUMBER)) for variable in VARIABLES if variable.numbered)


def is_known(name: str) -> bool:
    """Whether the table has a variable of that name."""
    return name in _PLAIN or any(pattern.fullmatch(name) for pattern in _NUMBERED)


def near_name(name: str) -> str | None:
    """The variable that was probably meant by an unknown name; the number in it is kept."""
    digits = re.search(r"[0-9]{1,3}", name)
    number = int(digits.group()) if digits else 1
    return near_match(name, [variable.spelled(max(number, 1) if variable.numbered else None) for variable in VARIABLES])
