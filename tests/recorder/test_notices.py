"""What its owner should know of is told once as it begins and once when it is over, and shown for long enough to be seen."""

import pytest

from mini_nvr.recorder.notices import SHOWN_S, NoticeKind, Notices
from tests.support.clock import FakeClock

CLOCK, CATALOG = NoticeKind.CLOCK_SET, NoticeKind.CATALOG_LOST


class Scene:
    """Notices, and what was told of them."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.told: list[tuple[NoticeKind, str, bool]] = []
        self.notices = Notices(self.hear, self.clock)

    def hear(self, kind: NoticeKind, detail: str, *, over: bool) -> None:
        self.told.append((kind, detail, over))

    def look(self, after_s: float = 1, *, heard: bool = True) -> None:
        self.clock.advance(after_s)
        self.notices.look(heard=heard)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_what_happens_at_once_is_shown_for_a_while(scene: Scene) -> None:
    scene.notices.happened(CLOCK, "set back")
    scene.look()
    scene.look(SHOWN_S - 2)
    assert (scene.notices.warning, scene.told) == ("set back", [(CLOCK, "set back", False)])
    scene.look()
    assert (scene.notices.warning, scene.told[1:]) == (None, [(CLOCK, "set back", True)])
    scene.look(SHOWN_S)
    assert len(scene.told) == 2


def test_what_lasts_is_shown_until_it_is_over_and_a_while_longer(scene: Scene) -> None:
    scene.notices.begin(CATALOG, "is being filled")
    scene.look(2 * SHOWN_S)
    assert scene.notices.warning == "is being filled"
    scene.notices.end(CATALOG, "has been filled")
    scene.notices.end(CATALOG, "has been filled twice")
    scene.look(SHOWN_S - 1)
    assert scene.notices.warning == "has been filled"
    scene.look()
    assert scene.notices.warning is None
    assert scene.told == [(CATALOG, "is being filled", False), (CATALOG, "has been filled", True)]


def test_the_end_of_what_never_began_is_nothing(scene: Scene) -> None:
    scene.notices.end(CATALOG, "has been filled")
    scene.look()
    assert (scene.notices.warning, scene.told) == (None, [])


def test_what_nobody_has_heard_of_waits_for_somebody_who_listens(scene: Scene) -> None:
    scene.notices.happened(CLOCK, "set back")
    scene.look(heard=False)
    assert scene.told == []
    scene.look()
    assert scene.told == [(CLOCK, "set back", False)]


def test_what_nobody_has_heard_of_in_time_has_no_end_to_be_told(scene: Scene) -> None:
    scene.notices.happened(CLOCK, "set back")
    scene.look(SHOWN_S, heard=False)
    scene.look()
    assert (scene.notices.warning, scene.told) == (None, [])


def test_what_happens_again_is_told_again_and_counted(scene: Scene) -> None:
    scene.notices.happened(CLOCK, "set back")
    scene.look()
    scene.notices.happened(CLOCK, "set ahead")
    scene.notices.begin(CATALOG, "is being filled")
    scene.look()
    assert scene.told == [(CLOCK, "set back", False), (CLOCK, "set ahead", False), (CATALOG, "is being filled", False)]
    assert scene.notices.warning == "set ahead; is being filled"
    assert (scene.notices.count(CLOCK), scene.notices.count(CATALOG)) == (2, 1)
