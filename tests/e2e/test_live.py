"""Live pictures from real cameras through the real recorder: what a viewer gets is what was sent, and nobody is held up."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

import pytest

from mini_nvr.clock import US_PER_S, SystemClock
from mini_nvr.demo import ClipSource, ClipSpec, DemoCamera, DemoRig, digest
from mini_nvr.live import client, protocol
from mini_nvr.live.protocol import KIND_EVENT, KIND_HEADER, KIND_PART, StreamName
from mini_nvr.media.frame import VIDEO_CLOCK_HZ
from tests.e2e.conftest import CLIPS, MakeRecorder
from tests.e2e.recorder_process import RecorderProcess, camera_settings, wait_until
from tests.e2e.sent_frames import lost_s
from tests.e2e.taken_frames import wait_until_taken
from tests.support.live import epochs, letter, packets, pictures
from tests.support.waiting import until

Messages = AsyncIterator[bytes]
Stop = Callable[[list[bytes]], bool]

FRESH_S = 3.0  # a whole machine of simulated cameras may be late; a player would notice
WATCHED_S = 120.0


async def collect(
    recorder: RecorderProcess, channel: int, stop: Stop, stream: StreamName = "main", got: list[bytes] | None = None
) -> list[bytes]:
    """Watch until `stop` is content with what came, or the recorder ends. `got`: a list of the caller's, who looks on."""
    got = [] if got is None else got
    try:
        async with asyncio.timeout(WATCHED_S), client.watch(recorder.data_dir, channel, stream) as messages:
            async for message in messages:
                got.append(message)
                if stop(got):
                    break
    except TimeoutError:
        raise AssertionError(f"{WATCHED_S:g} s were not enough; {len(got)} messages came: {story(got)}") from None
    return got


@asynccontextmanager
async def watching(recorder: RecorderProcess, stop: Stop) -> AsyncIterator[asyncio.Task[list[bytes]]]:
    """`collect` beside what the block does, which begins when there is a first picture."""
    got: list[bytes] = []
    task = asyncio.create_task(collect(recorder, 1, stop, got=got))
    await until(lambda: task.done() or "K" in story(got), WATCHED_S)
    yield task


def story(got: list[bytes]) -> str:
    return "".join(map(letter, got))


def is_picture(message: bytes) -> bool:
    return message[0] == KIND_PART and not protocol.read_part(message).is_sound


def pictures_came(count: int) -> Stop:
    """Asked once for each message."""
    left = itertools.count(count - 1, -1)
    return lambda got: is_picture(got[-1]) and next(left) <= 0


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
        ages_us: list[int] = []
        enough = pictures_came(4 * spec.gop_frames)

        def aged_and_enough(got: list[bytes]) -> bool:
            if is_picture(got[-1]):
                ages_us.append(SystemClock().utc_us() - protocol.read_part(got[-1]).utc_us)
            return enough(got)

        got = asyncio.run(collect(recorder, 1, aged_and_enough))
    sent = rig.camera(1).sent.whole(0)  # now that it is complete: a viewer is faster than the log
    *_, epoch = epochs(got)
    found = [digest(data) for data, _, _ in packets(epoch)]
    assert lost_s(sent, found, VIDEO_CLOCK_HZ) < FRESH_S
    assert len(found) >= 2 * spec.gop_frames
    assert pictures(epoch) == len(found)
    print(f"{len(found)} frames, the newest {ages_us[-1] / 1000:.0f} ms old when it came")
    assert ages_us[-1] < FRESH_S * US_PER_S
    assert len(packets(epoch, "audio")) > 10


def test_the_first_picture_is_there_before_the_next_key_frame(make_recorder: MakeRecorder) -> None:
    """A camera that is silent sends none: what viewers get is what was kept, from the last one on."""
    with rig_of(ClipSpec(gop_frames=100, frames=100)) as rig:
        recorder = make_recorder(camera_settings(rig, 1))
        recorder.start()
        recorder.wait_recording(1)
        rig.camera(1).faults.stalled = True
        got = asyncio.run(collect(recorder, 1, pictures_came(1)))
    assert story(got).startswith("HIK")


def test_another_resolution_comes_with_its_own_header(make_recorder: MakeRecorder) -> None:
    async def scenario(rig: DemoRig, recorder: RecorderProcess) -> list[bytes]:
        async with watching(recorder, headers(2)) as viewer:
            await asyncio.to_thread(rig.camera(1).faults.change_resolution, 192, 112)
        return await viewer

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
        rig.camera(1).faults.stalled = True
        wait_until_taken(rig, [1])
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
        await until(lambda: bool(camera.viewers))
        got = await asyncio.gather(*watching)
        assert len(camera.viewers) == 1, "it stays for a while, for whoever comes back"
        await until(lambda: not camera.viewers)
        return got

    with rig_of(ClipSpec(), ClipSpec(width=192, height=112, audio="pcma")) as rig:
        recorder = make_recorder(camera_settings(rig, 1, CHANNEL_1_SUB_URL=rig.url(2)))
        recorder.start()
        recorder.wait_recording(1)
        everything = asyncio.run(scenario(rig, recorder))
        recorder.stop()
    sent = rig.camera(2).sent.whole(0)
    assert len({frame.client for frame in sent}) == 1, "connected once"
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
        async with watching(recorder, headers(2)) as viewer:
            await asyncio.to_thread(rig.offline)
            late = await collect(recorder, 1, told("ended"))
            assert protocol.read_json(late[-1])["cause"] == "camera offline"
            await asyncio.to_thread(rig.online)
        return await viewer

    with rig_of(ClipSpec()) as rig:
        recorder = make_recorder(camera_settings(rig, 1))
        recorder.start()
        recorder.wait_recording(1)
        got = asyncio.run(scenario(rig, recorder))
    assert "(ended)" in story(got)
    first, second = epochs(got)
    assert protocol.read_json(second[0])["startUtcUs"] > protocol.read_json(first[0])["startUtcUs"]
    assert dates_us(second)[0] > dates_us(first)[-1]


def dates_us(epoch: list[bytes]) -> list[int]:
    """Of its pictures."""
    return sorted(protocol.read_part(message).utc_us for message in epoch if is_picture(message))


def test_viewers_of_a_recorder_that_is_killed_know_at_once_and_may_come_back(make_recorder: MakeRecorder) -> None:
    async def scenario(recorder: RecorderProcess) -> None:
        async with AsyncExitStack() as stack:
            viewers = [await stack.enter_async_context(watching(recorder, lambda got: False)) for _ in range(5)]
            news = await stack.enter_async_context(client.events(recorder.data_dir))
            async with asyncio.timeout(WATCHED_S):
                assert (await anext(news))["event"] == "channel"
                await asyncio.to_thread(recorder.kill)
                assert all(["K" in story(got) for got in await asyncio.gather(*viewers)])
                async for _ in news:
                    pass  # until they end, too
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
        try:
            async with asyncio.timeout(WATCHED_S), client.events(recorder.data_dir) as news:
                await asyncio.to_thread(rig.online)
                async for item in news:
                    heard.append(item)
                    if item["event"] == "segmentOpened":
                        await asyncio.to_thread(rig.offline)
                    elif any(earlier["event"] == "segmentOpened" for earlier in heard):
                        missing -= {item["event"], item.get("status")}
                    if not missing:
                        break
        except TimeoutError:
            raise AssertionError(f"{missing} did not come, only: {heard}") from None
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
    assert [state for state, _ in itertools.groupby(states)] == ["OFF", "LIVE", "REC"]
    *_, gap = (item for item in heard if item["event"] == "gap")
    assert (gap["cause"], gap["endUtcUs"]) == ("camera offline", None)
