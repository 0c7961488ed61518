"""How fast footage grows, hence how much room to keep ahead of it and when to look again. Pure; times are monotonic.

Between two looks, files grow, others are begun, and a look itself takes time: the catalog may be busy, the disk slow. Room is kept
for `horizon_s` of the fastest growth of the last two minutes, and half as much again. A channel that is silent now may come back at
any moment with all it had: its usual rate counts too.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from mini_nvr.clock import NS_PER_S

LEAST_HORIZON_S = 2.0
MOST_HORIZON_S = 20.0
MARGIN = 1.5
LOOK_INTERVAL_S = 1.0
"""Between two looks while a limit is near, at most."""
_LOOKS_A_HORIZON = 4
UNKNOWN_RATE = 512 * 1024
"""Bytes a second of a channel that nothing is known of: 4 Mbit/s."""
HIGHEST_RATE = 25 << 20
"""What is believed of a channel: 200 Mbit/s. More is a file that was copied in, which does not go on growing."""
INDEX_BYTES_PER_S = 1_024
"""What sealing a file adds for each second in it: twelve to sixteen bytes a frame."""
_BUCKET_S = 4.0  # parts come about every second, key frames every few: shorter intervals would measure their rhythm
_BUCKETS = 30
_SURPRISE = 3.0
_SURPRISE_RATE = 2 << 20
_OTHERS_RATE = 200 << 20  # what other programs may write to the volume


def horizon_s(segment_duration_s: float) -> float:
    """For how long room is made ahead. With `MARGIN` a tenth of a file, as all of it stays unused; 3 s at least, 30 s at most."""
    return min(MOST_HORIZON_S, max(LEAST_HORIZON_S, segment_duration_s * 0.1 / MARGIN))


def look_interval_s(segment_duration_s: float) -> float:
    """Between two looks while a limit is near: a few fit into the time for which there is room."""
    return min(LOOK_INTERVAL_S, horizon_s(segment_duration_s) / _LOOKS_A_HORIZON)


@dataclass(slots=True)
class _Bucket:
    start_ns: int
    written: dict[int, int] = field(default_factory=dict)


class GrowthMeter:
    """Fed at each look with what each channel has written since the last one."""

    def __init__(self, now_ns: int) -> None:
        self._open = _Bucket(now_ns)
        self._rates: deque[dict[int, float]] = deque(maxlen=_BUCKETS)

    def add(self, now_ns: int, written: Mapping[int, int]) -> None:
        """written: bytes by channel, growth only."""
        for channel, size in written.items():
            self._open.written[channel] = self._open.written.get(channel, 0) + max(0, size)
        elapsed_s = (now_ns - self._open.start_ns) / NS_PER_S
        if elapsed_s >= _BUCKET_S:
            self._rates.append({channel: min(size / elapsed_s, HIGHEST_RATE) for channel, size in self._open.written.items()})
            self._open = _Bucket(now_ns)

    def peak(self) -> float:
        """Bytes a second of all channels together, at their fastest lately."""
        return max((sum(rates.values()) for rates in self._rates), default=0.0)

    def peak_of(self, channel: int) -> float:
        """The same of one channel."""
        return max((rates.get(channel, 0.0) for rates in self._rates), default=0.0)


@dataclass(frozen=True, slots=True)
class Room:
    """What to keep ahead: of all channels together, and of each."""

    ahead: int
    ahead_of: dict[int, int]


def room_ahead(meter: GrowthMeter, usual: Mapping[int, float], segment_duration_s: float) -> Room:
    """usual: bytes a second of each channel that is recorded, `UNKNOWN_RATE` where nothing is known."""
    seconds = MARGIN * horizon_s(segment_duration_s)
    index = round(INDEX_BYTES_PER_S * segment_duration_s)
    return Room(
        ahead=round(seconds * max(meter.peak(), sum(usual.values()))) + index * len(usual),
        ahead_of={channel: round(seconds * max(meter.peak_of(channel), rate)) + index for channel, rate in usual.items()},
    )


def next_look_s(
    slack_bytes: int | None, free_slack_bytes: int | None, peak: float, channels: int, least_s: float, most_s: float
) -> float:
    """Until when nothing can be passed, whatever happens; at most `most_s`, the owner's interval, and else at least `least_s`.

    slack_bytes: of the tightest limit on footage; free_slack_bytes: above the space to be kept free; None without such a limit.
    peak: bytes a second of all channels lately; it may become `_SURPRISE` times as much before we look again.
    """
    rate = max(_SURPRISE * peak, channels * _SURPRISE_RATE, 1.0)
    waits = [most_s]
    if slack_bytes is not None:
        waits.append(slack_bytes / rate)
    if free_slack_bytes is not None:
        waits.append(free_slack_bytes / (rate + _OTHERS_RATE))
    return min(most_s, max(least_s, min(waits)))
