"""What cameras do to a recorder: recording resumes within 2 s of the camera being back, and each gap has its cause.

All faults run at once, each on a camera of its own, so that the real time is spent once; every claim is read from the catalog.
"""

from collections.abc import Iterator

import pytest

from mini_nvr.catalog.model import GapRow
from mini_nvr.clock import US_PER_S, SystemClock
from mini_nvr.demo import ClipSource, DemoCamera, DemoRig
from mini_nvr.errors import GapCause
from tests.e2e.conftest import MakeRecorder
from tests.e2e.recorder_process import RecorderProcess, camera_settings, pause
from tests.support.stored import video_digests

BACK_WITHIN_S = 2.0
RESET, CLEAN, STALL, RESOLUTION, JUMP, GARBAGE, NO_SETS, LOSS = range(1, 9)
CHANNELS = 8


def now_us() -> int:
    return SystemClock().utc_us()


@pytest.fixture
def rig() -> Iterator[DemoRig]:
    with DemoRig([DemoCamera(number, ClipSource()) for number in range(1, CHANNELS + 1)]) as rig:
        rig.camera(NO_SETS).faults.sdp_without_sets = True
        yield rig


def real_gaps(recorder: RecorderProcess, channel: int) -> list[GapRow]:
    """The gaps of a channel but for the one before its first footage."""
    return [gap for gap in recorder.gaps(channel) if gap.cause is not GapCause.RECORDER_DOWN]


def runs(recorder: RecorderProcess, channel: int) -> int:
    """How many unbroken runs the channel's footage has."""
    return len({row.run_id for row in recorder.segments(channel)})


def resumed_after(gap: GapRow, back_utc_us: int) -> float:
    """Seconds from the camera's return to the first recorded frame."""
    assert gap.end_utc_us is not None, f"{gap} is still open"
    return (gap.end_utc_us - back_utc_us) / US_PER_S


def test_every_camera_fault_is_survived_and_told(rig: DemoRig, make_recorder: MakeRecorder) -> None:
    recorder = make_recorder(camera_settings(rig, CHANNELS, SEGMENT_DURATION="10", SYNC_INTERVAL="1"))

    def is_over(channel: int) -> bool:
        gaps = real_gaps(recorder, channel)
        return bool(gaps) and gaps[-1].end_utc_us is not None

    recorder.start()
    recorder.wait_recording(CHANNELS)
    pause(6)  # a connection that delivered for 5 s is taken as healthy
    rig.camera(GARBAGE).faults.garbage_every = 20
    rig.camera(LOSS).faults.lose_every = 100
    rig.camera(STALL).faults.stalled = True
    rig.camera(RESOLUTION).faults.change_resolution(640, 360)
    rig.camera(JUMP).faults.jump_timestamps(3600)
    dropped = now_us()
    rig.camera(RESET).faults.drop_connections(reset=True)
    rig.camera(CLEAN).faults.drop_connections()
    recorder.wait_until(lambda: all(map(is_over, (RESET, CLEAN))), "the cameras' return that hung up")
    pause(3)
    rig.camera(JUMP).faults.jump_timestamps(-7200)
    recorder.wait_until(
        lambda: [gap.cause for gap in real_gaps(recorder, STALL)] == [GapCause.STREAM_STALLED], "the stall being noticed"
    )
    pause(2)
    stall_over = now_us()
    rig.camera(STALL).faults.stalled = False
    recorder.wait_until(lambda: is_over(STALL), "the stalled camera's return")
    recorder.wait_recording(CHANNELS)
    assert recorder.stop() == 0

    for channel, cause in ((RESET, GapCause.CAMERA_OFFLINE), (CLEAN, GapCause.CAMERA_OFFLINE)):
        gaps = real_gaps(recorder, channel)
        assert [gap.cause for gap in gaps] == [cause, GapCause.RECORDER_DOWN][: len(gaps)], gaps
        assert resumed_after(gaps[0], dropped) <= BACK_WITHIN_S
    assert resumed_after(real_gaps(recorder, STALL)[0], stall_over) <= BACK_WITHIN_S

    for channel in (RESOLUTION, JUMP, GARBAGE, NO_SETS, LOSS):
        assert real_gaps(recorder, channel) == []
        assert runs(recorder, channel) == 1
    sizes = [(row.width, row.height) for row in recorder.segments(RESOLUTION)]
    assert sizes[0] == (320, 180)
    assert sizes[-1] == (640, 360)
    assert "time stamps jumped" in recorder.log()
    assert "Traceback" not in recorder.log()
    jump = recorder.segments(JUMP)
    assert (jump[-1].end_utc_us - jump[0].start_utc_us) / US_PER_S < 60  # the jumps are not in the footage


def test_a_camera_that_is_away_is_back_within_two_seconds(make_recorder: MakeRecorder) -> None:
    """Away long enough that the ladder of delays alone would take longer to notice."""
    with DemoRig([DemoCamera(1, ClipSource())]) as rig:
        recorder = make_recorder(camera_settings(rig, 1, SYNC_INTERVAL="1"))
        recorder.start()
        recorder.wait_recording(1)
        rig.offline()
        pause(9)
        back = now_us()
        rig.online()
        recorder.wait_until(lambda: real_gaps(recorder, 1)[-1].end_utc_us is not None, "the gap's end")
        gaps = real_gaps(recorder, 1)
        recorder.stop()
    assert {gap.cause for gap in gaps} == {GapCause.CAMERA_OFFLINE}
    assert resumed_after(gaps[-1], back) <= BACK_WITHIN_S


def test_a_refused_password_is_told_and_not_tried_again_until_the_camera_restarts(make_recorder: MakeRecorder) -> None:
    with DemoRig([DemoCamera(1, ClipSource())], user="admin", password="right") as rig:
        settings = camera_settings(rig, 1, SYNC_INTERVAL="1") | {"DVR_PASS": "c4n4ry-wrong"}
        recorder = make_recorder(settings)
        recorder.start()
        recorder.wait_until(lambda: bool(real_gaps(recorder, 1)), "the refusal")
        pause(4)
        attempts = recorder.log().count("wrong password")
        rig.offline()
        rig.change_password("c4n4ry-wrong")
        pause(3)
        back = now_us()
        rig.online()
        recorder.wait_until(lambda: real_gaps(recorder, 1)[-1].end_utc_us is not None, "the gap's end")
        gaps = real_gaps(recorder, 1)
        recorder.stop()
    assert attempts == 1
    assert [gap.cause for gap in gaps] == [GapCause.WRONG_PASSWORD]
    assert resumed_after(gaps[0], back) <= BACK_WITHIN_S
    assert "c4n4ry" not in recorder.log()


def test_a_restart_of_the_recorder_is_a_gap_of_its_own(make_recorder: MakeRecorder) -> None:
    with DemoRig([DemoCamera(1, ClipSource())]) as rig:
        recorder = make_recorder(camera_settings(rig, 1))
        recorder.start()
        recorder.wait_recording(1)
        pause(2)
        recorder.stop()
        stopped = now_us()
        pause(2)
        recorder.start()
        recorder.wait_recording(1)
        recorder.stop()
    segments = recorder.segments(1)
    down = [gap for gap in recorder.gaps(1) if segments[0].start_utc_us < gap.start_utc_us < segments[1].start_utc_us]
    assert [(gap.start_utc_us, gap.end_utc_us, gap.cause) for gap in down] == [
        (segments[0].end_utc_us, segments[1].start_utc_us, GapCause.RECORDER_DOWN)
    ], recorder.log()
    # the last frame lasts beyond its arrival, so footage may end just behind the stop
    assert down[0].start_utc_us < stopped + US_PER_S < segments[1].start_utc_us


def test_key_frames_that_never_come_are_named(make_recorder: MakeRecorder) -> None:
    with DemoRig([DemoCamera(1, ClipSource())]) as rig:
        rig.camera(1).faults.no_key_frames = True
        recorder = make_recorder(camera_settings(rig, 1, SYNC_INTERVAL="1"))
        recorder.start()
        recorder.wait_until(lambda: bool(real_gaps(recorder, 1)), "the missing key frames being noticed")
        assert real_gaps(recorder, 1)[0].cause is GapCause.NO_KEY_FRAME
        rig.camera(1).faults.no_key_frames = False
        recorder.wait_recording(1)
        recorder.stop()


def test_one_bad_camera_leaves_the_other_fifteen_without_a_lost_frame(make_recorder: MakeRecorder) -> None:
    cameras = [DemoCamera(number, ClipSource(), log_sent=True) for number in range(1, 17)]
    with DemoRig(cameras) as rig:
        recorder = make_recorder(camera_settings(rig, 16, SEGMENT_DURATION="10"))
        recorder.start()
        recorder.wait_recording(16)
        bad = rig.camera(1).faults
        for _ in range(3):
            bad.garbage_every, bad.lose_every = 5, 7
            pause(2)
            bad.jump_timestamps(-500)
            bad.change_resolution(640, 360)
            pause(2)
            bad.drop_connections(reset=True)
            bad.broken_sdp = True
            pause(2)
            bad.clear()
        recorder.stop()
        sent = {camera.number: [frame.digest for frame in camera.sent.whole()] for camera in cameras}
    for channel in range(2, 17):
        stored = video_digests(recorder.files(channel))
        first, last = sent[channel].index(stored[0]), sent[channel].index(stored[-1])
        assert stored == sent[channel][first : last + 1]
        assert len(stored) > 15 * 25
        assert runs(recorder, channel) == 1
