"""A hub from the camera's side and from the viewers': real frames in, what FFmpeg makes of the messages out."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mini_nvr.clock import NS_PER_S
from mini_nvr.errors import GapCause
from mini_nvr.ingest.timestamps import media_us
from mini_nvr.live import protocol
from mini_nvr.live.hub import GOP_LIMIT_BYTES, STALLED_AFTER_NS, StreamHub
from mini_nvr.media.frame import AudioFormat, Frame, VideoFormat
from tests.support.footage import FRAME_90K, Clip, audio_clip, video_clip, video_format
from tests.support.live import ZERO_UTC_US, Screen, WallLine, epochs, frames_of, no_order, packets, pictures

GOP = 25
G711 = AudioFormat("pcma", 8_000, 1, b"", "", 0)


def aac_format() -> AudioFormat:
    found = audio_clip().format
    assert isinstance(found, AudioFormat)
    return found


class Camera:
    """Plays clips into a hub, sound in its place between the pictures."""

    def __init__(self, clip: Clip | None = None, *, audio: AudioFormat | None = None, video: VideoFormat | None = None) -> None:
        self.hub = StreamHub(3, "main")
        self.frames = frames_of(clip or video_clip())
        self.video = video or video_format(clip or video_clip())
        self.audio = audio
        self.line = WallLine()
        self.connect()

    def connect(self) -> None:
        self.hub.on_format(self.video, self.audio, self.line)

    def play(self, start: int, end: int) -> list[Frame]:
        for frame in self.frames[start:end]:
            self.hub.on_video(frame)
        return self.frames[start:end]

    def play_with_sound(self, start: int, end: int) -> None:
        for frame in self.frames[start:end]:
            self.hub.on_video(frame)
            low, high = (pts * 16_000 // 90_000 for pts in (frame.pts, frame.pts + FRAME_90K))
            for sound in audio_clip().samples:
                if low <= sound.pts < high:
                    self.hub.on_audio(sound.data, sound.pts)

    def watch(self) -> Screen:
        screen = Screen()
        self.hub.join(screen)
        return screen


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_the_first_picture_is_immediate_and_every_frame_follows_bit_for_bit(codec: str) -> None:
    camera = Camera(video_clip("h265" if codec == "h265" else "h264"))
    camera.play(0, 30)
    screen = camera.watch()
    assert screen.story() == "HIKffff"
    camera.play(30, 100)
    got = packets(screen.messages)
    expected = camera.frames[25:100]
    assert [(data, pts) for data, _, pts in got] == [(frame.data, frame.pts) for frame in expected]
    assert pictures(screen.messages) == 75


def test_the_header_and_the_parts_say_when_on_the_wall() -> None:
    camera = Camera()
    screen = camera.watch()
    camera.play(0, 30)
    header = protocol.read_json(screen.messages[0])
    expected = {
        "channel": 3, "stream": "main", "codecs": camera.video.codec_string, "width": 192, "height": 108,
        "mimeType": f'video/mp4; codecs="{camera.video.codec_string}"', "startUtcUs": ZERO_UTC_US, "timescale": 90_000,
        "audio": False,
    }  # fmt: skip
    assert header == expected
    assert [part.utc_us for part in screen.parts()] == [ZERO_UTC_US + media_us(frame.pts) for frame in camera.frames[:30]]
    assert [part.is_key for part in screen.parts()] == [frame.is_key for frame in camera.frames[:30]]


@pytest.mark.parametrize("signalled", [True, False])
@pytest.mark.parametrize("b_frames", [1, 2, 3])
def test_reordered_frames_keep_their_times(b_frames: int, signalled: bool) -> None:
    clip = video_clip(b_frames=b_frames)
    camera = Camera(clip, video=None if signalled else no_order(video_format(clip)))
    early, late = camera.watch(), Screen()
    camera.play(0, 60)
    camera.hub.join(late)
    camera.play(60, 100)
    for screen, first in ((early, 0), (late, 50)):
        assert sum(pictures(epoch) for epoch in epochs(screen.messages)) == 100 - first
        known = epochs(screen.messages)[-1]
        assert len(epochs(screen.messages)) == 1 or (screen is early and not signalled), "the order is learnt from the first GOP"
        got = packets(known)
        assert [(data, pts) for data, _, pts in got] == [(frame.data, frame.pts) for frame in camera.frames[-len(got) :]]
        times = [dts for _, dts, _ in got]
        assert {after - before for before, after in pairwise(times[5:])} == {FRAME_90K}, "a player takes a longer step for a break"


def test_viewers_share_one_message_a_frame() -> None:
    camera = Camera()
    first = camera.watch()
    camera.play(0, 60)
    second = camera.watch()
    camera.play(60, 75)
    assert second.story() == "HIK" + "f" * 24
    assert all(mine is yours for mine, yours in zip(first.objects[-25:], second.objects[-25:], strict=True))


def test_without_viewers_nothing_is_made() -> None:
    camera = Camera()
    screen = camera.watch()
    camera.play(0, 30)
    camera.hub.leave(screen)
    camera.hub.leave(screen)
    seen = len(screen.messages)
    camera.play(30, 60)
    assert len(screen.messages) == seen
    assert not camera.hub.viewers
    again = camera.watch()
    assert again.story() == "HIK" + "f" * 9


def test_a_viewer_before_the_camera_waits_and_gets_the_first_key_frame() -> None:
    camera = Camera()
    camera.hub = StreamHub(3, "main")
    screen = camera.watch()
    camera.connect()
    camera.play(10, 30)
    assert screen.story() == "HIKffff"


def test_a_gop_that_is_too_large_is_not_kept() -> None:
    camera = Camera()
    huge = Frame(bytes(GOP_LIMIT_BYTES // 2), 0, 0, True)
    for number in range(3):
        camera.hub.on_video(Frame(huge.data, number * FRAME_90K, 0, number == 0))
    screen = camera.watch()
    assert screen.story() == ""
    camera.hub.on_video(Frame(b"frame", 3 * FRAME_90K, 0, False))
    camera.hub.on_video(Frame(b"frame", 4 * FRAME_90K, 0, True))
    assert screen.story() == "HIK"


def test_sound_is_in_the_stream_when_it_flows() -> None:
    camera = Camera(audio=aac_format())
    camera.play_with_sound(0, 40)
    screen = camera.watch()
    camera.play_with_sound(40, 100)
    assert protocol.read_json(screen.messages[0])["codecs"].endswith(",mp4a.40.2")
    sound = packets(screen.messages, "audio")
    expected = [sample for sample in audio_clip().samples if 16_000 <= sample.pts < 64_000]
    assert [(data, pts) for data, _, pts in sound] == [(sample.data, sample.pts) for sample in expected]
    assert pictures(screen.messages) == 75
    parts = [part for part in screen.parts() if part.is_sound]
    assert [part.utc_us - ZERO_UTC_US for part in parts] == [sample.pts * 1_000_000 // 16_000 for sample in expected]


def test_sound_that_ends_is_left_out_from_a_key_frame_on_and_comes_back_at_one() -> None:
    camera = Camera(video_clip(frames=200), audio=aac_format())
    screen = camera.watch()
    camera.play_with_sound(0, 10)
    camera.play(10, 80)
    camera.play_with_sound(80, 101)
    told = [protocol.read_json(epoch[0])["audio"] for epoch in epochs(screen.messages)]
    assert told == [True, False, True]
    assert screen.story().count("(formatChanged)") == 2
    assert [sum(part[0] == 3 for part in epoch) > 0 for epoch in epochs(screen.messages)] == [True] * 3


def test_a_camera_whose_sound_never_comes_is_soon_shown_without() -> None:
    camera = Camera(audio=aac_format())
    screen = camera.watch()
    camera.play(0, 100)
    assert [protocol.read_json(epoch[0])["audio"] for epoch in epochs(screen.messages)] == [True, False]


def test_g711_is_transcoded_while_somebody_watches() -> None:
    camera = Camera(audio=G711)
    for number, frame in enumerate(camera.frames):
        if number == 30:
            screen = camera.watch()
        camera.hub.on_video(frame)
        camera.hub.on_audio(bytes([0xD5] * 320), number * 320)
    assert protocol.read_json(screen.messages[0])["codecs"].endswith(",mp4a.40.2")
    sound = [pts for _, _, pts in packets(screen.messages, "audio")]
    assert len(sound) > 15
    assert {after - before for before, after in pairwise(sound)} == {1024}


def test_another_format_gives_another_header_and_init() -> None:
    camera = Camera()
    screen = camera.watch()
    camera.play(0, 30)
    wide = video_clip(width=256)
    camera.video, camera.frames = video_format(wide), frames_of(wide)
    camera.connect()
    camera.play(30, 100)
    assert screen.story().startswith("HIK" + "f" * 24 + "Kffff(formatChanged)HIK")
    first, second = epochs(screen.messages)
    assert (pictures(first[:-1]), pictures(second)) == (30, 50)
    assert protocol.read_json(second[0])["width"] == 256


def test_the_end_is_told_with_its_cause_to_viewers_and_to_who_comes_later() -> None:
    camera = Camera()
    screen = camera.watch()
    camera.play(0, 3)
    camera.hub.on_end(GapCause.CAMERA_OFFLINE, "no answer")
    camera.hub.on_end(GapCause.WRONG_PASSWORD, "")
    late = camera.watch()
    assert screen.story() == "HIKff(ended)(ended)"
    assert late.story() == "(ended)"
    assert protocol.read_json(screen.messages[-2]) == {"event": "ended", "cause": "camera offline", "detail": "no answer"}
    camera.line = WallLine()
    camera.connect()
    camera.play(0, 2)
    assert late.story() == "(ended)HIKf"
    assert camera.watch().story() == "HIKf"


def test_a_silent_camera_is_told_once_and_its_return_too() -> None:
    camera = Camera()
    screen = camera.watch()
    camera.play(0, 3)
    camera.hub.look_for_stall(STALLED_AFTER_NS)
    assert "stalled" not in screen.story()
    for seconds in (1, 2, 3):
        camera.hub.look_for_stall(STALLED_AFTER_NS + seconds * NS_PER_S)
    camera.play(3, 5)
    assert screen.story() == "HIKff(stalled)(resumed)ff"


def test_frames_at_odd_intervals_never_look_like_a_break() -> None:
    """With single frames lost, no step is longer than twice the duration that was declared before it."""
    camera = Camera()
    screen = camera.watch()
    pts, times = 0, []
    for number in range(100):
        pts += FRAME_90K * (2 if number % 9 == 3 else 1) + number % 5 * 30
        times.append(pts)
        camera.hub.on_video(Frame(b"frame", pts, 0, number % 50 == 0))
    durations = [int.from_bytes(part.data[part.data.index(b"tfhd") + 12 :][:4]) for part in screen.parts()]
    steps = [after - before for before, after in pairwise(times)]
    assert all(step <= 2 * declared for step, declared in zip(steps, durations, strict=False))


def test_times_that_fit_nowhere_cost_a_gop_and_no_more() -> None:
    camera = Camera()
    screen = camera.watch()
    camera.play(0, 2)
    camera.hub.on_video(Frame(b"frame", 1 << 80, 0, False))
    camera.play(2, 27)
    assert screen.story() == "HIKf(formatChanged)HIKf"


@pytest.mark.parametrize("is_key", [True, False])
def test_a_viewer_that_joins_after_such_a_frame_waits_for_the_next_gop(is_key: bool) -> None:
    camera = Camera()
    camera.hub.on_video(Frame(b"frame", 1 << 80 if is_key else 0, 0, True))
    camera.hub.on_video(Frame(b"frame", 1 << 80, 0, False))
    camera.hub.on_video(Frame(b"frame", 2 * FRAME_90K, 0, False))
    screen = camera.watch()
    camera.play(25, 27)
    assert screen.story() == f"HI{'' if is_key else 'K'}(formatChanged)HIKf"


Action = tuple[str, int]
ACTIONS = st.tuples(
    st.sampled_from(["frame"] * 6 + ["key", "key", "sound", "sound", "join", "leave", "format", "end", "clear", "look"]),
    st.integers(-(10**5), 10**6) | st.just(-(1 << 40)) | st.just(1 << 62) | st.just(1 << 80),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(ACTIONS, max_size=60), st.sampled_from([None, 0, 1, 3]))
def test_whatever_a_camera_does_nothing_raises_and_epochs_begin_as_they_should(actions: list[Action], depth: int | None) -> None:
    camera = Camera(audio=aac_format(), video=replace(video_format(video_clip()), reorder_depth=depth))
    screens = [camera.watch()]
    for number, (action, value) in enumerate(actions):
        if action in {"frame", "key"}:
            camera.hub.on_video(Frame(b"frame", number * FRAME_90K + value, number, action == "key"))
        elif action == "sound":
            camera.hub.on_audio(b"sound", value)
        elif action == "join":
            screens.append(camera.watch())
        elif action == "leave":
            camera.hub.leave(screens[value % len(screens)])
        elif action == "format":
            camera.connect()
        elif action == "end":
            camera.hub.on_end(GapCause.CAMERA_OFFLINE, "")
        elif action == "clear":
            camera.hub.clear()
        else:
            camera.hub.look_for_stall(value)
    for screen in screens:
        for epoch in epochs(screen.messages):
            parts = [protocol.read_part(message) for message in epoch if message[0] == protocol.KIND_PART]
            video = [part for part in parts if not part.is_sound]
            times = [int.from_bytes(part.data[part.data.index(b"tfdt") + 8 :][:8]) for part in video]
            assert epoch[1][0] == protocol.KIND_INIT
            assert all(part.is_key for part in video[:1])
            assert all(after > before for before, after in pairwise(times) if after)
