"""The text of a playlist."""

from mini_nvr.playback.hls import PlaylistPart, media_playlist, target_duration_s
from tests.support.catalog import T0

A = PlaylistPart(7, 44, 900, 944, 500_000, T0 + 123_456, 180_000)
B = PlaylistPart(7, 44, 900, 500_960, 400_000, T0 + 2_123_456, 90_001)
C = PlaylistPart(9, 44, 880, 924, 100, T0 + 60_000_000, 3_600)


def uri(segment_id: int) -> str:
    return f"/api/segments/{segment_id}.mp4"


def test_a_closed_playlist() -> None:
    assert media_playlist([A, B, C], closed=True, uri=uri) == (
        """#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:2
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-DISCONTINUITY-SEQUENCE:0
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-MAP:URI="/api/segments/7.mp4",BYTERANGE="900@44"
#EXT-X-PROGRAM-DATE-TIME:2026-03-01T13:30:00.123Z
#EXTINF:2.00000,
#EXT-X-BYTERANGE:500000@944
/api/segments/7.mp4
#EXTINF:1.00001,
#EXT-X-BYTERANGE:400000@500960
/api/segments/7.mp4
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="/api/segments/9.mp4",BYTERANGE="880@44"
#EXT-X-PROGRAM-DATE-TIME:2026-03-01T13:31:00.000Z
#EXTINF:0.04000,
#EXT-X-BYTERANGE:100@924
/api/segments/9.mp4
#EXT-X-ENDLIST
"""
    )


def test_a_growing_playlist_has_no_end_and_keeps_its_numbers() -> None:
    text = media_playlist([C], closed=False, uri=uri, media_sequence=2, discontinuity_sequence=1, least_target_s=10)
    assert "#EXT-X-MEDIA-SEQUENCE:2\n#EXT-X-DISCONTINUITY-SEQUENCE:1\n" in text
    assert "#EXT-X-TARGETDURATION:10\n" in text
    assert "ENDLIST" not in text
    assert "PLAYLIST-TYPE" not in text
    assert "#EXT-X-DISCONTINUITY\n" not in text


def test_the_target_is_never_below_a_part() -> None:
    assert target_duration_s([A, B]) == 2
    assert target_duration_s([PlaylistPart(1, 0, 0, 0, 0, 0, 180_001)]) == 3
    assert target_duration_s([]) == 1
