"""`mini-nvr check` with probes that answer at once: what is printed, how many run together, folders, exit codes."""

import asyncio
import io
import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from mini_nvr.clock import Clock
from mini_nvr.config.load import load
from mini_nvr.config.model import Settings
from mini_nvr.errors import GapCause, RtspError
from mini_nvr.ingest.probe import NoFrames, NoKeyFrame, ProbeResult, StreamEnded
from mini_nvr.media.frame import AudioFormat, VideoFormat
from mini_nvr.rtsp.errors import AuthenticationFailed, NoSupportedTrack, ProtocolViolation, WireError
from mini_nvr.services import check
from tests.support.clock import FakeClock

VIDEO = VideoFormat("h264", (), b"", 1920, 1080, Fraction(1), None, None, "avc1.64001F")
RESULT = ProbeResult(VIDEO, 25.0, 2.0, 4_096_000, AudioFormat("aac", 16_000, 1, b"", "mp4a.40.2", 1024))
CANARY = "c4n4ry p%ss"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(
        {
            "CHANNEL_1_URL": "rtsp://anna:c4n4ry%20p%25ss@gate:8554/live?key=s3cret",
            "CHANNEL_1_NAME": "[bold]Gate",
            "CHANNEL_2_URL": "rtsp://10.0.0.9/yard",
            "CHANNEL_2_AUDIO": "off",
            "CHANNEL_3_ENABLED": "off",
            "RECORD_DIR": str(tmp_path / "recordings"),
            "DATA_DIR": str(tmp_path / "data"),
            "TZ": "UTC",
        }
    )


def run(settings: Settings, outcome: ProbeResult | RtspError) -> tuple[int, str]:
    async def look(url: str, clock: Clock) -> ProbeResult:
        if isinstance(outcome, RtspError):
            raise outcome
        return outcome

    file = io.StringIO()
    return check.run(settings, file=file, look=look), file.getvalue()


def test_cameras_that_work(settings: Settings, tmp_path: Path) -> None:
    code, text = run(settings, RESULT)
    assert code == 0
    assert [line.split() for line in text.splitlines()[:4]] == [
        "Ch Camera Address Codec Size Frames/s Key frame Bit rate Audio Result".split(),
        "1 [bold]Gate gate:8554/live H.264 1920x1080 25 2.0 s 4.1 Mbit/s AAC 16 kHz mono ok".split(),
        "2 Camera 2 10.0.0.9/yard H.264 1920x1080 25 2.0 s 4.1 Mbit/s AAC 16 kHz mono (not recorded) ok".split(),
        "3 Camera 3 - - - - - - - disabled".split(),
    ]
    assert text.splitlines()[4:] == ["2 of 2 cameras can be recorded"]
    assert list(tmp_path.iterdir()) == []  # nothing was made


def test_a_camera_that_fails_is_told_with_cause_and_remedy_and_no_secret(settings: Settings) -> None:
    error = AuthenticationFailed(f"the camera refused the password (tried {CANARY} at rtsp://anna:c4n4ry%20p%25ss@gate)")
    code, text = run(settings, error)
    assert code == 1
    assert "channel 1: the camera refused the password" in text
    assert "check DVR_USER and DVR_PASS, or user and password in CHANNEL_1_URL" in text
    assert "0 of 2 cameras can be recorded" in text
    for secret in (CANARY, "c4n4ry%20p%25ss", "anna", "s3cret"):
        assert secret not in text


def test_another_protocol_is_told_in_one_line_a_channel_and_nothing_is_connected_to(tmp_path: Path) -> None:
    settings = load(
        {
            "CHANNEL_1_URL": "rtsps://anna:c4n4ry@192.0.2.7:322/live",
            "CHANNEL_2_URL": "https://192.0.2.8/video",
            "CHANNEL_2_SUB_URL": "rtsps://192.0.2.8/sub",
            "RECORD_DIR": str(tmp_path / "recordings"),
            "DATA_DIR": str(tmp_path / "data"),
        }
    )
    file = io.StringIO()
    assert check.run(settings, file=file) == 1
    lines = file.getvalue().splitlines()
    assert [line for line in lines if line.startswith("channel")] == [
        "channel 1: rtsps:// is not supported, only rtsp:// over TCP is; "
        "switch on RTSP without TLS in the camera, and write its rtsp:// address into RTSP_URL_TEMPLATE or CHANNEL_1_URL",
        "channel 2: https:// is not supported, only rtsp:// over TCP is; "
        "switch on RTSP without TLS in the camera, and write its rtsp:// address into RTSP_URL_TEMPLATE or CHANNEL_2_URL",
        "channel 2: its sub stream cannot be shown: rtsps:// is not supported, only rtsp:// over TCP is; "
        "switch on RTSP without TLS in the camera and write its address into RTSP_SUB_URL_TEMPLATE or CHANNEL_2_SUB_URL",
    ]
    assert "c4n4ry" not in file.getvalue()


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ProtocolViolation("the camera insists on UDP; allow RTP over TCP in its settings"), "allow RTP over TCP in its settings"),
        (ProtocolViolation("what came is no RTSP"), "check the port in DVR_PORT or CHANNEL_1_URL"),
        (
            NoSupportedTrack("nothing that can be recorded (video VP8: not known; audio L16: not known)"),
            "set the camera's video to H.264",
        ),
    ],
)
def test_cause_and_remedy_are_those_of_the_error(error: RtspError, expected: str) -> None:
    assert check.remedy(error, 1).startswith(expected)
    assert check.plain_cause(error) == str(error).removesuffix("; allow RTP over TCP in its settings")


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (RESULT, []),
        (ProbeResult(VIDEO, 25, None, 1, None), ["key frames are far apart"]),
        (ProbeResult(VIDEO, 25, 10.0, 1, None), ["key frames are far apart"]),
        (ProbeResult(VIDEO, 25, 1.0, 1, None, ("audio G726: no",), 7), ["not recorded: audio G726: no", "7 packets were lost"]),
    ],
)
def test_notes_on_what_could_be_better(result: ProbeResult, expected: list[str]) -> None:
    found = check.notes(result)
    assert len(found) == len(expected)
    assert all(line.startswith(start) for line, start in zip(found, expected, strict=True))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://anna:secret@gate/live", "gate/live"),
        ("rtsp://gate:8554/live?password=secret#secret", "gate:8554/live"),
        ("rtsp://anna:secret@[fe80::1]:554/1", "[fe80::1]:554/1"),
        ("", "-"),
        ("rtsp://gate:99999/", "-"),
    ],
)
def test_an_address_is_shown_without_secrets(url: str, shown: str) -> None:
    assert check.public_address(url) == shown


def test_every_cause_that_a_camera_can_have_has_its_remedy() -> None:
    assert "I-frame interval" in check.remedy(NoKeyFrame(""), 1)
    assert check.remedy(RtspError(""), 1) == check.REMEDIES[GapCause.CAMERA_ERROR].format(url="CHANNEL_1_URL")
    wire: list[type[WireError]] = [WireError, *_children(WireError)]
    causes = {error.cause for error in wire} | {NoKeyFrame.cause, NoFrames.cause, StreamEnded.cause}
    assert causes == set(check.REMEDIES)


def _children(error: type[WireError]) -> list[type[WireError]]:
    return [each for child in error.__subclasses__() for each in (child, *_children(child))]


async def test_at_most_eight_cameras_are_asked_at_once_and_the_order_stays() -> None:
    settings = load({f"CHANNEL_{number}_URL": f"rtsp://camera/{number}" for number in range(1, 21)})
    now = most = 0

    async def look(url: str, clock: Clock) -> ProbeResult:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.001 * (21 - int(url.rpartition("/")[2])))
        now -= 1
        return RESULT

    findings = await check.probe_all(settings.channels, FakeClock(), look)
    assert most == check.PROBES_AT_ONCE
    assert [finding.channel.number for finding in findings] == list(range(1, 21))


def test_a_folder_that_can_be_made_is_fine_and_is_not_made(tmp_path: Path) -> None:
    assert check.folder_problem("RECORD_DIR", tmp_path) is None
    assert check.folder_problem("RECORD_DIR", tmp_path / "a" / "b") is None
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_place_of_a_folder_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    problem = check.folder_problem("RECORD_DIR", tmp_path / "file" / "recordings")
    assert problem is not None
    assert problem.startswith("RECORD_DIR: ")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_the_right_to_write_is_a_problem(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    problem = check.folder_problem("DATA_DIR", tmp_path)
    assert problem is not None
    assert "cannot write" in problem


def test_a_folder_on_a_file_system_that_takes_no_files_is_a_problem() -> None:
    problem = check.folder_problem("DATA_DIR", Path("/proc/self"))
    assert problem is not None
    assert "DATA_DIR: cannot write to /proc/self" in problem


def test_the_folder_of_the_log_file_is_looked_at(settings: Settings) -> None:
    bad = replace(settings, log_file=Path("/proc/self/nvr.log"))
    code, text = run(bad, RESULT)
    assert code == 1
    assert "LOG_FILE: cannot write to /proc/self" in text


def test_a_certificate_that_is_not_there_fails_the_check(settings: Settings, tmp_path: Path) -> None:
    (key := tmp_path / "key.pem").touch()
    bad = replace(settings, tls_cert=tmp_path / "chain.pem", tls_key=key)
    code, text = run(bad, RESULT)
    assert code == 1
    assert f"cannot be used ({tmp_path / 'chain.pem'} is not there)" in text


def test_a_bad_folder_fails_the_check(settings: Settings) -> None:
    bad = replace(settings, record_dir=Path("/proc/self/recordings"))
    code, text = run(bad, RESULT)
    assert code == 1
    assert "RECORD_DIR: cannot write" in text
