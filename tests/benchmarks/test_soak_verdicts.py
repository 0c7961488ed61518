"""What the soak calls a leak, a broken limit and a restart; what it saw decides, not how it was printed."""

from benchmarks.soak_verdicts import SERVICES, Look, Samples, Verdict, figure, of_all, of_service, table

MB = 1 << 20
HOUR_S = 3_600


def samples(*, memory: float = 1.0, files: int = 20, pid: int = 7, used: int = 150 * MB) -> Samples:
    """Of three services that are as they were in the middle of the run, but for what is given: at its end."""
    middle = [Look(at, 7, 50 * MB, 20) for at in (0.42, 0.48, 0.5)]
    end = [Look(at, pid, round(memory * 50 * MB), files) for at in (0.86, 0.9, 0.99)]
    seen = {f"ch1/{number}": 100 * MB for number in range(10)}
    return Samples([used, *[120 * MB] * (10 * HOUR_S)], {name: [*middle, *end] for name in SERVICES}, seen)


def broken(found: Samples, *, errors: int = 0, violations: tuple[str, ...] = ()) -> set[str]:
    return {one.what for one in of_all(found, 160, HOUR_S, errors=errors, violations=violations) if not one.holds}


def test_a_program_that_stays_as_it_is_holds() -> None:
    assert broken(samples()) == set()
    assert broken(samples(memory=1.04, files=22)) == set()


def test_more_memory_more_files_and_a_new_process_do_not() -> None:
    assert broken(samples(memory=1.06)) == {f"{name}: memory (PSS) grows" for name in SERVICES}
    assert broken(samples(files=23)) == {f"{name}: open files" for name in SERVICES}
    assert broken(samples(pid=8)) == {f"{name}: ended by itself" for name in SERVICES}


def test_the_limit_holds_at_every_sample_and_is_reached() -> None:
    assert broken(samples(used=160 * MB + 1)) == {"size of all footage"}
    little = samples()
    little.seen = {"ch1/1": 100 * MB}
    assert broken(little) == {"limit filled"}
    assert all(one.holds for one in of_all(little, 160, 60, errors=0, violations=[]))


def test_a_limit_that_was_hardly_looked_at_does_not_hold() -> None:
    seldom = samples()
    seldom.used = seldom.used[: 8 * HOUR_S]
    assert broken(seldom) == {"sizes read"}


def test_errors_and_violations_are_counted() -> None:
    assert broken(samples(), errors=1, violations=("I2: a file",)) == {
        "unexpected errors in the log",
        "storage invariants violated",
    }


def test_a_run_that_was_too_short_shows_nothing() -> None:
    (verdict,) = of_service(Samples([0]), "web")
    assert not verdict.holds


def test_what_failed_is_counted_and_seen() -> None:
    verdicts = [Verdict("one", "0", "0", True), Verdict("two", "0", "1", False)]
    assert [row[3] for row in table(verdicts).rows] == ["held", "**failed**"]
    assert (figure(verdicts).value, figure(verdicts).met, figure(verdicts).what) == (1, False, "conditions that did not hold, of 2")
