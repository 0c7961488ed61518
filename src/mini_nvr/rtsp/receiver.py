"""Everything that arrives for one track of a session: RTP to frames, RTCP to sender reports and the goodbye."""

from collections.abc import Callable
from functools import partial

from mini_nvr.rtsp import rtcp
from mini_nvr.rtsp.rtp import RtpReceiver
from mini_nvr.rtsp.sink import Sink
from mini_nvr.rtsp.tracks import Note, Track, depacketizer


class TrackReceiver:
    """Feeds a sink. `position` is the track's place among those played; `on_goodbye` is told when its sender leaves."""

    def __init__(self, position: int, track: Track, sink: Sink, note: Note, on_goodbye: Callable[["TrackReceiver"], None]) -> None:
        self.track = track
        self._position = position
        self._on_sender_report = sink.on_sender_report
        self._on_goodbye = on_goodbye
        reader = depacketizer(track, partial(sink.on_frame, position), note)
        self.settle = reader.settle
        self.rtp = RtpReceiver(track.payload_type, reader, partial(sink.on_loss, position))

    def rtcp_packet(self, data: memoryview, start: int, end: int, arrival_ns: int) -> None:
        """Take the compound RTCP packet `data[start:end]`."""
        del arrival_ns
        reports = rtcp.parse(bytes(data[start:end]))
        for report in reports.sender_reports:
            if self.rtp.ssrc in {report.ssrc, -1}:
                self._on_sender_report(self._position, report.ntp_utc_us, self.rtp.timestamps.near(report.rtp_timestamp))
        if self.rtp.ssrc in reports.goodbyes:
            self._on_goodbye(self)
