"""The session description of a simulated camera (RFC 8866; `fmtp` per RFC 6184, RFC 7798, RFC 3640)."""

import base64
from collections.abc import Sequence

from mini_nvr.demo.model import TrackSpec

ENCODING_NAMES = {"h264": "H264", "h265": "H265", "aac": "mpeg4-generic", "pcma": "PCMA", "pcmu": "PCMU"}
_H265_PARAMETERS = ("sprop-vps", "sprop-sps", "sprop-pps")


def describe(
    tracks: Sequence[TrackSpec],
    *,
    name: str,
    with_sets: bool = True,
    unsupported_video: bool = False,
    metadata_track: bool = False,
) -> str:
    """The SDP; track n has the relative control URL `trackID=n`.

    with_sets: False leaves the video parameter sets out, so that clients must take them in-band.
    unsupported_video: True names an encoding that nobody knows.
    metadata_track: True adds an ONVIF metadata stream, as many cameras do.
    """
    lines = ["v=0", "o=- 0 0 IN IP4 0.0.0.0", f"s={name}", "c=IN IP4 0.0.0.0", "t=0 0", "a=control:*", "a=range:npt=now-"]
    for index, track in enumerate(tracks):
        lines += _media(track, index, with_sets=with_sets, unsupported=unsupported_video and track.kind == "video")
    if metadata_track:
        lines += ["m=application 0 RTP/AVP 107", "a=rtpmap:107 vnd.onvif.metadata/90000", f"a=control:trackID={len(tracks)}"]
    return "\r\n".join(lines) + "\r\n"


def _media(track: TrackSpec, index: int, *, with_sets: bool, unsupported: bool) -> list[str]:
    encoding = "X-NOBODY-KNOWS" if unsupported else ENCODING_NAMES[track.codec]
    channels = f"/{track.channels}" if track.kind == "audio" and track.codec == "aac" else ""
    lines = [
        f"m={track.kind} 0 RTP/AVP {track.payload_type}",
        f"a=rtpmap:{track.payload_type} {encoding}/{track.clock_hz}{channels}",
    ]
    parameters = "" if unsupported else _format_parameters(track, with_sets=with_sets)
    if parameters:
        lines.append(f"a=fmtp:{track.payload_type} {parameters}")
    if track.frame_rate is not None:
        lines.append(f"a=framerate:{float(track.frame_rate):g}")
    return [*lines, f"a=control:trackID={index}"]


def _format_parameters(track: TrackSpec, *, with_sets: bool) -> str:
    encoded = [base64.b64encode(item).decode() for item in track.parameter_sets]
    match track.codec:
        case "h264":
            sets = f"; sprop-parameter-sets={','.join(encoded)}" if with_sets else ""
            return f"packetization-mode=1; profile-level-id={track.parameter_sets[0][1:4].hex().upper()}{sets}"
        case "h265":
            pairs = zip(_H265_PARAMETERS, encoded, strict=True)
            return "; ".join(f"{key}={value}" for key, value in pairs) if with_sets else ""
        case "aac":
            sizes = "sizelength=13; indexlength=3; indexdeltalength=3"
            return f"streamtype=5; profile-level-id=1; mode=AAC-hbr; {sizes}; config={track.config.hex().upper()}"
        case _:
            return ""
