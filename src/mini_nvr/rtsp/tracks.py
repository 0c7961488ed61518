"""Which tracks of a session description we take, why not the others, and what reads them."""

import base64
import binascii
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from typing import Literal

from mini_nvr.errors import MediaError
from mini_nvr.media import aac, g711
from mini_nvr.media.frame import AudioFormat, TrackFormat, VideoFormat
from mini_nvr.rtsp import url
from mini_nvr.rtsp.depacketize.aac import AacDepacketizer, au_header_layout
from mini_nvr.rtsp.depacketize.access_unit import Emit
from mini_nvr.rtsp.depacketize.g711 import G711Depacketizer
from mini_nvr.rtsp.depacketize.h264 import H264Depacketizer
from mini_nvr.rtsp.depacketize.h265 import H265Depacketizer
from mini_nvr.rtsp.depacketize.payload import Depacketizer
from mini_nvr.rtsp.errors import InvalidUrl
from mini_nvr.rtsp.sdp import Media, PayloadFormat, SessionDescription

Kind = Literal["video", "audio"]
_MAX_SPROP_CHARS = 16 * 1024
_ANY_CLOCK = 0
_VIDEO_CLOCK_HZ = 90_000


@dataclass(frozen=True, slots=True)
class Track:
    """A track that can be played.

    index: position in the session description. format: None for video whose parameter sets are not in the description; it comes
    with the first frame. control: the URL to set it up with. clock_hz: of its RTP timestamps. parameters: its fmtp, for the
    depacketizer.
    """

    index: int
    format: TrackFormat | None
    kind: Kind
    codec: str
    control: str
    clock_hz: int
    payload_type: int
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class SkippedTrack:
    """A track that is left out, and why, in words for the owner of the camera."""

    kind: str
    encoding: str
    reason: str


class _Skip(Exception):
    """This payload format cannot be taken; the message is the reason."""


Note = Callable[[str], None]


def choose(description: SessionDescription, base: str) -> tuple[tuple[Track, ...], tuple[SkippedTrack, ...]]:
    """The first video and the first audio track that we can record, and all the others.

    base: URL that relative control attributes are joined to.
    """
    tracks: list[Track] = []
    skipped: list[SkippedTrack] = []
    for index, media in enumerate(description.media):
        encodings = ", ".join(known.encoding for known in media.formats if known.encoding) or "unknown"
        try:
            tracks.append(_take(index, media, base, {track.kind for track in tracks}))
        except (_Skip, InvalidUrl) as exc:
            skipped.append(SkippedTrack(media.kind, encodings, str(exc)))
    return tuple(tracks), tuple(skipped)


def depacketizer(track: Track, emit: Emit, note: Note) -> Depacketizer:
    """What turns the payloads of a chosen track into frames. `note` is told once of oddities worth a log line."""
    sets = _sprop_sets(track)
    if track.codec == "h264":
        return H264Depacketizer(sets, emit, note)
    if track.codec == "h265":
        return H265Depacketizer(sets, emit, note)
    if track.codec == "aac" and isinstance(track.format, AudioFormat):
        return AacDepacketizer(au_header_layout(track.parameters), track.format.frame_samples, emit)
    return G711Depacketizer(emit)


def _take(index: int, media: Media, base: str, taken: Set[str]) -> Track:
    """The media line as a track, by the first of its payload formats that we can read.

    Raises:
        _Skip, InvalidUrl: it must be left out.
    """
    if media.kind not in {"video", "audio"}:
        raise _Skip("neither pictures nor sound")
    if media.kind in taken:
        raise _Skip(f"a second {media.kind} track")
    control = url.resolve(base, media.control)
    reason = "no usable payload type"
    for candidate in media.formats:
        reader = _READERS.get((media.kind, candidate.encoding))
        if reader is None:
            reason = _ADVICE.get(candidate.encoding, f"this {media.kind} codec is not supported")
            continue
        try:
            return reader(index, candidate, control)
        except (_Skip, MediaError) as exc:
            reason = str(exc)
    raise _Skip(reason)


def _video(codec: str, index: int, candidate: PayloadFormat, control: str) -> Track:
    if candidate.clock_hz not in {_VIDEO_CLOCK_HZ, _ANY_CLOCK}:
        raise _Skip(f"a video clock of {candidate.clock_hz} Hz instead of 90000 Hz")
    track = Track(index, None, "video", codec, control, _VIDEO_CLOCK_HZ, candidate.payload_type, candidate.parameters)
    return Track(
        index, _format_from_sprop(track), "video", codec, control, _VIDEO_CLOCK_HZ, candidate.payload_type, candidate.parameters
    )


def _h264(index: int, candidate: PayloadFormat, control: str) -> Track:
    if candidate.parameters.get("packetization-mode") == "2":
        raise _Skip("its packets are interleaved (packetization-mode 2)")
    return _video("h264", index, candidate, control)


def _h265(index: int, candidate: PayloadFormat, control: str) -> Track:
    if candidate.parameters.get("sprop-max-don-diff", "0") != "0":
        raise _Skip("its packets are out of decoding order (sprop-max-don-diff)")
    return _video("h265", index, candidate, control)


def _aac(index: int, candidate: PayloadFormat, control: str) -> Track:
    parameters = candidate.parameters
    if not parameters.get("mode", "").lower().startswith("aac"):
        raise _Skip("mpeg4-generic, but not AAC")
    au_header_layout(parameters)
    try:
        config = bytes.fromhex(parameters.get("config", ""))
    except ValueError as exc:
        raise _Skip("its AAC configuration is not hexadecimal") from exc
    known = aac.audio_format(config)
    if candidate.clock_hz not in {known.sample_rate_hz, _ANY_CLOCK}:
        raise _Skip(f"its RTP clock runs at {candidate.clock_hz} Hz, its sound at {known.sample_rate_hz} Hz")
    return Track(index, known, "audio", "aac", control, known.sample_rate_hz, candidate.payload_type, parameters)


def _g711(codec: Literal["pcma", "pcmu"], index: int, candidate: PayloadFormat, control: str) -> Track:
    known = g711.audio_format(codec, candidate.clock_hz or 8000, candidate.channels)
    return Track(index, known, "audio", codec, control, known.sample_rate_hz, candidate.payload_type)


_READERS: dict[tuple[str, str], Callable[[int, PayloadFormat, str], Track]] = {
    ("video", "H264"): _h264,
    ("video", "H265"): _h265,
    ("video", "HEVC"): _h265,
    ("audio", "MPEG4-GENERIC"): _aac,
    ("audio", "PCMA"): lambda index, candidate, control: _g711("pcma", index, candidate, control),
    ("audio", "PCMU"): lambda index, candidate, control: _g711("pcmu", index, candidate, control),
}
_ADVICE = {
    "JPEG": "MJPEG video is not supported; set the camera to H.264 or H.265",
    "MP4V-ES": "MPEG-4 Part 2 video is not supported; set the camera to H.264 or H.265",
    "AV1": "AV1 video is not supported; set the camera to H.264 or H.265",
    "MP4A-LATM": "AAC in LATM packets is not supported; set the sound to G.711",
    "OPUS": "Opus is not supported; set the sound to AAC or G.711",
    "G726-16": "G.726 is not supported; set the sound to AAC or G.711",
    "G726-24": "G.726 is not supported; set the sound to AAC or G.711",
    "G726-32": "G.726 is not supported; set the sound to AAC or G.711",
    "G726-40": "G.726 is not supported; set the sound to AAC or G.711",
    "L16": "uncompressed sound is not supported; set the sound to AAC or G.711",
}


def _sprop_sets(track: Track) -> list[bytes]:
    """Parameter sets from the session description (RFC 6184 section 8.1, RFC 7798 section 7.1); broken ones are left out."""
    names = {"h264": ("sprop-parameter-sets",), "h265": ("sprop-vps", "sprop-sps", "sprop-pps")}.get(track.codec, ())
    sets: list[bytes] = []
    for name in names:
        for text in track.parameters.get(name, "")[:_MAX_SPROP_CHARS].split(","):
            nal = _unbase64(text.strip())
            if nal:
                sets.append(nal)
    return sets


def _unbase64(text: str) -> bytes:
    """Padding may be missing; what is not base64 is empty. Start codes that some cameras put in front are removed."""
    try:
        nal = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""
    if nal.startswith((b"\x00\x00\x01", b"\x00\x00\x00\x01")):
        nal = nal[nal.index(b"\x01") + 1 :]
    return nal.rstrip(b"\x00")


def _format_from_sprop(track: Track) -> VideoFormat | None:
    reader = depacketizer(track, lambda _: None, lambda _: None)
    return reader.format if isinstance(reader, H264Depacketizer | H265Depacketizer) else None
