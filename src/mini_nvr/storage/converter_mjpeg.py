"""MJPEG as H.264, only when the owner asks for it: every picture is encoded anew, so what comes out is not what went in."""

from fractions import Fraction
from typing import Any, Final

import av
from av.codec.context import Flags
from av.video.frame import PictureType
from av.video.reformatter import ColorRange

from mini_nvr.errors import MediaError
from mini_nvr.media.frame import VideoFormat
from mini_nvr.segment.model import Container
from mini_nvr.storage.converter_errors import Unconvertible
from mini_nvr.storage.converter_input import Footage
from mini_nvr.storage.converter_nal import NalReader

CODEC: Final = "mjpeg"
_KEY_FRAME_EVERY: Final = 50
_QUALITY: Final = "20"  # CRF: hardly to be told from the JPEGs of a camera


class MjpegFootage(Footage):
    """One picture in, one access unit out."""

    def open_video(self, container: Container) -> tuple[NalReader, VideoFormat]:
        source = self.video_stream.codec_context
        if source.codec.canonical_name != CODEC:
            return super().open_video(container)
        self._pictures = 0
        try:
            self._encoder = _encoder(source.width & ~1, source.height & ~1)
            nals = NalReader("h264", bytes(self._encoder.extradata or b""))
            return nals, nals.format()
        except (MediaError, av.FFmpegError, ValueError) as exc:
            raise Unconvertible(f"{self.path.name}: its video cannot be encoded: {exc}") from exc

    def coded(self, packet: "av.Packet[Any]") -> tuple[bytes, bool]:
        if self.video_stream.codec_context.codec.canonical_name != CODEC:
            return super().coded(packet)
        try:
            (decoded,) = self.video_stream.codec_context.decode(packet)
            picture = decoded.reformat(  # JPEG's samples take 0..255, players expect video's from 16 on
                self._encoder.width,
                self._encoder.height,
                "yuv420p",
                src_color_range=ColorRange.JPEG,
                dst_color_range=ColorRange.MPEG,
            )
            picture.pict_type = PictureType.NONE  # every JPEG is a key frame
            picture.pts, self._pictures = self._pictures, self._pictures + 1
            (encoded,) = self._encoder.encode(picture)
        except (av.FFmpegError, ValueError) as exc:
            raise MediaError(f"a picture cannot be decoded: {exc}") from exc
        return self.nals.normalized(bytes(encoded), self.format.parameter_sets), encoded.is_keyframe


def _encoder(width: int, height: int) -> "av.VideoCodecContext":
    """libx264 that holds no picture back, with one thread: the same bytes in every run."""
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, 25), Fraction(25)
    encoder.thread_count = 1
    encoder.flags |= Flags.global_header
    encoder.options = {"preset": "veryfast", "tune": "zerolatency", "crf": _QUALITY, "g": str(_KEY_FRAME_EVERY)}
    encoder.open()
    return encoder
