"""Fault settings and what they do to packets."""

import pytest

from mini_nvr.demo.faults import Faults, FaultSettings


class Target:
    """Remembers what was asked of it."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []

    def drop_connections(self, *, reset: bool) -> None:
        self.asked.append(("drop", reset))

    def jump_timestamps(self, seconds: float) -> None:
        self.asked.append(("jump", seconds))

    def change_resolution(self, width: int, height: int) -> None:
        self.asked.append(("size", width, height))


def packets(count: int) -> list[bytes]:
    return [piece for number in range(count) for piece in (b"$header%d" % number, b"payload%d" % number)]


def test_nothing_is_wrong_at_first() -> None:
    faults = Faults(Target())
    assert not faults.mangling
    assert faults.mangle(packets(3)) == (packets(3), False)


def test_every_nth_packet_is_lost_across_frames() -> None:
    faults = Faults(Target())
    faults.lose_every = 3
    assert faults.mangling
    first, first_cut = faults.mangle(packets(2))
    second, second_cut = faults.mangle(packets(2))
    assert (first, first_cut) == (packets(2), False)
    assert (second, second_cut) == (packets(2)[2:], True)


def test_garbage_goes_between_packets_and_starts_no_message() -> None:
    faults = Faults(Target())
    faults.garbage_every = 2
    out, cut = faults.mangle(packets(4))
    assert not cut
    garbage = [piece for piece in out if piece not in packets(4)]
    assert len(garbage) == 2
    assert out.index(garbage[0]) == 2  # before the second packet's header
    assert not set(b"$R") & set(garbage[0])


def test_clear_takes_back_every_setting() -> None:
    faults = Faults(Target())
    faults.stalled = faults.not_found = faults.no_key_frames = True
    faults.lose_every = 7
    faults.answer_delay_s = 1.5
    faults.clear()
    fresh = FaultSettings()
    assert all(getattr(faults, name) == getattr(fresh, name) for name in FaultSettings.__slots__)


def test_a_misspelt_fault_is_an_error() -> None:
    with pytest.raises(AttributeError):
        Faults(Target()).staled = True  # type: ignore[attr-defined]


def test_actions_reach_the_camera() -> None:
    target = Target()
    faults = Faults(target)
    faults.drop_connections(reset=True)
    faults.jump_timestamps(-2.5)
    faults.change_resolution(320, 240)
    assert target.asked == [("drop", True), ("jump", -2.5), ("size", 320, 240)]
