"""The base of all our errors, and the causes of missing footage.

Each room has one child of `MiniNvrError`; a room's own file may refine its child. Foreign errors are mapped at the border
(`raise OurError(...) from exc`). A message names the cause and the remedy and never holds a secret.
"""

from enum import StrEnum


class MiniNvrError(Exception):
    """Something went wrong that we can name."""


class ConfigError(MiniNvrError):
    """Settings are missing, malformed or contradict each other."""


class MediaError(MiniNvrError):
    """Bytes do not mean what they should: parameter sets, boxes, audio."""


class RtspError(MiniNvrError):
    """Talking to a camera failed."""


class SegmentError(MiniNvrError):
    """A footage file could not be created, appended to, sealed or read."""


class CatalogError(MiniNvrError):
    """The catalog could not be opened, migrated, read or written."""


class AuthError(MiniNvrError):
    """Signing in, or what guards it, failed: an unusable key file, a password that is refused."""


class GapCause(StrEnum):
    """Why a stretch of a channel's time line holds no footage (storage I10). The values are stored and shown."""

    CAMERA_OFFLINE = "camera offline"
    WRONG_PASSWORD = "wrong password"  # noqa: S105  the cause's name, not a password
    NO_SUCH_STREAM = "no such stream"
    CAMERA_ERROR = "camera error"
    NO_KEY_FRAME = "no key frame"
    STREAM_STALLED = "stream stalled"
    UNSUPPORTED_CODEC = "unsupported codec"
    DISK_FULL = "disk full"
    DISK_STALLED = "disk stalled"
    DISK_ERROR = "disk error"
    VOLUME_MISSING = "recording folder missing"
    RECORDER_DOWN = "recorder down"
    DISABLED = "disabled"
    DELETED = "deleted by retention"
    UNKNOWN = "unknown"
