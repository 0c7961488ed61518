"""Media time to one time line, and the time line to the wall. Pure: arrivals and clock readings are arguments.

Objective: audio and video of a run share one line that starts near 0, grows with the camera's clock, and survives what broken
cameras do. RTP timestamps say how far apart frames are; arrivals say where on the wall they belong. Network delay only ever adds,
so the frame with the smallest (arrival - media time) lies nearest to the truth: it anchors the run. Cameras' clocks drift: the
anchor follows at segment borders by at most 500 ppm, so a segment's own times are never bent, unless the camera counts frames
instead of time (`ingest.pace`). Sender reports (RFC 3550 section 6.4.1), when the camera sends them for both tracks and they are
sane, align audio with video exactly.

All `*_ns` are monotonic; `wall_offset_us` = wall clock - monotonic clock, both now.
"""

from dataclasses import dataclass

from mini_nvr.clock import NS_PER_S, NS_PER_US, US_PER_S
from mini_nvr.ingest.pace import DRIFT_PPM, Pace
from mini_nvr.media.frame import VIDEO_CLOCK_HZ

MAX_AHEAD_NS = 3 * NS_PER_S  # frames cannot come from the future: the time stamps jumped forward
MAX_BEHIND_NS = 30 * NS_PER_S  # no TCP queue holds that much: the time stamps stood still or jumped back slowly
MAX_BACKWARD = VIDEO_CLOCK_HZ  # one second: more than any reordering
MAX_JITTER = VIDEO_CLOCK_HZ // 10  # the same without reordering: a clock that is set back is a jump, stamps that wobble are none
SETTLE_NS = 2 * NS_PER_S  # so long the first frames of a connection tell where audio belongs
MAX_AUDIO_SKEW_NS = 1 * NS_PER_S  # audio this far from its arrival is re-aligned, unless video is as late: the line was held up
MAX_REPORT_SKEW_NS = 2 * NS_PER_S  # sender reports that contradict the arrivals by more are the camera's mistake
STEP_US = 250_000  # a faster change of the wall clock against the monotonic one is a step, not a slew


class VideoLine:
    """RTP timestamps of the video track -> 90 kHz ticks since the first frame; arrivals bridge jumps and correct a wrong pace.

    Media time is a straight line through a pivot: the first frame, and later wherever the line was bent or bridged.

    max_backward: how far, in ticks, a frame may lie before the newest one and not be a jump.
    """

    def __init__(self) -> None:
        self.jumps = 0
        self.max_backward = MAX_BACKWARD
        self._pace: Pace | None = None  # None before the first frame
        self._pivot_rtp = self._pivot = 0
        self._bend_ppm = 0
        self._newest_rtp = 0
        self._newest = 0  # largest pts handed out
        self._newest_arrival_ns = 0
        self._window_ns = 0  # smallest (arrival - media) since the last border
        self._anchor_ns = 0  # the same, of the window before, or of this one when smaller

    @property
    def started(self) -> bool:
        return self._pace is not None

    @property
    def bend_ppm(self) -> int:
        """How much faster than its time stamps say the camera's time runs; 0 for all but those that count frames."""
        return self._bend_ppm

    @property
    def anchor_ns(self) -> int:
        """Best estimate of the monotonic instant at which media time was 0."""
        return self._anchor_ns

    def place(self, rtp_timestamp: int, arrival_ns: int) -> int:
        """The frame's presentation time in ticks since the first frame."""
        if self._pace is None:
            self._pace = Pace(arrival_ns)
            self._pivot_rtp = self._newest_rtp = rtp_timestamp
            self._anchor_ns = self._window_ns = self._newest_arrival_ns = arrival_ns
            return 0
        pts = self.of_raw(rtp_timestamp)
        lag_ns = arrival_ns - pts * NS_PER_S // VIDEO_CLOCK_HZ
        ahead_ns = MAX_BEHIND_NS if self._pace.is_wrong else MAX_AHEAD_NS
        if not -ahead_ns <= lag_ns - self._anchor_ns <= MAX_BEHIND_NS or self._newest - pts > self.max_backward:
            pts = self._bridge(rtp_timestamp, arrival_ns)
            lag_ns = arrival_ns - pts * NS_PER_S // VIDEO_CLOCK_HZ
            self._pace.jumped()
        if lag_ns < self._window_ns:
            self._window_ns = lag_ns
            self._anchor_ns = min(self._anchor_ns, lag_ns)
        if pts > self._newest:
            self._newest, self._newest_rtp = pts, rtp_timestamp
            self._newest_arrival_ns = arrival_ns
        least_ns = self._pace.observe(lag_ns, arrival_ns)
        if least_ns is not None:
            self._bend(self._pace.bend_ppm, least_ns)
        return pts

    def late_ns(self, arrival_ns: int) -> int:
        """How late the newest frame would be if it arrived now."""
        return max(arrival_ns - self._anchor_ns - self._newest * NS_PER_S // VIDEO_CLOCK_HZ, 0)

    def border(self) -> int:
        """Close the window of one segment; returns its smallest (arrival - media), the next segment's best anchor."""
        best = self._window_ns
        if self._pace is not None:
            self._pace.border(best)
        self._anchor_ns = best
        self._window_ns = best + NS_PER_S  # the next frame replaces it unless the clock really drifted by that much
        return best

    def of_raw(self, rtp_timestamp: int) -> int:
        """The media time that an RTP timestamp corresponds to, without judging it."""
        since = rtp_timestamp - self._pivot_rtp
        return self._pivot + since + since * self._bend_ppm // 1_000_000

    def _bend(self, ppm: int, anchor_ns: int) -> None:
        """Go on from the newest frame at another pace. anchor_ns: where the line stands now, so that audio finds it there."""
        self._pivot_rtp, self._pivot, self._bend_ppm = self._newest_rtp, self._newest, ppm
        self._anchor_ns = self._window_ns = anchor_ns

    def _bridge(self, rtp_timestamp: int, arrival_ns: int) -> int:
        """The camera's time stamps jumped: go on where the arrivals say, at least one tick further."""
        waited_ns = max(arrival_ns - self._newest_arrival_ns, 0)
        pts = self._newest + max(waited_ns * VIDEO_CLOCK_HZ // NS_PER_S, 1)
        self._pivot_rtp, self._pivot = rtp_timestamp, pts
        self.jumps += 1
        return pts


@dataclass(frozen=True, slots=True)
class SenderReport:
    """One RTCP sender report: the camera's wall clock at an RTP timestamp (unwrapped)."""

    ntp_utc_us: int
    rtp_timestamp: int


class AudioLine:
    """RTP timestamps of the audio track -> samples on the video line.

    Until sender reports tell better, the least delayed audio frame marks where the track belongs, as the least delayed video frame
    marks the anchor: followed closely in the first `SETTLE_NS`, at borders from then on.
    """

    def __init__(self, clock_hz: int) -> None:
        self._hz = clock_hz
        self._offset: int | None = None
        self._exact: int | None = None  # the offset that sender reports ask for
        self._first_arrival_ns = 0
        self._origin_ns = 0  # smallest arrival of the instant that RTP timestamp 0 stands for, since the last border

    @property
    def aligned_by_reports(self) -> bool:
        return self._exact is not None and self._offset == self._exact

    def place(self, rtp_timestamp: int, arrival_ns: int, frame_samples: int, anchor_ns: int, video_late_ns: int = 0) -> int:
        """The frame's presentation time in samples; may be negative for audio from before the first video frame.

        frame_samples: an audio frame is sent when its last sample was taken, so its first one is that much older.
        video_late_ns: `VideoLine.late_ns` now; where network or machine held up both tracks, audio may be as late and stays.
        """
        origin_ns = arrival_ns - (rtp_timestamp + frame_samples) * NS_PER_S // self._hz
        if self._offset is None:
            self._start(origin_ns, arrival_ns, anchor_ns)
        elif origin_ns < self._origin_ns:
            self._origin_ns = origin_ns
        if self._exact is None and arrival_ns - self._first_arrival_ns < SETTLE_NS:
            self._offset = self._by_arrival(anchor_ns)
        pts = rtp_timestamp - (self._offset or 0)
        ahead = pts + frame_samples - (arrival_ns - anchor_ns) * self._hz // NS_PER_S
        if not -(MAX_AUDIO_SKEW_NS + video_late_ns) * self._hz <= ahead * NS_PER_S <= MAX_AUDIO_SKEW_NS * self._hz:
            self._exact = None
            self._start(origin_ns, arrival_ns, anchor_ns)
            pts = rtp_timestamp - (self._offset or 0)
        return pts

    def _start(self, origin_ns: int, arrival_ns: int, anchor_ns: int) -> None:
        self._origin_ns = origin_ns
        self._first_arrival_ns = arrival_ns
        self._offset = self._by_arrival(anchor_ns) if self._exact is None else self._exact

    def _by_arrival(self, anchor_ns: int) -> int:
        return (anchor_ns - self._origin_ns) * self._hz // NS_PER_S

    def align(self, exact_offset: int) -> None:
        """Take the sender reports' word, at once the first time (nobody hears a single slip), at borders from then on."""
        first = self._exact is None
        if self._offset is not None and abs(exact_offset - self._offset) * NS_PER_S > MAX_REPORT_SKEW_NS * self._hz:
            return
        self._exact = exact_offset
        if first:
            self._offset = exact_offset

    def border(self, anchor_ns: int) -> None:
        """Follow the drift between the two clocks of the camera; the place to do so is between two segments."""
        if self._offset is not None:
            self._offset = self._by_arrival(anchor_ns) if self._exact is None else self._exact
            self._origin_ns += NS_PER_S  # as in `VideoLine.border`


class Alignment:
    """Collects sender reports of both tracks and derives the audio track's exact offset."""

    def __init__(self, video: VideoLine, audio: AudioLine, audio_hz: int) -> None:
        self._video = video
        self._audio = audio
        self._hz = audio_hz
        self._video_report: SenderReport | None = None
        self._audio_report: SenderReport | None = None

    def on_video_report(self, report: SenderReport) -> None:
        self._video_report = report
        self._derive()

    def on_audio_report(self, report: SenderReport) -> None:
        self._audio_report = report
        self._derive()

    def on_video_started(self) -> None:
        """The first video frame was placed: reports that came before it, as from cameras that begin with them, count now."""
        self._derive()

    def _derive(self) -> None:
        video, audio = self._video_report, self._audio_report
        if video is None or audio is None or not self._video.started:
            return
        since_us = audio.ntp_utc_us - video.ntp_utc_us
        on_line_us = self._video.of_raw(video.rtp_timestamp) * US_PER_S // VIDEO_CLOCK_HZ + since_us
        self._audio.align(audio.rtp_timestamp - on_line_us * self._hz // US_PER_S)


@dataclass(frozen=True, slots=True)
class NextStart:
    """Where the next segment starts on the wall, and whether the system clock was set meanwhile."""

    utc_us: int
    stepped: bool


def next_start(expected_utc_us: int, measured_utc_us: int, elapsed_us: int, wall_stepped: bool) -> NextStart:
    """The start of a following segment: where the line says, pulled towards what was measured by at most `DRIFT_PPM`.

    elapsed_us: length of the segment before. After a step of the system clock the measurement is taken as it is.
    """
    if wall_stepped:
        return NextStart(measured_utc_us, stepped=True)
    limit = elapsed_us * DRIFT_PPM // US_PER_S
    drift = max(-limit, min(limit, measured_utc_us - expected_utc_us))
    return NextStart(expected_utc_us + drift, stepped=False)


def to_wall_us(mono_ns: int, wall_offset_us: int) -> int:
    """A monotonic instant on the wall."""
    return mono_ns // NS_PER_US + wall_offset_us


def media_us(pts_90k: int) -> int:
    """Ticks of the video clock in microseconds."""
    return pts_90k * US_PER_S // VIDEO_CLOCK_HZ
