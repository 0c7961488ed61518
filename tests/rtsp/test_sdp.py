"""Session descriptions of cameras, and which of their tracks are taken."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.media.frame import AudioFormat, VideoFormat
from mini_nvr.rtsp.errors import ProtocolViolation
from mini_nvr.rtsp.sdp import MAX_MEDIA, SessionDescription, parse
from mini_nvr.rtsp.tracks import choose
from tests.support.coded_video import encode

BASE = "rtsp://192.168.1.64:554/Streaming/Channels/101/"


def b64(nal: bytes) -> str:
    return base64.b64encode(nal).decode()


def h264_sets() -> tuple[str, str]:
    (sps,), (pps,) = encode("h264", frames=1).sets
    return b64(sps), b64(pps)


def hikvision() -> bytes:
    """In the manner of Hikvision cameras: absolute controls, an ONVIF metadata track, the sets in fmtp."""
    sps, pps = h264_sets()
    return (
        "v=0\r\no=- 1700000000000000 1700000000000000 IN IP4 192.168.1.64\r\ns=Media Presentation\r\n"
        "e=NONE\r\nb=AS:5100\r\nt=0 0\r\n"
        f"a=control:{BASE}\r\n"
        "m=video 0 RTP/AVP 96\r\nc=IN IP4 0.0.0.0\r\nb=AS:5000\r\na=recvonly\r\na=x-dimensions:1920,1080\r\n"
        f"a=control:{BASE}trackID=1\r\na=rtpmap:96 H264/90000\r\n"
        f"a=fmtp:96 profile-level-id=420029; packetization-mode=1; sprop-parameter-sets={sps},{pps}\r\n"
        "m=audio 0 RTP/AVP 8\r\nc=IN IP4 0.0.0.0\r\nb=AS:50\r\na=recvonly\r\n"
        f"a=control:{BASE}trackID=2\r\na=rtpmap:8 PCMA/8000\r\n"
        "m=application 0 RTP/AVP 107\r\n"
        f"a=control:{BASE}trackID=3\r\na=rtpmap:107 vnd.onvif.metadata/90000\r\n"
        "a=Media_header:MEDIAINFO=494D4B48010300000400000111710110401F000000FA000000000000000000000000000000000000;\r\na=appversion:1.0\r\n"
    ).encode()


DAHUA = (
    b"v=0\r\no=- 2251941644 2251941644 IN IP4 0.0.0.0\r\ns=Media Server\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\na=control:*\r\n"
    b"a=packetization-supported:DH\r\na=rtppayload-supported:DH\r\na=range:npt=now-\r\n"
    b"m=video 0 RTP/AVP 98\r\na=control:trackID=0\r\na=framerate:25.000000\r\na=rtpmap:98 H265/90000\r\n"
    b"a=fmtp:98 profile-id=1;sprop-sps=QgEB;sprop-pps=!!!;sprop-vps=\r\na=recvonly\r\n"
    b"m=audio 0 RTP/AVP 97\r\na=control:trackID=1\r\na=rtpmap:97 MPEG4-GENERIC/16000\r\n"
    b"a=fmtp:97 streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=1408\r\n"
)


def test_hikvision() -> None:
    description = parse(hikvision())
    assert description.control == BASE
    tracks, skipped = choose(description, BASE)
    assert [(track.index, track.kind, track.codec, track.control, track.payload_type, track.clock_hz) for track in tracks] == [
        (0, "video", "h264", BASE + "trackID=1", 96, 90_000),
        (1, "audio", "pcma", BASE + "trackID=2", 8, 8000),
    ]
    assert isinstance(tracks[0].format, VideoFormat)
    assert [(track.kind, track.encoding) for track in skipped] == [("application", "VND.ONVIF.METADATA")]


def test_dahua_with_broken_parameter_sets() -> None:
    tracks, skipped = choose(parse(DAHUA), "rtsp://cam/cam/realmonitor?channel=1&subtype=0/")
    assert [(track.codec, track.format is None) for track in tracks] == [("h265", True), ("aac", False)]
    assert tracks[0].control == "rtsp://cam/cam/realmonitor?channel=1&subtype=0/trackID=0"
    assert isinstance(tracks[1].format, AudioFormat)
    assert (tracks[1].format.sample_rate_hz, tracks[1].format.channels) == (16_000, 1)
    assert skipped == ()


def test_h265_sets_become_the_format() -> None:
    video = encode("h265", frames=1)
    names = zip(("sprop-vps", "sprop-sps", "sprop-pps"), video.sets, strict=True)
    fmtp = "; ".join(f"{name}={b64(nals[0])}" for name, nals in names)
    tracks, _ = choose(parse(f"v=0\nm=video 0 RTP/AVP 96\na=rtpmap:96 H265/90000\na=fmtp:96 {fmtp}\n".encode()), "rtsp://cam")
    assert tracks[0].format == video.format


@pytest.mark.parametrize("prefix", [b"", b"\x00\x00\x00\x01", b"\x00\x00\x01"])
def test_sets_with_start_codes_or_without_padding(prefix: bytes) -> None:
    (sps,), (pps,) = encode("h264", frames=1).sets
    text = ",".join(b64(prefix + nal + b"\x00").rstrip("=") for nal in (sps, pps))
    sdp = f"v=0\nm=video 0 RTP/AVP 96\na=fmtp:96 sprop-parameter-sets={text}\na=rtpmap:96 h264/90000\n"
    tracks, _ = choose(parse(sdp.encode()), "rtsp://cam")
    assert tracks[0].format == encode("h264", frames=1).format


@pytest.mark.parametrize(
    ("media", "attributes", "reason"),
    [
        ("video 0 RTP/AVP 26", "", "MJPEG"),
        ("video 0 RTP/AVP 96", "rtpmap:96 H264/90000\na=fmtp:96 packetization-mode=2", "interleaved"),
        ("video 0 RTP/AVP 96", "rtpmap:96 H264/1000", "1000 Hz"),
        ("video 0 RTP/AVP 96", "rtpmap:96 H265/90000\na=fmtp:96 sprop-max-don-diff=2", "out of decoding order"),
        ("video 0 RTP/AVP 96", "rtpmap:96 H264/90000\na=control:track 1", "control address"),
        ("audio 0 RTP/AVP 97", "rtpmap:97 MP4A-LATM/44100", "LATM"),
        ("audio 0 RTP/AVP 97", "rtpmap:97 opus/48000/2", "Opus"),
        ("audio 0 RTP/AVP 97", "rtpmap:97 G726-32/8000", "G.726"),
        ("audio 0 RTP/AVP 97", "rtpmap:97 mpeg4-generic/8000\na=fmtp:97 mode=AAC-hbr;config=1408", "clock"),
        ("audio 0 RTP/AVP 97", "rtpmap:97 mpeg4-generic/8000\na=fmtp:97 mode=AAC-hbr;config=xyz", "hexadecimal"),
        ("audio 0 RTP/AVP 97", "rtpmap:97 mpeg4-generic/8000\na=fmtp:97 mode=CELP-cbr", "not AAC"),
        ("audio 0 RTP/AVP 97", "rtpmap:97 PCMA/8000/7", "channels"),
        ("audio 0 RTP/AVP 97", "", "not supported"),
        ("video x", "", "no usable payload type"),
    ],
)
def test_what_cannot_be_recorded_is_skipped_with_the_reason(media: str, attributes: str, reason: str) -> None:
    tracks, skipped = choose(parse(f"v=0\nm={media}\na={attributes}\n".encode()), "rtsp://cam")
    assert tracks == ()
    assert len(skipped) == 1
    assert reason in skipped[0].reason


def test_the_first_payload_type_that_we_can_read_is_taken() -> None:
    sdp = b"v=0\nm=video 0 RTP/AVP 26 97 96\na=rtpmap:97 VP8/90000\na=rtpmap:96 H264/90000\n"
    tracks, _ = choose(parse(sdp), "rtsp://cam")
    assert [(track.codec, track.payload_type) for track in tracks] == [("h264", 96)]


def test_only_the_first_of_each_kind_is_taken() -> None:
    sdp = b"v=0\n" + b"m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\n" * 2 + b"m=audio 0 RTP/AVP 0\n" * 2
    tracks, skipped = choose(parse(sdp), "rtsp://cam")
    assert [track.index for track in tracks] == [0, 2]
    assert [track.reason for track in skipped] == ["a second video track", "a second audio track"]


@pytest.mark.parametrize(
    "body", [b"", b"<html>not found</html>", b"v=0\n" * 3000, b"v=0\n" + b"m=video 0 RTP/AVP 96\n" * (MAX_MEDIA + 1)]
)
def test_no_sdp_or_too_much_of_it_is_a_violation(body: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        parse(body)


LINES = st.sampled_from(
    [b"v=0", b"m=video 0 RTP/AVP 96", b"m=audio 0 RTP/AVP 97 0", b"a=rtpmap:96 H264/90000", b"a=rtpmap:97 mpeg4-generic/16000"]
)
PREFIXES = st.sampled_from(
    [b"a=fmtp:96 sprop-parameter-sets=", b"a=fmtp:97 mode=AAC-hbr;config=", b"a=control:", b"a=rtpmap:", b"m=video ", b""]
)


@given(st.lists(st.one_of(LINES, st.tuples(PREFIXES, st.binary(max_size=30)).map(b"".join)), max_size=15))
def test_any_description_is_read_or_a_violation(lines: list[bytes]) -> None:
    try:
        description = parse(b"\r\n".join(lines))
    except ProtocolViolation:
        return
    assert isinstance(description, SessionDescription)
    choose(description, "rtsp://cam/")
