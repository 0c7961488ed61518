"""What the real recorder made plays back as it was recorded: from playlists and from exports the same frames as from the files."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

import av
import pytest

from mini_nvr.catalog.model import SegmentRow
from mini_nvr.catalog.repository import Catalog
from mini_nvr.clock import US_PER_S
from mini_nvr.playback.export import plan
from mini_nvr.playback.playlist import playlist
from mini_nvr.playback.stills import StillMaker
from tests.e2e.conftest import CLIPS, Minute
from tests.e2e.played import opened, packets, pictures, sound
from tests.support.range_server import served
from tests.support.time_lines import channel_timeline

AV_SYNC_S = 0.040
of_each_camera = pytest.mark.parametrize("number", CLIPS)  # scenes leave out what a busy machine holds up


@pytest.fixture(scope="module")
def catalog(minute: Minute) -> Iterator[Catalog]:
    with minute.recorders["mp4"].catalog() as catalog:
        yield catalog


def streamed(url: str, kind: str) -> list[bytes]:
    """The frames that FFmpeg reads from a playlist."""
    with av.open(url, "r") as container:
        stream = next(stream for stream in container.streams if stream.type == kind)
        return [bytes(packet) for packet in container.demux(stream) if packet.size]


def wall_times(minute: Minute, rows: list[SegmentRow]) -> list[tuple[Fraction, bytes]]:
    """(microseconds since 1970, luma) of all pictures of some files."""
    record_dir = minute.recorders["mp4"].record_dir
    return [(row.start_utc_us + time * US_PER_S, luma.tobytes()) for row in rows for time, luma in pictures(record_dir / row.path)]


@of_each_camera
def test_a_playlist_holds_the_frames_of_the_files(number: int, minute: Minute, catalog: Catalog) -> None:
    record_dir = minute.recorders["mp4"].record_dir
    rows = catalog.segments(number)
    end = rows[-1].end_utc_us
    text = playlist(catalog, number, rows[0].start_utc_us, end, now_utc_us=end, uri=lambda id_: f"{id_}.mp4")
    files = {f"/{row.id}.mp4": (record_dir / row.path).read_bytes() for row in rows}
    with served({**files, "/p.m3u8": text.encode()}) as base:
        for kind in ("video", "audio"):
            assert streamed(f"{base}/p.m3u8", kind) == [
                packet.data for row in rows for packet in packets(record_dir / row.path, kind)
            ]


@of_each_camera
def test_an_export_shows_exactly_the_pictures_of_its_range(number: int, minute: Minute, catalog: Catalog) -> None:
    """From the middle of the first file to the middle of the third, off any frame."""
    rows = catalog.segments(number)[:3]
    start, end = rows[0].start_utc_us + 4_321_000, rows[2].start_utc_us + 3_333_000
    movie = b"".join(plan(catalog, minute.recorders["mp4"].record_dir, number, start, end).read())
    got = pictures(movie)
    expected = [(time, luma) for time, luma in wall_times(minute, rows) if start <= time < end]
    assert [luma.tobytes() for _, luma in got] == [luma for _, luma in expected]
    assert got[0][0] == 0
    shown = [time for time, _ in got]
    recorded = [time for time, _ in expected]
    assert all(
        abs((b - a) * US_PER_S - (d - c)) < 6_000 for (a, b), (c, d) in zip(pairwise(shown), pairwise(recorded), strict=True)
    ), "only the correction of the clock between files may differ"


@of_each_camera
def test_the_sound_of_an_export_is_in_sync(number: int, minute: Minute, catalog: Catalog) -> None:
    """Each frame of sound has the distance to the pictures that it has in its file."""
    record_dir = minute.recorders["mp4"].record_dir
    rows = catalog.segments(number)[:3]
    start, end = rows[0].start_utc_us + 4_321_000, rows[2].start_utc_us + 3_333_000
    of = plan(catalog, record_dir, number, start, end)
    movie = b"".join(of.read())
    begins_s, _, samples = sound(movie)
    assert abs(begins_s) < 0.15
    assert len(samples) > 0
    positions = _frame_times(movie, "audio")
    base = _frame_times(movie, "video")
    for row in rows:
        lower, upper = (Fraction(bound - row.start_utc_us, US_PER_S) for bound in (start, end))
        video, audio = (
            [packet for packet in packets(record_dir / row.path, kind) if lower <= packet.pts < upper]
            for kind in ("video", "audio")
        )
        pairs = [(packet.data, packet.pts) for packet in audio if packet.data in positions]
        keys = [(packet.data, packet.pts) for packet in video if packet.data in base]
        if not pairs or not keys:
            continue
        data, pts = pairs[len(pairs) // 2]
        key, key_pts = keys[len(keys) // 2]
        assert abs((positions[data] - base[key]) - (pts - key_pts)) < AV_SYNC_S


def _frame_times(movie: bytes, kind: str) -> dict[bytes, Fraction]:
    """Frames that are unique in a movie, and when they are shown."""
    found: dict[bytes, Fraction] = {}
    twice: set[bytes] = set()
    for packet in packets(movie, kind):
        if packet.data in found:
            twice.add(packet.data)
        found[packet.data] = packet.pts
    return {data: pts for data, pts in found.items() if data not in twice}


@of_each_camera
def test_an_export_is_an_ordinary_file(number: int, minute: Minute, catalog: Catalog) -> None:
    rows = catalog.segments(number)
    of = plan(catalog, minute.recorders["mp4"].record_dir, number, rows[0].start_utc_us, rows[-1].end_utc_us)
    assert of.gaps == ()
    with opened(b"".join(of.read())) as container:
        assert len(container.streams) == 2
        assert abs((container.duration or 0) - sum(row.duration_us for row in rows)) < 200_000


@of_each_camera
def test_a_still_is_the_key_frame_before_an_instant(
    number: int, minute: Minute, catalog: Catalog, tmp_path_factory: pytest.TempPathFactory
) -> None:
    maker = StillMaker(catalog, minute.recorders["mp4"].record_dir, tmp_path_factory.mktemp("stills"), 1 << 20)
    row = catalog.segments(number)[1]
    at = row.start_utc_us + 5_000_000
    still = maker.still(number, at, 160)
    assert still.jpeg.startswith(b"\xff\xd8\xff")
    assert 0 <= at - still.utc_us < 4_100_000


@of_each_camera
def test_a_time_line_is_unbroken(number: int, minute: Minute, catalog: Catalog) -> None:
    rows = catalog.segments(number)
    start, end = rows[0].start_utc_us, rows[-1].end_utc_us
    line = channel_timeline(catalog, number, start, end, now_utc_us=end, resolution_us=US_PER_S)
    assert line.spans == [(start, end)]
    assert line.gaps == []
    assert not any(line.activity.has_gap)
