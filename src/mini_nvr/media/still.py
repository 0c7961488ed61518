"""Frames to one JPEG, through FFmpeg's decoders: a key frame, or the last picture of what follows one.

Decoding a 1080p key frame takes some 5 ms, scaling and JPEG about 1 ms at 320 pixels; one thread, because a single picture gains
nothing from more and a web service has other requests. Whoever makes pictures imports this when the first one is wanted: FFmpeg's
libraries take some 15 MB.
"""

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction

import av

from mini_nvr.errors import MediaError
from mini_nvr.media.frame import VideoFormat
from mini_nvr.media.still_size import still_size

_QUALITY = 4  # mjpeg's quantizer, 2 (best) to 31
_DECODERS = {"h264": "h264", "h265": "hevc"}


def still_jpeg(key_frame: bytes, video: VideoFormat, width: int | None = None) -> bytes:
    """The picture of a key frame.

    key_frame: NAL units, each behind its length as 4 bytes, as in `Frame.data`.
    width: of the JPEG, clamped to 16..3840; None means that of the picture as shown. Never larger than that, and the shown shape is
        kept: pixels come out square whatever the stream's sample aspect ratio.

    Raises:
        MediaError: the frame does not decode.
    """
    try:
        return _shown(_decode(key_frame, video), video, width)
    except (av.FFmpegError, ValueError) as exc:
        raise MediaError(f"a key frame of {len(key_frame)} bytes does not decode: {exc}") from exc


def newest_still(
    frames: Iterable[tuple[int, bytes]], video: VideoFormat, width: int | None, goes_on: Callable[[], bool]
) -> tuple[bytes, int]:
    """The picture that is shown last of a GOP, and its time; a GOP that is damaged counts up to the damage.

    frames: (time of presentation, data as for `still_jpeg`) in decoding order, the first one a key frame.
    width: as for `still_jpeg`.
    goes_on: asked before each frame but the first; no ends the decoding, and the last picture up to there is taken.

    Raises:
        MediaError: the key frame does not decode.
    """
    try:
        picture = _decode_newest(frames, video, goes_on)
        return _shown(picture, video, width), picture.pts or 0
    except (av.FFmpegError, ValueError) as exc:
        raise MediaError(f"a live picture does not decode: {exc}") from exc


def _decode(key_frame: bytes, video: VideoFormat) -> av.VideoFrame:
    decoder = _open_decoder(video)
    frames = decoder.decode(av.Packet(key_frame)) or decoder.decode(None)
    if not frames:
        raise MediaError(f"a key frame of {len(key_frame)} bytes holds no picture")
    return frames[0]


def _decode_newest(frames: Iterable[tuple[int, bytes]], video: VideoFormat, goes_on: Callable[[], bool]) -> av.VideoFrame:
    newest: av.VideoFrame | None = None
    for picture in _pictures(frames, video, goes_on):
        if not picture.is_corrupt:
            newest = picture
        elif newest is not None:  # what follows is made from it
            break
    if newest is None:
        raise MediaError("a GOP holds no picture")
    return newest


def _pictures(frames: Iterable[tuple[int, bytes]], video: VideoFormat, goes_on: Callable[[], bool]) -> Iterator[av.VideoFrame]:
    """As they are shown, up to the first frame that the decoder refuses; what it has made of that one all the same has holes."""
    decoder = _open_decoder(video)
    refused: int | None = None
    for number, (time, data) in enumerate(frames):
        if number > 0 and not goes_on():
            break
        packet = av.Packet(data)
        packet.pts = time
        try:
            yield from decoder.decode(packet)
        except av.FFmpegError:
            refused = time
            break
    yield from (picture for picture in decoder.decode(None) if picture.pts != refused)


def _open_decoder(video: VideoFormat) -> av.VideoCodecContext:
    decoder = av.CodecContext.create(_DECODERS[video.codec], "r")
    assert isinstance(decoder, av.VideoCodecContext)  # noqa: S101  narrows PyAV's return type
    decoder.extradata = video.decoder_config
    decoder.thread_count = 1
    return decoder


def _shown(picture: av.VideoFrame, video: VideoFormat, width: int | None) -> bytes:
    shown = max(1, round(picture.width * (video.sample_aspect or Fraction(1))))
    return _encode(picture, *still_size(shown, picture.height, width))


def _encode(picture: av.VideoFrame, width: int, height: int) -> bytes:
    scaled = picture.reformat(width=width, height=height, format="yuvj420p", interpolation="AREA")
    encoder = av.CodecContext.create("mjpeg", "w")
    assert isinstance(encoder, av.VideoCodecContext)  # noqa: S101  narrows PyAV's return type
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuvj420p"
    encoder.time_base = Fraction(1, 25)
    encoder.thread_count = 1
    encoder.qmin = encoder.qmax = _QUALITY
    scaled.pts = 0
    return b"".join(bytes(packet) for packet in [*encoder.encode(scaled), *encoder.encode(None)])
