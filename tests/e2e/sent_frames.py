"""Stored frames against the log of what the simulated camera sent: the truth about what was lost."""

from collections.abc import Sequence

from mini_nvr.demo import SentFrame

_WRAP = 1 << 32  # RTP timestamps are 32 bits (RFC 3550 section 5.1)


def lost_s(sent: Sequence[SentFrame], stored: Sequence[bytes], clock_hz: int) -> float:
    """Media time between the newest stored frame and the newest one sent; everything when nothing is stored.

    stored: digests of distinct frames. They must be a stretch of what was sent: none missing, doubled or out of order.
    """
    if not stored:
        return lasted_s(sent, clock_hz)
    known = {frame.digest: position for position, frame in enumerate(sent)}
    unknown = [number for number, found in enumerate(stored) if found not in known]
    assert not unknown, f"{len(unknown)} of {len(stored)} frames were never sent, the first is number {unknown[0]}"
    positions = [known[found] for found in stored]
    breaks = [(before, after) for before, after in zip(positions, positions[1:], strict=False) if after != before + 1]
    assert not breaks, (
        f"frames are missing, doubled or out of order {len(breaks)} times; first {breaks[0][1]} behind {breaks[0][0]}"
    )
    return lasted_s(sent[positions[-1] :], clock_hz)


def lasted_s(frames: Sequence[SentFrame], clock_hz: int) -> float:
    """From the first to the newest frame."""
    first = frames[0].rtp_timestamp if frames else 0
    ticks = [(frame.rtp_timestamp - first + _WRAP // 2) % _WRAP - _WRAP // 2 for frame in frames]
    return max(ticks, default=0) / clock_hz


def offset_in(sent: Sequence[SentFrame], stored: Sequence[bytes]) -> int:
    """Where the stored frames begin in what was sent, for sounds that repeat themselves: the first place that fits them all."""
    assert stored, "nothing is stored"
    wanted = list(stored)
    digests = [frame.digest for frame in sent]
    for offset in range(len(digests) - len(wanted) + 1):
        if digests[offset : offset + len(wanted)] == wanted:
            return offset
    raise AssertionError(f"the {len(wanted)} stored frames are no stretch of the {len(digests)} frames sent")
