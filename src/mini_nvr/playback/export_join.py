"""Which frames of which file an export holds, and when they are shown; pure.

The files are joined: where one ends the next begins, so time without footage is left out. The first frame shown is the first one of
the range; what decoding it needs, back to a key frame, is in the movie too, and an edit list hides it. Of a file that overlaps the
one before (the clock was set back) only whole GOPs are taken, because an edit list hides only what stands at the very beginning.

Sound follows the pictures: the last frame of a file's sound is stretched or shrunk so that the next file's starts in sync.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from mini_nvr.media.frame import VIDEO_CLOCK_HZ, AudioFormat, TrackFormat, VideoFormat
from mini_nvr.media.mp4.joined_index import TABLES, Edit, JoinedTrack
from mini_nvr.media.mp4.samples import Samples
from mini_nvr.playback.export_source import Tables

VIDEO, AUDIO = 0, 1
_AUDIO_PREROLL = 1  # AAC decodes a frame from the one before and itself
_UNHEARD_FRACTION = 1_000  # corrections below a millisecond are left to add up


@dataclass(frozen=True, slots=True)
class Window:
    """Video samples `first` up to `end`, of which those presented in [start_90k, end_90k), from the file's origin, are shown."""

    first: int
    end: int
    start_90k: int
    end_90k: int


def window(video: Samples, lower_90k: int, upper_90k: int, *, may_hide: bool) -> Window | None:
    """What of a file to take so that its frames presented in [lower, upper) can be shown; None when there are none.

    may_hide: frames before `lower` may be taken, from a key frame on; otherwise the window starts at the first key frame in it.
    """
    if lower_90k <= video.first_dts and not video.cts_offsets and upper_90k >= (end := video.first_dts + video.duration):
        return Window(0, len(video), video.first_dts, end)
    times = video.presentation_times()
    keys = video.sync or range(len(video))
    if not may_hide and lower_90k > video.first_dts:
        lower_90k = next((times[key] for key in keys if times[key] >= lower_90k), upper_90k)
    shown = [number for number, time in enumerate(times) if lower_90k <= time < upper_90k]
    if not shown:
        return None
    start = min(times[number] for number in shown)
    last = max(shown, key=times.__getitem__)
    ends = video.decoding_times()
    return Window(_key_before(keys, times, shown[0], start), shown[-1] + 1, start, times[last] + ends[last + 1] - ends[last])


def _key_before(keys: Sequence[int], times: Sequence[int], number: int, start: int) -> int:
    """The key frame to decode from: at or before a sample, and one earlier when frames of it are presented before the key frame."""
    position = bisect_right(keys, number) - 1
    if position > 0 and times[keys[position]] > start:
        position -= 1
    return keys[max(0, position)]


class Joiner:
    """Takes file after file, in order; then `tracks` is the movie.

    kept: (number of the track, table) of the rows that are held; None for all. The same files in the same order make the same rows.
    """

    def __init__(self, video: VideoFormat, audio: AudioFormat | None = None, *, kept: tuple[int, bytes] | None = None) -> None:
        self.is_empty = True
        self.data_bytes = 0
        self._kept = kept
        self._format = video
        self._video = self._track(video, VIDEO)
        self._audio = self._track(audio, AUDIO) if audio is not None else None
        self._audio_start: int | None = None  # of the first sample of sound on the movie's time line, in its clock rate
        self._shown = (0, 0)  # on the time line of the video track

    @property
    def video_format(self) -> VideoFormat:
        return self._format

    @property
    def holds_all(self) -> bool:
        """Whether no row was forgotten."""
        return self._kept is None

    @property
    def audio_format(self) -> AudioFormat | None:
        """The format of the movie's sound, once there is any."""
        of = self._audio.format if self._audio is not None else None
        return of if isinstance(of, AudioFormat) else None

    @property
    def held_bytes(self) -> int:
        """What the rows take that are held."""
        return self._video.held_bytes + (self._audio.held_bytes if self._audio is not None else 0)

    def forget(self) -> None:
        """Hold no rows from now on."""
        self._kept = (VIDEO, b"")
        self._video.forget()
        if self._audio is not None:
            self._audio.forget()

    def hear(self, audio: AudioFormat) -> None:
        """From now on there is sound, of this format."""
        self._audio = self._track(audio, AUDIO)

    def track(self, number: int) -> JoinedTrack | None:
        """VIDEO or AUDIO."""
        return self._video if number == VIDEO else self._audio

    def _track(self, of: TrackFormat, number: int) -> JoinedTrack:
        if self._kept is None:
            return JoinedTrack(of)
        return JoinedTrack(of, {self._kept[1]} & set(TABLES) if self._kept[0] == number else ())

    @property
    def shown_90k(self) -> int:
        """How long the movie is."""
        return self._shown[1] - self._shown[0]

    def add(self, tables: Tables, of: Window, *, with_audio: bool) -> tuple[int, int]:
        """Append what `of` says of a file; returns from where to where its bytes are taken.

        with_audio: its sound has the format of the movie's.
        """
        video = tables.video.part(of.first, of.end)
        origin_90k = self._video.end_dts - video.first_dts
        audio = self._audio_of(tables, of, origin_90k) if with_audio else None
        start, end = video.extent()
        if audio:
            audio_start, audio_end = audio.extent()
            start, end = min(start, audio_start), max(end, audio_end)
        shift = self.data_bytes - start
        self._video.add(video, shift)
        if audio and self._audio is not None:
            self._audio.add(audio, shift)
        self._shown = (origin_90k + of.start_90k if self.is_empty else self._shown[0], origin_90k + of.end_90k)
        self.is_empty = False
        self.data_bytes += end - start
        return start, end

    def tracks(self) -> list[tuple[JoinedTrack, Edit]]:
        """The tracks, each with what of it is shown."""
        found = [(self._video, Edit(0, self._shown[0], self.shown_90k))]
        if self._audio is not None and (edit := self._audio_edit(self._audio)) is not None:
            found.append((self._audio, edit))
        return found

    def _audio_of(self, tables: Tables, of: Window, origin_90k: int) -> Samples | None:
        """The sound that belongs to a window, placed: the track's end is moved to where it starts."""
        if tables.audio is None or self._audio is None:
            return None
        rate = self._audio.format.clock_hz
        audio = _during(tables.audio, of, rate, preroll=_AUDIO_PREROLL if self.is_empty else 0)
        if not audio:
            return None
        origin = origin_90k * rate // VIDEO_CLOCK_HZ
        if self._audio_start is None:
            self._audio_start = origin + audio.first_dts
            return audio
        missing = origin + audio.first_dts - self._audio_start - self._audio.end_dts
        if abs(missing) * _UNHEARD_FRACTION < rate:
            return audio
        self._audio.stretch_last(missing)
        overlap = self._audio.end_dts - (origin + audio.first_dts - self._audio_start)
        if overlap * _UNHEARD_FRACTION < rate:
            return audio
        heard = bisect_left(audio.decoding_times()[:-1], audio.first_dts + overlap)
        audio = audio.part(heard, len(audio))
        if audio:
            self._audio.stretch_last(origin + audio.first_dts - self._audio_start - self._audio.end_dts)
        return audio

    def _audio_edit(self, audio: JoinedTrack) -> Edit | None:
        if self._audio_start is None:
            return None
        rate = audio.format.clock_hz
        hidden = self._shown[0] * rate // VIDEO_CLOCK_HZ - self._audio_start
        wait = max(0, -hidden) * VIDEO_CLOCK_HZ // rate
        media_time = max(0, hidden)
        duration = min(self.shown_90k - wait, (audio.end_dts - media_time) * VIDEO_CLOCK_HZ // rate)
        return Edit(wait, media_time, duration) if duration > 0 else None


def _during(audio: Samples, of: Window, rate: int, *, preroll: int) -> Samples:
    """The frames of sound that are heard while a window is shown, and `preroll` frames before.

    Sound that runs on behind the last picture of its file belongs to the pictures of the next one, which are joined there.
    """
    times = audio.decoding_times()[:-1]
    first = max(0, bisect_right(times, of.start_90k * rate // VIDEO_CLOCK_HZ) - 1 - preroll)
    end = bisect_left(times, of.end_90k * rate // VIDEO_CLOCK_HZ)
    return audio.part(first, end)
