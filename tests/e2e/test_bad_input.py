"""Wrong settings, a recording folder that is not the known one, streams that cannot be recorded: told, and nothing else suffers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mini_nvr.demo import ClipSource, ClipSpec, DemoCamera, DemoRig
from mini_nvr.errors import GapCause
from tests.e2e.conftest import MakeRecorder
from tests.e2e.recorder_process import RecorderProcess, camera_settings, pause


@pytest.fixture
def rig() -> Iterator[DemoRig]:
    with DemoRig([DemoCamera(1, ClipSource()), DemoCamera(2, ClipSource(ClipSpec(audio="pcma")))]) as rig:
        yield rig


def last_cause(recorder: RecorderProcess, channel: int) -> GapCause | None:
    row = recorder.channel(channel)
    return row.last_gap.cause if row and row.last_gap and row.last_gap.end_utc_us is None else None


def test_wrong_settings_are_all_listed_and_nothing_is_written(make_recorder: MakeRecorder) -> None:
    recorder = make_recorder(
        {"DVR_IP": "camera", "SEGMENT_DURATION": "5", "NUM_CHANELS": "2", "SYNC_INTERVAL": "x", "DVR_PASS": "c4n4ry"}
    )
    recorder.start(wait=False)
    assert recorder._process is not None
    assert recorder._process.wait(60) == 2
    for expected in ("SEGMENT_DURATION", "10", "3600", "NUM_CHANELS", "NUM_CHANNELS", "SYNC_INTERVAL"):
        assert expected in recorder.log()
    assert "c4n4ry" not in recorder.log()
    assert "Traceback" not in recorder.log()
    assert not recorder.data_dir.exists()
    assert not recorder.record_dir.exists()


def test_another_folder_in_place_of_the_known_volume_is_not_recorded_to(rig: DemoRig, make_recorder: MakeRecorder) -> None:
    """As when a mount is missing: the folder is there, but it is not the one."""
    recorder = make_recorder(camera_settings(rig, 2, SYNC_INTERVAL="1", SEGMENT_DURATION="600"))
    recorder.start()
    recorder.wait_recording(2)
    recorder.wait_until(lambda: bool(recorder.segments(1)), "the first checkpoint")
    recorder.stop()
    away = recorder.folder / "unmounted"
    recorder.record_dir.rename(away)
    recorder.record_dir.mkdir()
    rows_before = recorder.segments(1)

    recorder.start()
    recorder.wait_until(lambda: last_cause(recorder, 1) is GapCause.VOLUME_MISSING, "the missing volume being told")
    assert list(recorder.record_dir.iterdir()) == []
    recorder.wait_until(
        lambda: [gap.cause for gap in recorder.gaps(1)][-2:] == [GapCause.RECORDER_DOWN, GapCause.VOLUME_MISSING],
        "the missing volume being written down",
    )
    pause(7)  # in which it is tried again and again
    assert recorder.segments(1) == rows_before
    assert recorder.log().count("ch1: recording folder missing") == 1
    assert list(recorder.record_dir.iterdir()) == []

    recorder.record_dir.rmdir()
    away.rename(recorder.record_dir)
    recorder.wait_recording(2)
    recorder.stop()
    assert len(recorder.segments(1)) == len(rows_before) + 1
    assert GapCause.VOLUME_MISSING in [gap.cause for gap in recorder.gaps(1)]


def test_a_volume_that_vanishes_while_recording_is_told_and_comes_back(rig: DemoRig, make_recorder: MakeRecorder) -> None:
    recorder = make_recorder(camera_settings(rig, 1, SYNC_INTERVAL="1", SEGMENT_DURATION="10"))
    recorder.start()
    recorder.wait_recording(1)
    away = recorder.folder / "unmounted"
    recorder.record_dir.rename(away)
    recorder.wait_until(lambda: last_cause(recorder, 1) is GapCause.VOLUME_MISSING, "the missing volume being told")
    assert not recorder.record_dir.exists()
    away.rename(recorder.record_dir)
    recorder.wait_recording(1)
    recorder.stop()
    assert "Traceback" not in recorder.log()


def test_a_recording_folder_that_cannot_be_one_is_told(rig: DemoRig, make_recorder: MakeRecorder) -> None:
    recorder = make_recorder(camera_settings(rig, 1))
    recorder.record_dir.write_text("a file stands here")
    recorder.start()
    recorder.wait_until(lambda: last_cause(recorder, 1) is GapCause.VOLUME_MISSING, "the folder's trouble being told")
    assert str(recorder.record_dir) in recorder.log()
    assert "Traceback" not in recorder.log()
    recorder.stop()
    assert Path(recorder.record_dir).read_text() == "a file stands here"


def test_a_stream_that_cannot_be_recorded_is_left_out_with_the_reason(rig: DemoRig, make_recorder: MakeRecorder) -> None:
    rig.camera(1).faults.metadata_track = True
    rig.camera(2).faults.unsupported_video = True
    recorder = make_recorder(camera_settings(rig, 2))
    recorder.start()
    recorder.wait_recording(1)
    recorder.wait_until(lambda: last_cause(recorder, 2) is GapCause.UNSUPPORTED_CODEC, "the unknown codec being told")
    row = recorder.channel(2)
    assert row is not None and row.error is not None
    assert "ch1: left out" in recorder.log()
    recorder.stop()
    assert recorder.files(2) == []
    assert len(recorder.files(1)) == 1


def test_a_camera_of_another_protocol_is_told_and_the_others_are_recorded(rig: DemoRig, make_recorder: MakeRecorder) -> None:
    recorder = make_recorder(
        camera_settings(rig, 1) | {"CHANNEL_2_URL": "rtsps://anna:c4n4ry@192.0.2.7:322/live", "NUM_CHANNELS": "2"}
    )
    recorder.start()
    recorder.wait_recording(1)
    recorder.wait_until(lambda: last_cause(recorder, 2) is GapCause.CAMERA_ERROR, "the other protocol being told")
    row = recorder.channel(2)
    assert row is not None
    assert row.status == "OFF"
    assert row.error is not None and "rtsps:// is not supported" in row.error
    recorder.stop()
    assert recorder.log().count("ch2: camera error: rtsps:// is not supported, only rtsp:// over TCP is; ") == 1
    assert "Traceback" not in recorder.log()
    assert "c4n4ry" not in recorder.log()
    assert [gap.cause for gap in recorder.gaps(2)][-1] is GapCause.RECORDER_DOWN


def test_a_second_recorder_on_the_same_data_is_refused(rig: DemoRig, make_recorder: MakeRecorder) -> None:
    first = make_recorder(camera_settings(rig, 1))
    first.start()
    second = RecorderProcess(first.folder, camera_settings(rig, 1))
    second.log_file = first.folder / "second.log"
    second.start(wait=False)
    assert second._process is not None
    assert second._process.wait(60) == 1
    assert "in use" in second.log()
    assert "Traceback" not in second.log()
    assert first.running
