"""What DESCRIBE says of the tracks, faults included."""

from fractions import Fraction

import pytest

from mini_nvr.demo.model import TrackSpec
from mini_nvr.demo.sdp import describe

H264 = TrackSpec("video", "h264", 90_000, 96, parameter_sets=(b"\x67\x42\xc0\x1fA", b"\x68P"), frame_rate=Fraction(25))
H265 = TrackSpec("video", "h265", 90_000, 96, parameter_sets=(b"V", b"S", b"P"))
AAC = TrackSpec("audio", "aac", 16_000, 97, config=b"\x14\x08")
PCMA = TrackSpec("audio", "pcma", 8_000, 8)


@pytest.mark.parametrize(
    ("track", "lines"),
    [
        (H264, ["a=rtpmap:96 H264/90000", "profile-level-id=42C01F; sprop-parameter-sets=Z0LAH0E=,aFA=", "a=framerate:25"]),
        (H265, ["a=rtpmap:96 H265/90000", "a=fmtp:96 sprop-vps=Vg==; sprop-sps=Uw==; sprop-pps=UA=="]),
        (AAC, ["m=audio 0 RTP/AVP 97", "a=rtpmap:97 mpeg4-generic/16000/1", "mode=AAC-hbr;", "config=1408"]),
        (PCMA, ["m=audio 0 RTP/AVP 8", "a=rtpmap:8 PCMA/8000\r\n"]),
    ],
)
def test_each_codec_is_announced_as_its_rfc_says(track: TrackSpec, lines: list[str]) -> None:
    text = describe([track], name="Door")
    for line in lines:
        assert line in text
    assert text.endswith("a=control:trackID=0\r\n")
    assert text.startswith("v=0\r\n")


@pytest.mark.parametrize("track", [H264, H265])
def test_parameter_sets_can_be_left_out(track: TrackSpec) -> None:
    assert "sprop" not in describe([track], name="Door", with_sets=False)


def test_an_unknown_video_encoding_leaves_the_audio_alone() -> None:
    text = describe([H264, AAC], name="Door", unsupported_video=True)
    assert "H264" not in text
    assert "X-NOBODY-KNOWS/90000" in text
    assert "mpeg4-generic" in text


def test_a_metadata_track_comes_last() -> None:
    assert describe([H264, PCMA], name="Door", metadata_track=True).endswith("a=control:trackID=2\r\n")
