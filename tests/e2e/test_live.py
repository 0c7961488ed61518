"""Live pictures from real cameras through the real recorder: what a viewer gets is what was sent, and nobody is held up."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager

import pytest

from mini_nvr.clock import SystemClock
from mini_nvr.demo import ClipSource, ClipSpec, DemoCamera, DemoRig, digest
from mini_nvr.live import client, protocol
from mini_nvr.live.protocol import KIND_EVENT, KIND_HEADER, KIND_PART, StreamName
from mini_nvr.media.frame import VIDEO_CLOCK_HZ
from tests.e2e.conftest import CLIPS, MakeRecorder
from tests.e2e.recorder_process import RecorderProcess, camera_settings, wait_until
from tests.e2e.sent_frames import lost_s
from tests.support.live import epochs, letter, packets, pictures
from tests.support.waiting import until

Messages = AsyncIterator[bytes]
Stop = Callable[[list[bytes]], bool]

FRESH_S = 3.0  # a whole machine of simulated cameras may be late; a player would notice


async def collect(recorder: RecorderProcess, channel: int, stop: Stop, stream: StreamName = "main") -> list[bytes]:
    """Watch until `stop` is content with what came, or the recorder ends."""
    got: list[bytes] = []
    async with asyncio.timeout(90), client.watch(recorder.data_dir, channel, stream) as messages:
        async for message in messages:
            got.append(message)
            if stop(got):
                break
    return got


def pictures_came(count: int) -> Stop:
    return lambda got: sum(message[0] == KIND_PART and not protocol.read_part(message).is_sound for message in got) >= count


def told(name: str) -> Stop:
    return lambda got: got[-1][0] == KIND_EVENT and protocol.read_json(got[-1])["event"] == name


def headers(count: int) -> Stop:
    """So many headers, and a key frame behind the last one."""
    return lambda got: len(epochs(got)) >= count and len(epochs(got)[-1]) > 30


@contextmanager
def rig_of(*specs: ClipSpec) -> Iterator[DemoRig]:
    cameras = [DemoCamera(number, ClipSource(spec), log_sent=True) for number, spec in enumerate(specs, 1)]
    with DemoRig(cameras) as rig:
        yield rig


@pytest.mark.parametrize("number", CLIPS)
def test_a_viewer_gets_every_frame_that_was_sent(number: int, make_recorder: MakeRecorder) -> None:
    spec = CLIPS[number]
    with rig_of(spec) as rig:
        recorder = make_recorder(camera_settings(rig, 1))
        recorder.start()
        recorder.wait_recording(1)
        got = asyncio.run(collect(recorder, 1, pictures_came(4 * spec.gop_frames)))
        now_us = SystemClock().utc_us()
    sent = rig.camera(1).sent.whole(0)  # now that it is complete: a viewer is faster than the log
    *_, epoch = epochs(got)
    found = [digest(data) for data, _, _ in packets(epoch)]
    assert lost_s(sent, found, VIDEO_CLOCK_HZ) < FRESH_S
    assert len(found) >= 2 * spec.gop_frames
    assert pictures(epoch) == len(found)
    newest = protocol.read_part(got[-1])
    print(f"{len(found)} frames, the newest {(now_us - newest.utc_us) / 1000:.0f} ms old")
    assert now_us - newest.utc_us < FRESH_S * 1_000_000
    assert len(packets(epoch, "audio")) > 10


def test_the_first_picture_comes_at_once(make_recorder: MakeRecorder) -> None:
    """A GOP of four seconds: whoever waits for a key frame waits two seconds on average; here the last one is kept."""

    async def first_picture(recorder: RecorderProcess) -> float:
        clock = SystemClock()
        started_ns = clock.monotonic_ns()
        got = await collect(recorder, 1, pictures_came(1))
        assert "".join(map(letter, got)).startswith("HIK")
        return (clock.monotonic_ns() - started_ns) / 1e6

    with rig_of(ClipSpec(gop_frames=100, frames=100)) as rig:
        recorder = make_recorder(camera_settings(rig, 1))
        recorder.start()
        recorder.wait_recording(1)
        took_ms = [asyncio.run(first_picture(recorder)) for _ in range(5)]
    print("first picture after", [f"{ms:.1f} ms" for ms in took_ms])
    assert sorted(took_ms)[len(took_ms) // 2] < 1_000, "a key frame is two seconds away on average"


def test_another_resolution_comes_with_its_own_header(make_recorder: MakeRecorder) -> None:
    async def scenario(rig: DemoRig, recorder: RecorderProcess) -> list[bytes]:
        watching = asyncio.create_task(collect(recorder, 1, headers(2)))
        await asyncio.sleep(1)
        await asyncio.to_thread(rig.camera(1).faults.change_resolution, 192, 112)
        return await watching

    with rig_of(ClipSpec()) as rig:
        recorder = make_recorder(camera_settings(rig, 1))
        recorder.start()
        recorder.wait_recording(1)
        got = asyncio.run(scenario(rig, recorder))
    first, second = epochs(got)
    assert [protocol.read_json(epoch[0])["width"] for epoch in (first, second)] == [320, 192]
    assert pictures([message for message in first if message[0] != KIND_EVENT]) > 0
    assert pictures(second) > 0


def test_fifty_viewers_get_every_frame_while_a_slow_one_gets_what_it_can(make_recorder: MakeRecorder) -> None:
    """All fifty are read by this one process; on a busy machine it is a slow viewer itself, so of several tries one has to do."""
    spec = ClipSpec(width=640, height=360, bit_rate=1_000_000, gop_frames=50, frames=100)

    async def scenario(recorder: RecorderProcess) -> list[list[bytes]]:
        async with client.watch(recorder.data_dir, 1, "main") as slow:
            viewers = [collect(recorder, 1, pictures_came(120)) for _ in range(50)]
            everything = await asyncio.gather(*viewers)
            assert letter(await anext(slow)) == "H"
        return everything

    with rig_of(spec) as rig:
        recorder = make_recorder(camera_settings(rig, 1))
        recorder.start()
        recorder.wait_recording(1)
        for _ in range(VIEWERS_TRIES):
            everything = asyncio.run(scenario(recorder))
            held_up = [why for why in (what_is_missing(rig, got) for got in everything) if why]
            if not held_up:
                break
        recorder.stop()
        sent = rig.camera(1).sent.whole(0)
        recorded = recorder.segments(1)
    assert not held_up, held_up
    assert sum(row.video_frames for row in recorded) >= len(sent) - 25, "viewers cost the recording no frame"


VIEWERS_TRIES = 3


def what_is_missing(rig: DemoRig, got: list[bytes]) -> str:
    """What the rig's first camera sent between the first and the last frame that a viewer got, and the viewer did not get."""
    found = [digest(data) for data, _, _ in packets(got)]
    wait_until(lambda: found[-1] in {frame.digest for frame in rig.camera(1).sent.whole(0)}, "the log of what was sent", 10)
    try:
        lost_s(rig.camera(1).sent.whole(0), found, VIDEO_CLOCK_HZ)
    except AssertionError as exc:
        return str(exc)
    return ""


def test_a_sub_stream_is_connected_once_and_only_while_it_is_watched(make_recorder: MakeRecorder) -> None:
    async def scenario(rig: DemoRig, recorder: RecorderProcess) -> list[list[bytes]]:
        camera = rig.camera(2)
        assert not camera.viewers
        watching = [asyncio.create_task(collect(recorder, 1, pictures_came(60), "sub")) for _ in range(3)]
        await until(lambda: bool(camera.viewers), 30)
        await asyncio.sleep(1)
        assert len(camera.viewers) == 1
        got = await asyncio.gather(*watching)
        assert len(camera.viewers) == 1, "it stays for a while, for whoever comes back"
        await until(lambda: not camera.viewers, 60)
        return got

    with rig_of(ClipSpec(), ClipSpec(width=192, height=112, audio="pcma")) as rig:
        recorder = make_recorder(camera_settings(rig, 1, CHANNEL_1_SUB_URL=rig.url(2)))
        recorder.start()
        recorder.wait_recording(1)
        everything = asyncio.run(scenario(rig, recorder))
        recorder.stop()
    sent = rig.camera(2).sent.whole(0)
    for got in everything:
        assert protocol.read_json(got[0])["width"] == 192
        assert [message[0] for message in got].count(KIND_HEADER) == 1
        assert pictures(got) == 60
        assert len(packets(got, "audio")) > 5
        assert lost_s(sent, [digest(data) for data, _, _ in packets(got)], VIDEO_CLOCK_HZ) < 10 + FRESH_S
    assert recorder.files() == recorder.files(1), "sub streams are not recorded"


def test_a_refused_password_is_told_and_never_shown(make_recorder: MakeRecorder) -> None:
    """SECURITY S5: neither messages nor log hold the password of a sub stream, right or wrong."""
    wrong = "wr0ng-canary"
    cameras = [DemoCamera(number, ClipSource(ClipSpec())) for number in (1, 2)]
    with DemoRig(cameras, user="admin", password="right-canary") as rig:
        url = rig.url(2, user="admin", password=wrong)
        recorder = make_recorder(camera_settings(rig, 1, CHANNEL_1_SUB_URL=url))
        recorder.start()
        recorder.wait_recording(1)
        got = asyncio.run(collect(recorder, 1, told("ended"), "sub"))
    assert protocol.read_json(got[-1])["cause"] == "wrong password"
    everything = b"".join(got) + recorder.log().encode()
    assert b"canary" not in everything


def test_a_camera_that_goes_away_and_comes_back(make_recorder: MakeRecorder) -> None:
    async def scenario(rig: DemoRig, recorder: RecorderProcess) -> list[bytes]:
        watching = asyncio.create_task(collect(recorder, 1, headers(2)))
        await asyncio.sleep(1)
        await asyncio.to_thread(rig.offline)
        late = await collect(recorder, 1, told("ended"))
        assert protocol.read_json(late[-1])["cause"] == "camera offline"
        await asyncio.to_thread(rig.online)
        return await watching

    with rig_of(ClipSpec()) as rig:
        recorder = make_recorder(camera_settings(rig, 1))
        recorder.start()
        recorder.wait_recording(1)
        got = asyncio.run(scenario(rig, recorder))
    assert "(ended)" in "".join(map(letter, got))
    first, second = (protocol.read_json(epoch[0])["startUtcUs"] for epoch in epochs(got))
    assert second > first + 1_000_000


def test_viewers_of_a_recorder_that_is_killed_know_at_once_and_may_come_back(make_recorder: MakeRecorder) -> None:
    async def scenario(recorder: RecorderProcess) -> None:
        watching = [asyncio.create_task(collect(recorder, 1, lambda got: False)) for _ in range(5)]
        async with client.events(recorder.data_dir) as news:
            await asyncio.sleep(0.5)
            await asyncio.to_thread(recorder.kill)
            async with asyncio.timeout(60):
                assert all("K" in "".join(map(letter, got)) for got in await asyncio.gather(*watching))
                assert [item async for item in news]
        with pytest.raises(client.RecorderNotRunning):
            await collect(recorder, 1, pictures_came(1))
        await asyncio.to_thread(recorder.start)
        assert await collect(recorder, 1, pictures_came(30))

    with rig_of(ClipSpec()) as rig:
        recorder = make_recorder(camera_settings(rig, 1))
        recorder.start()
        recorder.wait_recording(1)
        asyncio.run(scenario(recorder))


def test_listeners_hear_of_files_gaps_and_states(make_recorder: MakeRecorder) -> None:
    """The camera comes when somebody listens and goes with the first file: whatever order the news then has, none is missing."""

    async def scenario(rig: DemoRig, recorder: RecorderProcess) -> list[dict[str, object]]:
        heard: list[dict[str, object]] = []
        missing = {"segmentSealed", "gap", "REC"}
        async with asyncio.timeout(90), client.events(recorder.data_dir) as news:
            await asyncio.to_thread(rig.online)
            async for item in news:
                heard.append(item)
                if item["event"] == "segmentOpened":
                    await asyncio.to_thread(rig.offline)
                elif any(earlier["event"] == "segmentOpened" for earlier in heard):
                    missing -= {item["event"], item.get("status")}
                if not missing:
                    break
        return heard

    with rig_of(ClipSpec()) as rig:
        rig.offline()
        recorder = make_recorder(camera_settings(rig, 1))
        recorder.start()
        heard = asyncio.run(scenario(rig, recorder))
        (path,) = recorder.files(1)
    opened = next(item for item in heard if item["event"] == "segmentOpened")
    sealed = next(item for item in heard if item["event"] == "segmentSealed")
    assert opened["path"] == sealed["path"] == str(path.relative_to(recorder.record_dir))
    assert sealed["bytes"] == path.stat().st_size
    states = [item["status"] for item in heard if item["event"] == "channel"]
    assert states[0] == "OFF"
    assert "LIVE" in states
    assert states[-1] == "REC"
    *_, gap = (item for item in heard if item["event"] == "gap")
    assert (gap["cause"], gap["endUtcUs"]) == ("camera offline", None)
