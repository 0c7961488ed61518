"""Frames of one epoch -> messages: header, init segment, and one part a frame. Pure.

An epoch is a stretch in which neither the formats nor the time line change. When a frame is presented is exact. How long it lasts
is not known before the next one comes; what is declared is about the longest of the last frames, so that what a player has ends
where its newest frame ends.

Where frames are missing, a player takes a decoding time more than two declared durations after the last one for a break, and then
throws frames away until a key frame comes (Media Source Extensions, coded frame processing). So the decoding time of a frame behind
a hole stays close to the one before, its composition offset makes up for it, and later frames catch up, at the next key frame for
good.
"""

import struct

from mini_nvr.clock import US_PER_S
from mini_nvr.errors import MediaError
from mini_nvr.ingest.timestamps import media_us
from mini_nvr.live import protocol
from mini_nvr.live.protocol import FLAG_KEY, FLAG_SOUND, Message, StreamName
from mini_nvr.media.decode_times import DecodeClock
from mini_nvr.media.frame import VIDEO_CLOCK_HZ, AudioFormat, Frame, VideoFormat
from mini_nvr.media.mp4 import init_segment, part_header
from mini_nvr.media.part import AUDIO_TRACK_ID, VIDEO_TRACK_ID, Part, TrackPart

_DECAY = 16  # a long frame is forgotten by a sixteenth a frame
_ROUNDING = 8  # so much less than two durations: players round times, some to microseconds, some to milliseconds


class Packager:
    """One epoch of one stream, shared by all its viewers.

    depth: of reordering, as far as it is known. frame_duration: a first guess, in 90 kHz.
    """

    def __init__(self, video: VideoFormat, audio: AudioFormat | None, depth: int, frame_duration: int) -> None:
        self._video = video
        self.audio = audio
        self.depth = depth
        self._clock = DecodeClock(depth)
        self._learns_order = video.reorder_depth is None
        self._duration = frame_duration
        self._last_dts: int | None = None
        self._last_due = 0
        self._audio_hz = audio.sample_rate_hz if audio else 1
        self._audio_until = 0
        self._sequence = 0

    def preamble(self, channel: int, stream: StreamName, start_utc_us: int) -> tuple[Message, Message]:
        """The header and the init segment; start_utc_us: the wall instant of media time 0.

        Raises:
            MediaError: the formats have no place in MP4.
        """
        formats = (self._video,) if self.audio is None else (self._video, self.audio)
        codecs = ",".join(track.codec_string for track in formats)
        fields = {
            "channel": channel,
            "stream": stream,
            "codecs": codecs,
            "mimeType": f'video/mp4; codecs="{codecs}"',
            "width": self._video.width,
            "height": self._video.height,
            "startUtcUs": start_utc_us,
            "timescale": VIDEO_CLOCK_HZ,
            "audio": self.audio is not None,
        }
        return protocol.header(fields), protocol.init(init_segment(formats, b"", start_utc_us=start_utc_us))

    def video(self, frame: Frame, zero_utc_us: int) -> Message:
        """A part of one video frame; zero_utc_us: the wall instant of media time 0, as it is known now.

        Raises:
            MediaError: the frame's times do not fit into a part.
        """
        if self._learns_order:
            self._clock.observe([frame.pts])
        dts = self._decoding_time(max(self._clock.push(frame.pts), 0), is_key=frame.is_key)
        offset = frame.pts - dts
        track = TrackPart(VIDEO_TRACK_ID, dts, [self._duration], [frame.data], [offset] if offset else [], [frame.is_key])
        utc_us = zero_utc_us + media_us(frame.pts)
        return self._part(track, frame.data, utc_us, FLAG_KEY if frame.is_key else 0)

    def _decoding_time(self, due: int, *, is_key: bool) -> int:
        """The decoding time of a frame that would be `due` if none were missing; learns how long frames last."""
        dts = due
        if self._last_dts is not None:
            step, longest = due - self._last_due, 2 * self._duration
            if step > longest or not is_key:
                dts = max(min(due, self._last_dts + longest - self._duration // _ROUNDING), self._last_dts + 1)
            self._duration = max(min(step, longest), self._duration - self._duration // _DECAY, 1)
        self._last_dts, self._last_due = dts, due
        return dts

    def sound(self, data: bytes, pts: int, zero_utc_us: int) -> Message | None:
        """A part of one audio frame, `pts` in samples; None when it lies before media time 0.

        Raises:
            MediaError: the frame's times do not fit into a part.
        """
        if pts < 0 or self.audio is None:
            return None
        start = max(pts, self._audio_until)
        self._audio_until = start + 1
        track = TrackPart(AUDIO_TRACK_ID, start, [self.audio.frame_samples], [data])
        return self._part(track, data, zero_utc_us + pts * US_PER_S // self._audio_hz, FLAG_SOUND)

    def _part(self, track: TrackPart, data: bytes, utc_us: int, flags: int) -> Message:
        self._sequence += 1
        head = part_header(Part([track], flags == FLAG_KEY), self._sequence)
        try:
            return protocol.part(max(utc_us, 0), flags, head, data)
        except struct.error as exc:
            raise MediaError(f"the wall time {utc_us} does not fit into a part") from exc
