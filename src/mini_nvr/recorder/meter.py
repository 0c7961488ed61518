"""What a channel's frames amount to: rate, bit rate, age. Fed once a part, so that it costs nothing per frame."""

from collections import deque

from mini_nvr.clock import NS_PER_S

_PARTS = 12  # about the last 8 s


class Meter:
    """Moving figures over the last parts, and totals since the recorder started."""

    def __init__(self) -> None:
        self.frames = 0
        self.size_bytes = 0
        self._parts: deque[tuple[int, int, int]] = deque(maxlen=_PARTS)

    def reset(self) -> None:
        """Another connection: the moving figures begin anew."""
        self._parts.clear()

    def add(self, frames: int, size_bytes: int, duration_us: int) -> None:
        """One part's video frames, all its bytes, and how long its video lasts."""
        self.frames += frames
        self.size_bytes += size_bytes
        self._parts.append((frames, size_bytes, duration_us))

    def fps(self) -> float | None:
        duration_us = self._duration_us()
        return round(sum(part[0] for part in self._parts) * 1e6 / duration_us, 2) if duration_us else None

    def bitrate_bps(self) -> int | None:
        duration_us = self._duration_us()
        return round(sum(part[1] for part in self._parts) * 8e6 / duration_us) if duration_us else None

    def _duration_us(self) -> int:
        return sum(part[2] for part in self._parts)


def age_ms(now_ns: int, then_ns: int) -> int | None:
    """Milliseconds since a monotonic instant, None when it never came (0)."""
    return (now_ns - then_ns) * 1000 // NS_PER_S if then_ns else None
