"""The newest picture: real frames through a real hub, decoded again."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from io import BytesIO

import av
import pytest

from mini_nvr.api.live_gop import LiveGop, fill, newest_gop
from mini_nvr.api.live_still import BUDGET_NS, KEPT_NS, MOST, SHARED_NS, LiveStill, LiveStills
from mini_nvr.api.problems import Problem
from mini_nvr.clock import NS_PER_S
from mini_nvr.errors import GapCause
from mini_nvr.live import protocol
from mini_nvr.live.hub import StreamHub
from mini_nvr.media.frame import VideoCodec
from tests.support.clock import FakeClock
from tests.support.footage import FRAME_90K, audio_clip, video_clip, video_format
from tests.support.live import ZERO_UTC_US, Screen, WallLine, frames_of
from tests.support.web import Browser, Web

PATH = "/api/channel/1/frame.jpg"
MARK = protocol.event("caughtUp").body
ENDED = protocol.event("ended", cause="camera offline", detail="no route to host").body


def watched(codec: VideoCodec = "h264", frames: int = 40) -> list[bytes]:
    """What a viewer gets who comes after so many frames; a key frame is each 25th."""
    clip = video_clip(codec)
    hub, screen = StreamHub(1, "main"), Screen()
    hub.on_format(video_format(clip), None, WallLine())
    for frame in frames_of(clip)[:frames]:
        hub.on_video(frame)
    hub.join(screen)
    return screen.messages


def size_of(jpeg: bytes) -> tuple[int, int]:
    with av.open(BytesIO(jpeg)) as picture:
        stream = picture.streams.video[0]
        return stream.width, stream.height


async def one_by_one(messages: Sequence[bytes]) -> AsyncIterator[bytes]:
    for message in messages:
        yield message


@pytest.mark.parametrize("codec", ["h264", "h265"])
async def test_the_newest_picture_as_jpeg(web: Web, browser: Browser, codec: VideoCodec) -> None:
    web.recorder.messages = watched(codec)
    answer = await browser.get(PATH)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["x-frame-time"] == answer.headers["x-newest-frame-time"] == "2027-01-15T08:00:01.560+00:00"
    assert size_of(answer.content) == (192, 108)
    assert size_of((await browser.get(PATH + "?width=96")).content) == (96, 54)
    assert web.recorder.watching == 0
    record = web.deps.audit.recent(1)[0]
    assert (record.action, record.target, record.detail) == ("watch", "channel 1", "live stills")


async def test_the_same_picture_is_sent_once(web: Web, browser: Browser) -> None:
    web.recorder.messages = watched()
    first = await browser.get(PATH)
    headers = {"If-None-Match": first.headers["etag"]}
    for seconds in (0.0, 1.0, 10.0):  # made for others a moment ago, asked for each second, forgotten
        web.clock.advance(seconds)
        again = await browser.get(PATH, headers=headers)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["x-frame-time"] == first.headers["x-frame-time"]
    assert (await browser.get(PATH + "?width=96", headers=headers)).status_code == 200
    web.recorder.messages = watched(frames=41)
    web.clock.advance(1)
    assert (await browser.get(PATH, headers=headers)).status_code == 200


async def test_a_camera_that_is_away_is_named_with_its_cause(web: Web, browser: Browser) -> None:
    web.recorder.messages = [ENDED]
    answer = await browser.get(PATH)
    assert answer.status_code == 404
    assert answer.json()["cause"] == GapCause.CAMERA_OFFLINE
    assert "no route to host" in answer.json()["detail"]


@pytest.mark.parametrize(("channel", "status"), [(1, 503), (3, 404), (9, 404)])
async def test_no_recorder_and_no_such_camera(browser: Browser, channel: int, status: int) -> None:
    answer = await browser.get(f"/api/channel/{channel}/frame.jpg")
    assert answer.status_code == status
    assert answer.json()["remedy"]


async def test_a_camera_without_key_frames_is_not_waited_for_for_ever(web: Web) -> None:
    web.recorder.messages = watched()[:2]
    with pytest.raises(Problem, match="no key frame"):
        await newest_gop(web.recorder, 1, patience_s=0.05)
    assert web.recorder.watching == 0


async def test_a_picture_that_does_not_decode_is_a_problem(web: Web, browser: Browser) -> None:
    header, init, key = watched()[:3]
    web.recorder.messages = [header, init, key[:120] + bytes(len(key) - 120)]
    answer = await browser.get(PATH)
    assert answer.status_code == 503
    assert answer.json()["type"] == "/problems/unavailable"
    assert answer.headers["retry-after"]


def utc_us_of(frame: int) -> int:
    return ZERO_UTC_US + frame * FRAME_90K * 100 // 9


async def filled(messages: Sequence[bytes]) -> LiveGop:
    gop = LiveGop()
    await fill(gop, 1, one_by_one(messages))
    return gop


async def test_sound_events_and_frames_before_the_key_frame_are_passed_over() -> None:
    header, init, key, frame = watched()[:4]
    sound = protocol.part(ZERO_UTC_US, protocol.FLAG_KEY | protocol.FLAG_SOUND, b"moof", audio_clip().samples[0].data).body
    stalled = protocol.event("stalled").body
    gop = await filled([key, header, init, sound, stalled, frame, key, sound, frame, MARK, ENDED])
    assert [part.utc_us for part in gop.parts] == [utc_us_of(25), utc_us_of(26)]
    assert (gop.key_utc_us, gop.newest_utc_us) == (utc_us_of(25), utc_us_of(26))
    assert not (await filled([header, init, frame])).parts


async def test_without_frames_at_the_mark_the_first_key_frame_is_waited_for() -> None:
    header, init, key, frame = watched()[:4]
    assert len((await filled([MARK, header, init, key, frame, ENDED])).parts) == 1


async def test_a_reader_that_was_cut_back_needs_no_mark() -> None:
    header, init, key, frame = watched()[:4]
    skipped = protocol.event("skipped", parts=3).body
    later = watched(frames=60)[2]
    gop = await filled([header, init, key, frame, skipped, later, ENDED])
    assert [part.utc_us for part in gop.parts] == [utc_us_of(50)]


async def test_a_new_key_frame_and_a_new_epoch_begin_anew() -> None:
    header, init, key, frame = watched()[:4]
    later = watched(frames=60)
    assert (await filled([header, init, key, frame, later[2], later[3], MARK])).key_utc_us == utc_us_of(50)
    assert (await filled([header, init, key, frame, *later, MARK])).newest_utc_us == utc_us_of(59)


async def test_what_came_in_time_is_shown_without_a_mark(web: Web) -> None:
    messages = watched()
    web.recorder.marks = False
    web.recorder.messages = messages
    assert (await newest_gop(web.recorder, 1, patience_s=0.05)).newest_utc_us == utc_us_of(39)


class SlowClock(FakeClock):
    """Each look at it takes a tenth of the time that a picture may take."""

    def monotonic_ns(self) -> int:
        self.advance(BUDGET_NS / NS_PER_S / 10)
        return super().monotonic_ns()


async def newest(stills: LiveStills, web: Web, clock: FakeClock, width: int | None = None) -> LiveStill:
    return await stills.newest(web.recorder, clock, 1, width)


async def test_ten_who_ask_at_once_or_within_a_second_cost_one(web: Web) -> None:
    web.recorder.messages = watched()
    stills = LiveStills()
    together = await asyncio.gather(*(newest(stills, web, web.clock) for _ in range(10)))
    web.clock.advance(SHARED_NS / NS_PER_S - 0.01)
    web.recorder.messages = watched(frames=45)
    assert all(still is together[0] for still in [*together, await newest(stills, web, web.clock)])
    assert len(web.recorder.watched) == 1
    web.clock.advance(0.02)
    assert (await newest(stills, web, web.clock)).utc_us == utc_us_of(44)


async def test_one_who_gives_up_leaves_the_picture_to_the_others(web: Web) -> None:
    web.recorder.messages = watched()
    stills = LiveStills()
    first, second = (asyncio.create_task(newest(stills, web, web.clock)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).utc_us == utc_us_of(39)
    assert len(web.recorder.watched) == 1


async def test_all_who_wait_hear_why_there_is_none_and_the_next_one_asks_again(web: Web) -> None:
    web.recorder.messages = [ENDED]
    stills = LiveStills()
    answers = await asyncio.gather(*(newest(stills, web, web.clock) for _ in range(3)), return_exceptions=True)
    assert all(isinstance(answer, Problem) and answer.status == 404 for answer in answers)
    web.recorder.messages = watched()
    assert (await newest(stills, web, web.clock)).utc_us == utc_us_of(39)


async def test_decoding_that_takes_too_long_ends_with_an_older_picture(web: Web) -> None:
    """And is not begun again in vain before the next key frame; how far the camera is by then is told all the same."""
    web.recorder.messages = watched()
    stills, clock = LiveStills(), SlowClock()
    cut = await newest(stills, web, clock)
    assert utc_us_of(25) < cut.utc_us < cut.newest_utc_us == utc_us_of(39)
    clock.advance(1)
    web.recorder.messages = watched(frames=45)
    again = await newest(stills, web, clock)
    assert again.jpeg is cut.jpeg
    assert (again.utc_us, again.newest_utc_us) == (cut.utc_us, utc_us_of(44))
    clock.advance(1)
    web.recorder.messages = watched(frames=53)
    assert (await newest(stills, web, clock)).utc_us == utc_us_of(52)


async def test_many_pictures_share_the_time(web: Web) -> None:
    web.recorder.messages = watched(frames=50)
    stills, clock = LiveStills(), SlowClock()
    alone = await newest(stills, web, clock)
    for width in range(16, 24):
        last = await newest(stills, web, clock, width)
    assert utc_us_of(25) <= last.utc_us < alone.utc_us
    clock.advance(KEPT_NS / NS_PER_S)
    assert (await newest(stills, web, clock, 30)).utc_us == alone.utc_us, "the others have gone"


async def test_pictures_do_not_pile_up(web: Web) -> None:
    web.recorder.messages = watched(frames=26)
    stills = LiveStills()
    for width in range(16, 16 + MOST + 5):
        await newest(stills, web, web.clock, width)
    assert len(stills) == MOST
    web.clock.advance(KEPT_NS / NS_PER_S)
    await newest(stills, web, web.clock)
    assert len(stills) == 1
