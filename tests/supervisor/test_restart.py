"""When a dead service is started again, as a table of lives and delays."""

import pytest

from mini_nvr.supervisor.restart import RestartPolicy, describe_exit


def delays(lives_s: list[float]) -> list[float]:
    policy = RestartPolicy()
    level: int | None = None
    result = []
    for lived_s in lives_s:
        level = policy.next_level(level, lived_s)
        result.append(policy.delays_s[level])
    return result


@pytest.mark.parametrize(
    ("lives_s", "expected"),
    [
        ([0], [0]),
        ([3600], [0]),
        ([0] * 8, [0, 0.5, 1, 2, 5, 10, 10, 10]),
        ([29.9] * 3, [0, 0.5, 1]),
        ([0, 0, 0, 60, 0], [0, 0.5, 1, 0, 0.5]),  # a healthy minute: quick again
        ([0, 0, 0, 59.9, 0], [0, 0.5, 1, 1, 2]),  # neither short nor healthy: the delay stays
        ([45, 45, 45], [0, 0, 0]),
    ],
)
def test_delays(lives_s: list[float], expected: list[float]) -> None:
    assert delays(lives_s) == expected


@pytest.mark.parametrize(
    ("code", "text"),
    [(0, "exit status 0"), (3, "exit status 3"), (-9, "signal SIGKILL"), (-15, "signal SIGTERM"), (-200, "signal 200")],
)
def test_the_end_in_words(code: int, text: str) -> None:
    assert describe_exit(code) == text
