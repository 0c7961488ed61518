"""What an hour under faults (`benchmarks.soak`) has to hold, decided from samples: room, memory, open files, errors, invariants.

Memory and files are compared between [0.4, 0.55) of the time, when all kills are over, and its last 15 %.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from benchmarks.findings import Figure, Table

SERVICES = ("storage", "recorder", "web")
BASE, FINAL = (0.4, 0.55), (0.85, 1.0)
MOST_GROWTH = 0.05
MOST_FILES_MORE = 2
LEAST_FILLED = 1.5
LEAST_SAMPLES_S = 9.0
"""Ten a second are wanted; reading the services takes some of that time."""
FILLS_AFTER_S = 120
"""A shorter run need not reach the limit."""


@dataclass(frozen=True, slots=True)
class Look:
    """One service at one moment. at: of the whole time, 0 to 1. memory: bytes of PSS. files: open ones."""

    at: float
    pid: int
    memory: int
    files: int


@dataclass
class Samples:
    """used: bytes of all footage at each sample. seen: the last size of each file, those that are gone included."""

    used: list[int] = field(default_factory=list)
    looks: dict[str, list[Look]] = field(default_factory=lambda: {name: [] for name in SERVICES})
    seen: dict[str, int] = field(default_factory=dict)

    def take_size(self, record_dir: Path) -> None:
        used = 0
        for path in record_dir.glob("ch*/*/*"):
            with suppress(FileNotFoundError):
                size = path.stat().st_size
                used += size
                self.seen[str(path)] = size
        self.used.append(used)

    def between(self, service: str, span: tuple[float, float]) -> list[Look]:
        return [look for look in self.looks[service] if span[0] <= look.at < span[1]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One condition, and whether it held."""

    what: str
    allowed: str
    measured: str
    holds: bool


def of_all(samples: Samples, limit_mb: int, seconds: float, *, errors: int, violations: Sequence[str]) -> Iterator[Verdict]:
    """errors: unexpected ones in the log. violations: of the storage invariants, in words. limit_mb: in 2^20 bytes."""
    yield from _of_room(samples, limit_mb, seconds)
    for service in SERVICES:
        yield from of_service(samples, service)
    yield Verdict("unexpected errors in the log", "0", str(errors), errors == 0)
    found = f"{len(violations)} {'; '.join(violations[:2])}".strip()
    yield Verdict("storage invariants violated", "0", found, not violations)


def _of_room(samples: Samples, limit_mb: int, seconds: float) -> Iterator[Verdict]:
    most, limit = max(samples.used), limit_mb << 20
    often = len(samples.used) / seconds
    yield Verdict("sizes read", f"{LEAST_SAMPLES_S:g} a second or more", f"{often:.1f} a second", often >= LEAST_SAMPLES_S)
    yield Verdict("size of all footage", f"{limit_mb} MB", f"{most / (1 << 20):.1f} MB", most <= limit)
    filled, least = sum(samples.seen.values()) / limit, LEAST_FILLED if seconds > FILLS_AFTER_S else 0.0
    yield Verdict("limit filled", f"{least:g} times or more", f"{filled:.1f} times", filled >= least)


def of_service(samples: Samples, service: str) -> Iterator[Verdict]:
    """Its memory, its files, its life."""
    base, final = samples.between(service, BASE), samples.between(service, FINAL)
    if not base or not final:
        yield Verdict(f"{service}: memory, files", "measured", "too short a run", False)
        return
    before, after = (median(look.memory for look in looks) for looks in (base, final))
    growth = after / before - 1
    text = f"{before / 1e6:.1f} MB {growth:+.1%}"
    yield Verdict(f"{service}: memory (PSS) grows", f"{MOST_GROWTH:.0%} at most", text, growth <= MOST_GROWTH)
    opened, still_open = (round(median(look.files for look in looks)) for looks in (base, final))
    constant = still_open - opened <= MOST_FILES_MORE
    yield Verdict(f"{service}: open files", "constant", f"{opened}, then {still_open}", constant)
    lives = len({look.pid for look in base + final})
    yield Verdict(f"{service}: ended by itself", "never", f"{lives - 1} times", lives == 1)


def table(verdicts: Sequence[Verdict]) -> Table:
    rows = tuple((one.what, one.allowed, one.measured, "held" if one.holds else "**failed**") for one in verdicts)
    return Table(("", "allowed", "measured", ""), rows)


def figure(verdicts: Sequence[Verdict]) -> Figure:
    failed = sum(not one.holds for one in verdicts)
    return Figure("failed", f"conditions that did not hold, of {len(verdicts)}", failed, "", 0, at_most=0)
