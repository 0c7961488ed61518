"""Every setting, typed, with its unit in the name: what the rest of the program reads.

Instances are made by `load`, which checks types and ranges by the table in `variables`; they never change.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from mini_nvr.config.secret import SecretStr
from mini_nvr.config.urls import url_secrets

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
RecordFormat = Literal["mp4", "mkv"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSettings:
    """One camera.

    number: its identity in the API and on disk, from 1.
    url, sub_url: final URLs, user info percent-encoded; `url` is empty only for a disabled channel that has no address.
    audio: record the camera's sound when it has any.
    retention_days, max_bytes: limits of this channel alone, None for none.
    """

    number: int
    name: str
    enabled: bool
    url: SecretStr
    sub_url: SecretStr | None = None
    audio: bool
    retention_days: float | None = None
    max_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSettings:
    """Somebody who may sign in; `password` is plain or a bcrypt hash."""

    name: str
    password: SecretStr


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings. Channels are ordered by number, without holes.

    record_dir, data_dir: folders of the footage, and of the catalog and the program's own state.
    max_storage_bytes, min_free_bytes, retention_days: limits for the storage service, None for none.
    cleanup_interval_s: between two looks at those limits.
    sync_interval_s: between two checkpoints of the growing files.
    web_host: None means all addresses of this machine.
    metrics_token: None means that only this machine may read /metrics.
    secret_key: None means that the web service makes one.
    zone: for folder names, log lines and days; every stored instant is UTC.
    tls_cert, tls_key: both or none.
    """

    channels: tuple[ChannelSettings, ...]
    segment_duration_s: int
    record_format: RecordFormat
    sync_interval_s: float
    record_dir: Path
    data_dir: Path
    max_storage_bytes: int | None
    min_free_bytes: int | None
    retention_days: float | None
    cleanup_interval_s: int
    web_port: int
    web_host: IPv4Address | IPv6Address | None
    tls_cert: Path | None
    tls_key: Path | None
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    metrics_token: SecretStr | None
    session_idle_s: int
    secret_key: SecretStr | None
    users: tuple[UserSettings, ...]
    dvr_password: SecretStr | None
    log_file: Path | None
    log_level: LogLevel
    zone: ZoneInfo

    def secrets(self) -> tuple[str, ...]:
        """Every secret in here as the plain text that it stands for, once each, for the redactor of the log."""
        direct = (self.dvr_password, self.secret_key, self.metrics_token, *(user.password for user in self.users))
        urls = [url for channel in self.channels for url in (channel.url, channel.sub_url) if url is not None]
        found = [secret.get_secret_value() for secret in direct if secret is not None]
        for url in urls:
            found.extend(url_secrets(url.get_secret_value()))
        return tuple(dict.fromkeys(found))
