"""Playlists over real files, read by FFmpeg from a web server that serves byte ranges."""

import re
from pathlib import Path

import av
import pytest

from mini_nvr.catalog.model import GapChange
from mini_nvr.catalog.repository import Catalog
from mini_nvr.clock import US_PER_S
from mini_nvr.errors import GapCause
from mini_nvr.playback import playlist as of_playlist
from mini_nvr.playback.errors import NoFootage, NotPlayable
from mini_nvr.playback.playlist import LIVE_WINDOW_US, playlist, playlist_text
from mini_nvr.segment.model import IndexEntry
from tests.support.archive import Archive
from tests.support.catalog import DAY, FIVE_MINUTES, INDEX, MINUTE, T0, change, facts
from tests.support.footage import audio_clip, video_clip
from tests.support.memory import traced_memory
from tests.support.range_server import served

NOW = T0 + 400 * DAY
ENTRIES = 150
FULL_INDEX = tuple(IndexEntry(n * 180_000, 180_000, 944 + n * 1_000, 1_000, 1_000 + n * 1_000, 500) for n in range(ENTRIES))


def uri(segment_id: int) -> str:
    return f"segments/{segment_id}.mp4"


def frames(source: str, kind: str = "video") -> list[bytes]:
    with av.open(source, options={"protocol_whitelist": "http,tcp,file"}) as container:
        stream = next(stream for stream in container.streams if stream.type == kind)
        return [bytes(packet) for packet in container.demux(stream) if packet.size]


def frames_of(archive: Archive, text: str, kind: str = "video") -> list[bytes]:
    files = {f"/segments/{row.id}.mp4": archive.path(row).read_bytes() for row in archive.catalog.segments()}
    with served({**files, "/p.m3u8": text.encode()}) as base:
        return frames(f"{base}/p.m3u8", kind)


@pytest.mark.parametrize("b_frames", [0, 2])
def test_ffmpeg_reads_the_frames_of_the_files(b_frames: int, archive: Archive) -> None:
    """Two files of a run, a gap, a file of another run that still grows, without sound."""
    first = archive.run(T0, [video_clip(b_frames=b_frames), audio_clip()], 2)
    archive.record(first[-1].end_utc_us + MINUTE, [video_clip(b_frames=b_frames, gop=50)], run=2, seal=False)
    text = playlist(archive.catalog, 1, T0, T0 + 10 * MINUTE, now_utc_us=NOW, uri=uri)
    assert text.count("#EXT-X-DISCONTINUITY\n") == 2
    paths = [str(archive.path(row)) for row in archive.catalog.segments()]
    assert frames_of(archive, text) == [frame for path in paths for frame in frames(path)]
    assert frames_of(archive, text, "audio") == [frame for path in paths[:2] for frame in frames(path, "audio")]


def test_a_range_lists_the_parts_that_it_touches(archive: Archive) -> None:
    row = archive.record(T0, [video_clip()])
    text = playlist(archive.catalog, 1, T0 + 1_500_000, T0 + 2_500_000, now_utc_us=NOW, uri=uri)
    assert frames_of(archive, text) == frames(str(archive.path(row)))[25:75]
    assert "#EXT-X-PROGRAM-DATE-TIME:2026-03-01T13:30:01.000Z" in text


def test_nothing_to_list_says_why(catalog: Catalog) -> None:
    catalog.commit([], [GapChange(1, T0, None, GapCause.WRONG_PASSWORD)])
    for end in (T0 + MINUTE, None):
        with pytest.raises(NoFootage) as error:
            playlist(catalog, 1, T0, end, now_utc_us=NOW, uri=uri)
        assert error.value.cause is GapCause.WRONG_PASSWORD


def test_matroska_is_told_apart(catalog: Catalog) -> None:
    catalog.commit([change(facts(container="mkv", index=()))])
    with pytest.raises(NotPlayable):
        playlist(catalog, 1, T0, T0 + MINUTE, now_utc_us=NOW, uri=uri)


# Long closed playlists


def record_days(catalog: Catalog, days: int) -> None:
    """Whole files with an empty day between every two days."""
    count = DAY // FIVE_MINUTES
    starts = [T0 + 2 * day * DAY + n * FIVE_MINUTES for day in range(days) for n in range(count)]
    catalog.commit([change(facts(start, number=n, index=FULL_INDEX[:5])) for n, start in enumerate(starts)])


def test_a_long_playlist_is_that_of_one_piece(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    record_days(catalog, 2)
    start, end = T0 + 7 * MINUTE, T0 + 3 * DAY - 8 * MINUTE
    pieces = playlist_text(catalog, 1, start, end, now_utc_us=NOW, uri=lambda row: uri(row.id))
    assert not isinstance(pieces, str)
    long = "".join(pieces)
    monkeypatch.setattr(of_playlist, "PAGE_US", 10 * DAY)
    assert playlist(catalog, 1, start, end, now_utc_us=NOW, uri=uri) == long
    assert long.count("#EXTINF") == (2 * DAY // FIVE_MINUTES - 3) * 5


def test_the_memory_of_a_playlist_does_not_grow_with_its_length(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_playlist, "PAGE_US", 60 * MINUTE)
    record_days(catalog, 3)
    peaks = []
    for days in (1, 1, 3):  # the first one makes what is made once, and kept
        with traced_memory() as most_bytes:
            pieces = playlist_text(catalog, 1, T0, T0 + 2 * days * DAY, now_utc_us=NOW, uri=lambda row: uri(row.id))
            assert not isinstance(pieces, str)
            for piece in pieces:
                assert piece
            peaks.append(most_bytes())
    assert peaks[2] < peaks[1] * 1.1, peaks


def test_nothing_in_a_long_range_says_why(catalog: Catalog) -> None:
    catalog.commit([change(facts(T0, container="mkv", index=()))], [GapChange(1, T0 + DAY, None, GapCause.DISK_FULL)])
    with pytest.raises(NoFootage) as error:
        playlist(catalog, 1, T0 + DAY, T0 + 9 * DAY, now_utc_us=NOW, uri=uri)
    assert error.value.cause is GapCause.DISK_FULL
    with pytest.raises(NotPlayable):
        playlist(catalog, 1, T0, T0 + 9 * DAY, now_utc_us=NOW, uri=uri)


# Growing playlists


def numbered(text: str) -> tuple[dict[str, int], dict[str, int]]:
    """(part -> media sequence number, part -> discontinuity sequence number) of a playlist."""
    number = int(re.findall(r"MEDIA-SEQUENCE:(\d+)", text)[0])
    discontinuity = int(re.findall(r"DISCONTINUITY-SEQUENCE:(\d+)", text)[0])
    media, discontinuities = {}, {}
    for start, range_, location in re.findall(
        r"(#EXT-X-DISCONTINUITY\n)?(?:#EXT-X-(?:MAP|PROGRAM)[^\n]*\n)*#EXTINF[^\n]*\n(#[^\n]*)\n([^\n]*)", text
    ):
        discontinuity += bool(start)
        media[range_ + location], discontinuities[range_ + location] = number, discontinuity
        number += 1
    return media, discontinuities


def test_a_part_keeps_its_number_while_the_playlist_grows_and_slides(catalog: Catalog) -> None:
    known: dict[str, int] = {}
    known_discontinuities: dict[str, int] = {}
    start = T0 + 7 * US_PER_S
    targets = set()
    for number in range(5):
        begin = T0 + number * FIVE_MINUTES
        for length in (1, 2, 75, ENTRIES):
            sealed = length == ENTRIES
            of = facts(begin, number=number, duration_us=length * 2 * US_PER_S, index=FULL_INDEX[:length], sealed=sealed)
            catalog.commit([change(of)])
            try:
                text = playlist(catalog, 1, start, None, now_utc_us=begin, uri=uri)
            except NoFootage:
                assert number == 0
                continue
            assert "ENDLIST" not in text
            targets.update(re.findall("TARGETDURATION:.*", text))
            media, discontinuities = numbered(text)
            assert media
            assert all(known.setdefault(part, value) == value for part, value in media.items())
            assert all(known_discontinuities.setdefault(part, value) == value for part, value in discontinuities.items())
    assert len(known) == 5 * ENTRIES - 3  # all that were shown at some time; the start lies in the fourth
    assert sorted(known.values()) == list(range(3, 5 * ENTRIES))
    assert len(media) <= LIVE_WINDOW_US // (2 * US_PER_S) + 1
    assert len(targets) == 1


def test_the_part_under_way_is_listed_only_when_it_is_whole(catalog: Catalog) -> None:
    catalog.commit([change(facts(duration_us=3 * US_PER_S, sealed=False, index=INDEX))])
    assert len(numbered(playlist(catalog, 1, T0, None, now_utc_us=T0, uri=uri))[0]) == len(INDEX) - 1
    catalog.commit([change(facts(duration_us=3 * US_PER_S, sealed=True, index=INDEX))])
    assert len(numbered(playlist(catalog, 1, T0, None, now_utc_us=T0, uri=uri))[0]) == len(INDEX)


def test_an_end_that_is_still_to_come_leaves_the_playlist_open(catalog: Catalog) -> None:
    catalog.commit([change(facts(duration_us=3 * US_PER_S, index=INDEX))])
    end = T0 + 2 * MINUTE
    assert "ENDLIST" not in playlist(catalog, 1, T0, end, now_utc_us=end - 1, uri=uri)
    assert "ENDLIST" in playlist(catalog, 1, T0, end, now_utc_us=end, uri=uri)


def test_paths_never_appear(catalog: Catalog, tmp_path: Path) -> None:
    catalog.commit([change(facts(index=INDEX))])
    text = playlist(catalog, 1, T0, T0 + MINUTE, now_utc_us=NOW, uri=uri)
    assert "ch1" not in text
    assert str(tmp_path) not in text
