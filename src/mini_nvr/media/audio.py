"""G.711 to AAC, because no browser plays G.711 from MP4.

Runs inline on the event loop: bytes are collected until they fill an AAC frame, so that most packets cost a copy of 160 bytes, and
one in six or seven costs a table lookup and an encoder call.
"""

from collections import deque
from fractions import Fraction

import av
import numpy as np

from mini_nvr.errors import MediaError
from mini_nvr.media import aac, g711
from mini_nvr.media.frame import AudioFormat

BIT_RATE_PER_CHANNEL = 32_000
FRAME_SAMPLES = 1024

_LARGEST_FILLED_GAP_S = 1
_JITTER_MS = 10  # below the duration of any packet: cameras that stamp from a coarse clock are not cut to pieces


class AacTranscoder:
    """Turns the G.711 packets of one track into AAC-LC at the same sample rate, and so in the same clock.

    A sound that came in at a time decodes at that time: the encoder's delay of one frame is taken out of the time stamps, and the
    priming frame, which would lie before the first input, is dropped.

    The encoder sees an even stream of samples. Where the input's time stamps leave a gap below a second, silence fills it; where
    they overlap by less than a second, what was already heard is cut off; where they jump further, the output jumps with them.
    """

    def __init__(self, source: AudioFormat) -> None:
        """Open an encoder.

        Raises:
            MediaError: `source` is not G.711, or AAC does not know its sample rate.
        """
        if source.codec == "aac":
            raise MediaError("the track is AAC already and needs no transcoding")
        self._channels = source.channels
        self._rate = source.sample_rate_hz
        self._layout = "mono" if source.channels == 1 else "stereo"
        self._silence = g711.SILENCE[source.codec]
        self._samples = np.array(g711.linear_samples(source.codec), np.float32) / np.float32(32_768)
        self._encoder = self._open_encoder()
        self.format = aac.audio_format(bytes(self._encoder.extradata or b""))
        self._pending = bytearray()  # whole samples, less than a frame after each call
        self._next_pts = 0  # where the samples after `_pending` belong
        self._started = False
        self._in_overlap = False  # the packet before lay wholly in what was already heard
        self._encoded_pts: deque[int] = deque()  # of frames that the encoder has and we have no packet of yet
        self._primed = False

    def feed(self, data: bytes, pts: int) -> list[tuple[bytes, int]]:
        """Take the bytes of one packet, the first sample at `pts`; the access units that are complete by it, with their pts."""
        size = len(data) // self._channels * self._channels
        packets: list[tuple[bytes, int]] = []
        if not self._started:
            self._started = True
            self._next_pts = pts
        elif pts != self._next_pts:
            start = self._align(pts, packets)
            size -= start
            if size <= 0:
                self._in_overlap = True
                return packets
            data = data[start : start + size]
        self._in_overlap = False
        self._pending += data[:size]
        self._next_pts += size // self._channels
        self._encode_whole_frames(packets)
        return packets

    def flush(self) -> list[tuple[bytes, int]]:
        """The access units that are still inside, the last one padded with silence. The transcoder is used up after it."""
        packets: list[tuple[bytes, int]] = []
        self._pad_frame(packets)
        self._collect(self._encoder.encode(None), packets)
        return packets

    def _align(self, pts: int, packets: list[tuple[bytes, int]]) -> int:
        """Make `_next_pts` meet `pts`, within the jitter; the number of bytes to leave out at the start of the packet."""
        missing = pts - self._next_pts
        tolerated = 0 if self._in_overlap else _JITTER_MS * self._rate
        if abs(missing) * 1000 < tolerated:
            return 0
        if abs(missing) >= _LARGEST_FILLED_GAP_S * self._rate:
            self._pad_frame(packets)
            self._next_pts = pts
            return 0
        if missing < 0:
            return -missing * self._channels
        self._pending += self._silence * (missing * self._channels)
        self._next_pts = pts
        return 0

    def _pad_frame(self, packets: list[tuple[bytes, int]]) -> None:
        """Fill up the frame under way, if there is one, with silence, and encode it."""
        frame_size = FRAME_SAMPLES * self._channels
        if self._pending:
            missing = frame_size - len(self._pending)
            self._pending += self._silence * missing
            self._next_pts += missing // self._channels
            self._encode_whole_frames(packets)

    def _encode_whole_frames(self, packets: list[tuple[bytes, int]]) -> None:
        frame_size = FRAME_SAMPLES * self._channels
        while len(self._pending) >= frame_size:
            pts = self._next_pts - len(self._pending) // self._channels
            planes = self._samples[np.frombuffer(self._pending, np.uint8, frame_size)].reshape(FRAME_SAMPLES, self._channels).T
            del self._pending[:frame_size]
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(planes), format="fltp", layout=self._layout)
            frame.sample_rate = self._rate
            self._encoded_pts.append(pts)
            self._collect(self._encoder.encode(frame), packets)

    def _collect(self, encoded: "list[av.Packet[av.AudioStream]]", packets: list[tuple[bytes, int]]) -> None:
        """Pair packets with the frames that they decode to: the first packet is priming, the one after it plays the first frame."""
        for packet in encoded:
            if self._primed:
                packets.append((bytes(packet), self._encoded_pts.popleft()))
            self._primed = True

    def _open_encoder(self) -> av.AudioCodecContext:
        try:
            encoder = av.CodecContext.create("aac", "w")
            encoder.sample_rate = self._rate
            encoder.layout = self._layout
            encoder.format = "fltp"
            encoder.bit_rate = BIT_RATE_PER_CHANNEL * self._channels
            encoder.time_base = Fraction(1, self._rate)
            encoder.options = {"aac_coder": "fast"}  # less than half the CPU of twoloop; no audible difference at 4 bits a sample
            encoder.open()
        except (av.FFmpegError, ValueError) as exc:
            raise MediaError(f"no AAC encoder for {self._rate} Hz and {self._channels} channels: {exc}") from exc
        return encoder
