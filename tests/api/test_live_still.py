"""The newest picture: real frames through a real hub, decoded again."""

from collections.abc import AsyncIterator, Sequence
from io import BytesIO

import av
import pytest

from mini_nvr.api.live_still import first_key_frame, newest_key_frame
from mini_nvr.api.problems import Problem
from mini_nvr.errors import GapCause
from mini_nvr.live import protocol
from mini_nvr.live.hub import StreamHub
from mini_nvr.media.frame import VideoCodec
from tests.support.footage import FRAME_90K, audio_clip, video_clip, video_format
from tests.support.live import ZERO_UTC_US, Screen, WallLine, frames_of
from tests.support.web import Browser, Web

PATH = "/api/channel/1/frame.jpg"
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
async def test_the_newest_key_frame_as_jpeg(web: Web, browser: Browser, codec: VideoCodec) -> None:
    web.recorder.messages = watched(codec)
    answer = await browser.get(PATH)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["x-frame-time"] == "2027-01-15T08:00:01.000+00:00"
    assert size_of(answer.content) == (192, 108)
    assert size_of((await browser.get(PATH + "?width=96")).content) == (96, 54)
    assert web.recorder.watching == 0
    record = web.deps.audit.recent(1)[0]
    assert (record.action, record.target, record.detail) == ("watch", "channel 1", "live stills")


async def test_the_same_key_frame_is_sent_once(web: Web, browser: Browser) -> None:
    web.recorder.messages = watched()
    first = await browser.get(PATH)
    headers = {"If-None-Match": first.headers["etag"]}
    again = await browser.get(PATH, headers=headers)
    assert (again.status_code, again.content) == (304, b"")
    assert (await browser.get(PATH + "?width=96", headers=headers)).status_code == 200
    web.recorder.messages = watched(frames=60)
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
        await newest_key_frame(web.deps, 1, patience_s=0.05)
    assert web.recorder.watching == 0


async def test_a_picture_that_does_not_decode_is_a_problem(web: Web, browser: Browser) -> None:
    header, init, key = watched()[:3]
    web.recorder.messages = [header, init, key[:120] + bytes(len(key) - 120)]
    answer = await browser.get(PATH)
    assert answer.status_code == 503
    assert answer.json()["type"] == "/problems/unavailable"
    assert answer.headers["retry-after"]


async def test_sound_events_and_frames_before_the_key_frame_are_passed_over() -> None:
    header, init, key, frame = watched()[:4]
    sound = protocol.part(ZERO_UTC_US, protocol.FLAG_KEY | protocol.FLAG_SOUND, b"moof", audio_clip().samples[0].data).body
    stalled = protocol.event("stalled").body
    found = await first_key_frame(1, one_by_one([key, header, init, sound, stalled, frame, key, ENDED]))
    assert found is not None
    assert found.utc_us == ZERO_UTC_US + 25 * FRAME_90K * 100 // 9
    assert await first_key_frame(1, one_by_one([header, init, frame])) is None
