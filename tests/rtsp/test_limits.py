"""The limits beside the parsers of what cameras send: the last that is taken, and one more, which is refused or cut off."""

import base64

import pytest

from mini_nvr.media.frame import VideoFormat
from mini_nvr.rtsp import auth, tracks
from mini_nvr.rtsp.auth import parse_challenges
from mini_nvr.rtsp.depacketize.aac import MAX_AU_BYTES, AacDepacketizer, AuHeaderLayout
from mini_nvr.rtsp.depacketize.parameter_sets import MAX_SET_BYTES, MAX_SETS, ParameterSets
from mini_nvr.rtsp.errors import ProtocolViolation
from mini_nvr.rtsp.sdp import MAX_FORMATS, MAX_LINE_CHARS, MAX_LINES, MAX_MEDIA, Media, PayloadFormat, SessionDescription, parse
from mini_nvr.rtsp.tracks import choose
from tests.support.catalog import VIDEO
from tests.support.coded_video import encode
from tests.support.rtp_packets import Received, rtp


class Sets:
    """Parameter sets of one rank, with the identifier that the first two bytes say. built: of how many each format was made."""

    def __init__(self) -> None:
        self.built: list[int] = []
        self.notes: list[str] = []
        self.sets = ParameterSets(1, lambda nal: (0, int.from_bytes(nal[:2])), self._build, self.notes.append)

    def _build(self, ranks: object) -> VideoFormat:
        assert isinstance(ranks, list)
        self.built.append(len(ranks[0]))
        return VIDEO


def test_s17_as_many_parameter_sets_as_the_limit_and_no_more() -> None:
    of = Sets()
    of.sets.update([number.to_bytes(2) for number in range(MAX_SETS)])
    assert of.built == [MAX_SETS]
    of.sets.update([MAX_SETS.to_bytes(2)])
    assert of.built == [MAX_SETS]
    of.sets.update([b"\0\0another content"])  # what is known may still change
    assert of.built == [MAX_SETS, MAX_SETS]


def test_s17_a_parameter_set_as_long_as_the_limit_and_no_longer() -> None:
    of = Sets()
    of.sets.update([bytes(MAX_SET_BYTES + 1)])
    assert of.built == []
    assert f"a parameter set of {MAX_SET_BYTES + 1} bytes" in of.notes[0]
    of.sets.update([bytes(MAX_SET_BYTES)])
    assert of.built == [1]


@pytest.mark.parametrize(("size", "taken"), [(MAX_AU_BYTES, 1), (MAX_AU_BYTES + 1, 0)])
def test_s17_an_access_unit_of_sound_as_long_as_the_limit_and_no_longer(size: int, taken: int) -> None:
    got, unit = Received(), b"x" * size
    head = (24).to_bytes(2) + size.to_bytes(3)
    pieces = [unit[start : start + 30_000] for start in range(0, size, 30_000)]
    packets = [rtp(head + piece, sequence=number, timestamp=7) for number, piece in enumerate(pieces)]
    got.feed(AacDepacketizer(AuHeaderLayout(24, 0, 0), 1024, got.frames.append), packets)
    assert [len(frame.data) for frame in got.frames] == [size] * taken


def described(lines: list[str]) -> SessionDescription:
    return parse("\n".join(["v=0", *lines]).encode())


@pytest.mark.parametrize("count", [MAX_FORMATS, MAX_FORMATS + 1])
def test_s17_as_many_payload_formats_of_a_track_as_the_limit(count: int) -> None:
    kinds = range(96, 96 + count)
    maps = [f"a=rtpmap:{kind} H264/90000" for kind in kinds]
    (media,) = described([f"m=video 0 RTP/AVP {' '.join(map(str, kinds))}", *maps]).media
    assert [known.payload_type for known in media.formats] == list(kinds)[:MAX_FORMATS]
    (other,) = described([f"m=video 0 RTP/AVP {kinds[-1]}", *maps, *(f"a=fmtp:{kind} a=b" for kind in kinds)]).media
    within = count <= MAX_FORMATS
    assert (other.formats[0].encoding, dict(other.formats[0].parameters)) == (("H264", {"a": "b"}) if within else ("", {}))


@pytest.mark.parametrize("more", [0, 1])
def test_s17_a_line_is_cut_at_the_limit(more: int) -> None:
    room = MAX_LINE_CHARS - len("a=control:")
    assert described([f"a=control:{'x' * (room + more)}"]).control == "x" * room


@pytest.mark.parametrize(
    ("lines", "taken"),
    [
        (["a=b"] * (2 * MAX_LINES - 1), True),
        (["a=b"] * (2 * MAX_LINES), False),
        (["m=video 0 RTP/AVP 96"] * MAX_MEDIA, True),
        (["m=video 0 RTP/AVP 96"] * (MAX_MEDIA + 1), False),
    ],
    ids=["lines", "one line more", "tracks", "one track more"],
)
def test_s17_as_many_lines_and_tracks_as_the_limit(lines: list[str], taken: bool) -> None:
    if taken:
        described(lines)
        return
    with pytest.raises(ProtocolViolation, match="stream description has|describes 33 tracks"):
        described(lines)


@pytest.mark.parametrize("more", [0, 1])
def test_s17_a_challenge_is_cut_at_the_limit(more: int) -> None:
    room = auth._MAX_HEADER_CHARS - len("Digest nonce=")
    (challenge,) = parse_challenges([f"Digest nonce={'x' * (room + more)}"])
    assert challenge.nonce == "x" * room


@pytest.mark.parametrize(("before_pps", "taken"), [(True, True), (False, False)])
def test_s17_parameter_sets_behind_the_limit_are_not_read(before_pps: bool, taken: bool) -> None:
    """The picture set ends where the limit is, or begins there."""
    sps, pps = (base64.b64encode(nals[0]).decode() for nals in encode("h264", frames=1).sets)
    sets = f"{sps},{pps}"
    room = tracks._MAX_SPROP_CHARS - (len(sets) if before_pps else len(sps) + 1)
    known = PayloadFormat(96, "H264", 90_000, 1, {"sprop-parameter-sets": "," * room + sets})
    (track,), _ = choose(SessionDescription(None, (Media("video", (known,), None),)), "rtsp://192.0.2.7/")
    assert (track.format is not None) is taken
