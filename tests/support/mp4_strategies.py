"""Hypothesis strategies: parts as a segmenter could make them, and valid bytes with damage."""

from hypothesis import strategies as st

from mini_nvr.media.part import AUDIO_TRACK_ID, VIDEO_TRACK_ID, Part, TrackPart

DURATIONS = st.one_of(st.just(3_600), st.integers(1, 10_000), st.integers(1, 2**31))
OFFSETS = st.one_of(st.just(0), st.integers(-20_000, 20_000), st.integers(-(2**31), 2**31 - 1))


@st.composite
def track_parts(draw: st.DrawFn, track_id: int, base_dts: int | None = None) -> TrackPart:
    count = draw(st.integers(1, 12))
    durations = draw(st.one_of(st.just([3_600] * count), st.lists(DURATIONS, min_size=count, max_size=count)))
    payloads = draw(st.lists(st.binary(max_size=20), min_size=count, max_size=count))
    part = TrackPart(track_id, draw(st.integers(0, 2**62)) if base_dts is None else base_dts, durations, payloads)
    if track_id == VIDEO_TRACK_ID:
        part.keys = draw(
            st.one_of(st.just([True] + [False] * (count - 1)), st.lists(st.booleans(), min_size=count, max_size=count))
        )
        part.cts_offsets = draw(st.one_of(st.just([]), st.lists(OFFSETS, min_size=count, max_size=count)))
    return part


@st.composite
def parts(draw: st.DrawFn) -> Part:
    tracks = [draw(track_parts(VIDEO_TRACK_ID))]
    if draw(st.booleans()):
        tracks.append(draw(track_parts(AUDIO_TRACK_ID)))
    return Part(tracks, starts_at_key=tracks[0].keys[0])


@st.composite
def part_sequences(draw: st.DrawFn) -> list[Part]:
    """Parts of one file: each track goes on where it stopped, or a little later, or a little early."""
    ends = {VIDEO_TRACK_ID: draw(st.integers(0, 10_000)), AUDIO_TRACK_ID: draw(st.integers(0, 10_000))}
    lasts = {VIDEO_TRACK_ID: 0, AUDIO_TRACK_ID: 0}
    sequence = []
    for _ in range(draw(st.integers(1, 6))):
        tracks = []
        for track_id in (VIDEO_TRACK_ID, AUDIO_TRACK_ID):
            if track_id == VIDEO_TRACK_ID or draw(st.booleans()):
                slip = draw(st.integers(-min(lasts[track_id], 100), 100))
                track = draw(track_parts(track_id, ends[track_id] + slip))
                ends[track_id], lasts[track_id] = track.base_dts + track.duration, track.durations[-1]
                tracks.append(track)
        sequence.append(Part(tracks, starts_at_key=tracks[0].keys[0]))
    return sequence


def damaged(valid: bytes) -> st.SearchStrategy[bytes]:
    """`valid` with some bytes replaced, and perhaps cut."""
    edits = st.lists(
        st.tuples(st.integers(0, len(valid) - 1), st.sampled_from([0, 1, 2, 0x7F, 0x80, 0xFE, 0xFF])), min_size=1, max_size=6
    )

    def apply(changes: list[tuple[int, int]], end: int) -> bytes:
        data = bytearray(valid)
        for position, value in changes:
            data[position] = value
        return bytes(data[:end])

    return st.builds(apply, edits, st.one_of(st.just(len(valid)), st.integers(0, len(valid))))
