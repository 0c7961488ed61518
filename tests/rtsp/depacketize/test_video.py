"""H.264 and H.265 from real encoders through RTP and back, with the faults that cameras and networks add."""

import itertools
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mini_nvr.media.nal import length_prefixed, split_length_prefixed
from mini_nvr.rtsp.depacketize.h264 import H264Depacketizer
from mini_nvr.rtsp.depacketize.h265 import H265Depacketizer
from tests.support.coded_video import CodedVideo, encode
from tests.support.rtp_packets import Codec, Received, RtpStream, aggregate, fragments, payloads_of, rtp

CODECS: tuple[Codec, ...] = ("h264", "h265")
Reader = H264Depacketizer | H265Depacketizer
READERS: dict[Codec, type[H264Depacketizer] | type[H265Depacketizer]] = {"h264": H264Depacketizer, "h265": H265Depacketizer}
AUD: dict[Codec, bytes] = {"h264": b"\x09\xf0", "h265": b"\x46\x01\x50"}
Payloads = Callable[[Codec, Sequence[bytes]], list[bytes]]


def clip(codec: Codec) -> CodedVideo:
    """Of H.264 with three slices a picture; libx265 crashes on that in one thread, see `units`."""
    return encode(codec, frames=12, gop=4, options="bframes=0:slices=3" if codec == "h264" else "bframes=0")


def all_sets(video: CodedVideo) -> list[bytes]:
    return list(itertools.chain.from_iterable(video.sets))


def units(video: CodedVideo) -> list[list[bytes]]:
    """NAL units of each picture. An H.265 picture gets a second slice segment, a copy without first_slice_segment_in_pic_flag."""
    split = [split_length_prefixed(frame.data) for frame in video.frames]
    if video.codec == "h265":
        split = [[*nals, nals[-1][:2] + bytes((nals[-1][2] & 0x7F,)) + nals[-1][3:]] for nals in split]
    return split


def data_of(video: CodedVideo) -> list[bytes]:
    return [length_prefixed(nals) for nals in units(video)]


def reader(codec: Codec, sets: Sequence[bytes], got: Received) -> Reader:
    return READERS[codec](sets, got.frames.append, got.notes.append)


def sent(codec: Codec, split: Payloads, **stream: int) -> list[list[bytes]]:
    """The packets of each access unit of the clip."""
    sender = RtpStream(**stream)
    return [sender.unit(split(codec, nals), 3600 * number) for number, nals in enumerate(units(clip(codec)))]


def small(codec: Codec, nals: Sequence[bytes]) -> list[bytes]:
    return payloads_of(codec, nals, mtu=100)


def endless(codec: Codec, nals: Sequence[bytes]) -> list[bytes]:
    return payloads_of(codec, nals, mtu=100, end_bit=False)


def together(codec: Codec, nals: Sequence[bytes]) -> list[bytes]:
    return [aggregate(codec, nals)]


def delimited(codec: Codec, nals: Sequence[bytes]) -> list[bytes]:
    return payloads_of(codec, [AUD[codec], *nals], mtu=100)


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("split", [payloads_of, small, endless, together])
def test_every_frame_arrives_unchanged_once_and_in_order(codec: Codec, split: Payloads) -> None:
    got = Received()
    video = clip(codec)
    receiver = got.feed(reader(codec, all_sets(video), got), itertools.chain(*sent(codec, split)))
    assert [frame.data for frame in got.frames] == data_of(video)
    assert [frame.is_key for frame in got.frames] == [frame.is_key for frame in video.frames]
    assert [frame.pts for frame in got.frames] == [3600 * n for n in range(len(video.frames))]
    assert [frame.new_format is not None for frame in got.frames] == [True] + [False] * (len(video.frames) - 1)
    assert got.frames[0].new_format == video.format
    assert (receiver.packets_lost, receiver.packets_ignored, got.losses, got.notes) == (0, 0, [], [])


@pytest.mark.parametrize("codec", CODECS)
def test_a_frame_arrived_when_its_last_packet_did(codec: Codec) -> None:
    got = Received()
    packets = sent(codec, small)
    got.feed(reader(codec, all_sets(clip(codec)), got), itertools.chain(*packets))
    ends = itertools.accumulate(map(len, packets))
    assert [frame.arrival_ns for frame in got.frames] == [end - 1 for end in ends]


@pytest.mark.parametrize("codec", CODECS)
def test_delimiters_stay_in_the_frame(codec: Codec) -> None:
    got = Received()
    got.feed(reader(codec, all_sets(clip(codec)), got), itertools.chain(*sent(codec, delimited)))
    assert got.frames[1].data == length_prefixed([AUD[codec], *units(clip(codec))[1]])


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("split", [payloads_of, together])
def test_sets_come_in_band_and_stay_out_of_the_data(codec: Codec, split: Payloads) -> None:
    video, got = clip(codec), Received()
    sender, packets = RtpStream(), []
    for number, (frame, nals) in enumerate(zip(video.frames, units(video), strict=True)):
        packets.append(sender.unit(split(codec, [*all_sets(video), *nals] if frame.is_key else nals), 3600 * number))
    made = reader(codec, [], got)
    assert made.format is None
    got.feed(made, itertools.chain(*packets))
    assert [frame.data for frame in got.frames] == data_of(video)
    assert [frame.in_band_sets for frame in got.frames] == [
        length_prefixed(all_sets(video)) if frame.is_key else b"" for frame in video.frames
    ]
    assert [frame.new_format for frame in got.frames] == [video.format] + [None] * (len(video.frames) - 1)


@pytest.mark.parametrize("codec", CODECS)
def test_another_picture_size_is_announced_with_its_first_frame(codec: Codec) -> None:
    before, after, got = clip(codec), encode(codec, frames=4, gop=4, size=(320, 240)), Received()
    sender = RtpStream()
    packets = [sender.unit(payloads_of(codec, nals), 3600 * n) for n, nals in enumerate(units(before))]
    for number, nals in enumerate(units(after)):
        whole = [*all_sets(after), *nals] if number == 0 else nals
        packets.append(sender.unit(payloads_of(codec, whole), 3600 * (number + len(before.frames))))
    got.feed(reader(codec, all_sets(before), got), itertools.chain(*packets))
    formats = {number: frame.new_format for number, frame in enumerate(got.frames) if frame.new_format}
    assert list(formats) == [0, len(before.frames)]
    changed = formats[len(before.frames)]
    assert changed is not None
    assert (changed.width, changed.height) == (320, 240)
    assert changed.parameter_sets[-1] in all_sets(after)


@pytest.mark.parametrize("codec", CODECS)
def test_frames_before_any_parameter_sets_are_counted_not_delivered(codec: Codec) -> None:
    got = Received()
    made = reader(codec, [], got)
    got.feed(made, itertools.chain(*sent(codec, payloads_of)))
    assert (got.frames, made.units_without_format) == ([], len(clip(codec).frames))


@pytest.mark.parametrize("codec", CODECS)
def test_sets_with_their_own_marker_and_timestamp_do_not_end_the_frame(codec: Codec) -> None:
    video, got = clip(codec), Received()
    sender = RtpStream()
    packets = [sender.unit([nal], 3000, markers=[0]) for nal in all_sets(video)]
    packets += [sender.unit(payloads_of(codec, nals), 3600 * (n + 1)) for n, nals in enumerate(units(video))]
    got.feed(reader(codec, [], got), itertools.chain(*packets))
    assert [frame.data for frame in got.frames] == data_of(video)
    assert got.frames[0].in_band_sets == length_prefixed(all_sets(video))
    assert got.notes == []


@pytest.mark.parametrize("codec", CODECS)
def test_a_marker_on_every_slice_is_seen_through(codec: Codec) -> None:
    video, got = clip(codec), Received()
    sender = RtpStream()
    packets = [sender.unit(nals, 3600 * n, markers=range(len(nals))) for n, nals in enumerate(units(video))]
    got.feed(reader(codec, all_sets(video), got), itertools.chain(*packets))
    assert [frame.data for frame in got.frames] == data_of(video)[:-1]  # nothing ends the last one
    assert len(got.notes) == 1


@pytest.mark.parametrize("codec", CODECS)
def test_no_marker_at_all_ends_frames_at_the_next_timestamp(codec: Codec) -> None:
    video, got = clip(codec), Received()
    sender = RtpStream()
    packets = [sender.unit(nals, 3600 * n, markers=[]) for n, nals in enumerate(units(video))]
    got.feed(reader(codec, all_sets(video), got), itertools.chain(*packets))
    assert [frame.data for frame in got.frames] == data_of(video)[:-1]


@pytest.mark.parametrize("codec", CODECS)
def test_two_pictures_with_one_timestamp_stay_two(codec: Codec) -> None:
    video, got = clip(codec), Received()
    sender = RtpStream()
    packets = [sender.unit(payloads_of(codec, nals), 3600 * (n // 2)) for n, nals in enumerate(units(video))]
    got.feed(reader(codec, all_sets(video), got), itertools.chain(*packets))
    assert [frame.data for frame in got.frames] == data_of(video)


@pytest.mark.parametrize("codec", CODECS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_loss_drops_the_frames_it_hits_and_no_others(codec: Codec, data: st.DataObject) -> None:
    video, got = clip(codec), Received()
    packets = [(n, packet) for n, unit in enumerate(sent(codec, small)) for packet in unit]
    first = data.draw(st.integers(1, len(packets) - 2), "first lost packet")
    count = data.draw(st.integers(1, min(40, len(packets) - 1 - first)), "lost packets")
    made = reader(codec, all_sets(video), got)
    got.feed(made, [packet for _, packet in packets[:first] + packets[first + count :]])
    hit = {number for number, _ in packets[first : first + count]}
    assert [frame.pts // 3600 for frame in got.frames] == [n for n in range(len(video.frames)) if n not in hit]
    assert all(frame.data == data_of(video)[frame.pts // 3600] for frame in got.frames)
    assert got.losses == [count]


@pytest.mark.parametrize("codec", CODECS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_late_and_repeated_packets_change_nothing_but_the_frame_they_are_missing_from(codec: Codec, data: st.DataObject) -> None:
    video, got = clip(codec), Received()
    packets = list(itertools.chain(*sent(codec, small)))
    index = data.draw(st.integers(0, len(packets) - 1))
    later = data.draw(st.integers(index + 1, min(len(packets), index + 50)))
    repeated = packets[:later] + [packets[index]] + packets[later:]
    receiver = got.feed(reader(codec, all_sets(video), got), repeated)
    assert [frame.data for frame in got.frames] == data_of(video)
    assert receiver.packets_ignored == 1


@pytest.mark.parametrize("codec", CODECS)
def test_another_sender_drops_what_the_first_one_left_unfinished(codec: Codec) -> None:
    video, got = clip(codec), Received()
    first, second = sent(codec, small), sent(codec, small, ssrc=99, sequence=7)
    packets = [*itertools.chain(*first[:3]), *first[3][:-1], *itertools.chain(*second[4:])]
    got.feed(reader(codec, all_sets(video), got), packets)
    assert [frame.pts // 3600 for frame in got.frames] == [0, 1, 2, *range(4, len(video.frames))]
    assert got.losses == []


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("start_code", [b"\x00\x00\x01", b"\x00\x00\x00\x01"])
@pytest.mark.parametrize("mtu", [100, 100_000])
def test_start_codes_inside_payloads_are_removed(codec: Codec, start_code: bytes, mtu: int) -> None:
    """Longse and Geovision packetise the encoder's Annex B output: the first NAL unit drags the others along."""
    video, got = clip(codec), Received()
    sender, packets = RtpStream(), []
    for number, nals in enumerate(units(video)):
        whole = start_code + start_code.join([*all_sets(video), *nals])
        packets.append(sender.unit(payloads_of(codec, [whole[len(start_code) :]], mtu=mtu), 3600 * number))
    got.feed(reader(codec, [], got), itertools.chain(*packets))
    assert [frame.data for frame in got.frames] == data_of(video)
    assert got.frames[0].new_format == video.format


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("start_code", [b"\x00\x00\x01", b"\x00\x00\x00\x01"])
def test_a_start_code_in_front_of_a_single_unit_is_removed(codec: Codec, start_code: bytes) -> None:
    video, got = encode(codec, frames=3, gop=3), Received()
    sender = RtpStream()
    packets = [sender.unit([start_code + nal for nal in nals], 3600 * n) for n, nals in enumerate(units(video))]
    got.feed(reader(codec, all_sets(video), got), itertools.chain(*packets))
    assert [frame.data for frame in got.frames] == data_of(video)


@pytest.mark.parametrize("codec", CODECS)
def test_an_access_unit_beyond_the_limit_is_dropped_and_the_next_one_kept(codec: Codec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mini_nvr.rtsp.depacketize.access_unit.MAX_UNIT_BYTES", 50_000)
    monkeypatch.setattr(f"mini_nvr.rtsp.depacketize.{codec}.MAX_UNIT_BYTES", 50_000)
    video, got = clip(codec), Received()
    sender = RtpStream()
    large = units(video)[0][0] + bytes(range(1, 200)) * 500
    made = reader(codec, all_sets(video), got)
    flood = sender.unit(fragments(codec, large, 1000), 0)
    rest = [sender.unit(payloads_of(codec, nals), 3600 * (n + 1)) for n, nals in enumerate(units(video))]
    got.feed(made, [*flood, *itertools.chain(*rest)])
    assert [frame.data for frame in got.frames] == data_of(video)
    assert made.units_dropped == 1


@pytest.mark.parametrize("codec", CODECS)
def test_sets_that_do_not_parse_are_noted_once_and_the_format_in_force_stays(codec: Codec) -> None:
    video, got = clip(codec), Received()
    broken = [all_sets(video)[-2][:5]]  # the SPS, cut short
    sender = RtpStream()
    packets = [sender.unit(payloads_of(codec, [*broken, *nals]), 3600 * n) for n, nals in enumerate(units(video))]
    got.feed(reader(codec, all_sets(video), got), itertools.chain(*packets))
    assert [frame.data for frame in got.frames] == data_of(video)
    assert got.frames[0].new_format == video.format
    assert len(got.notes) == 1


@pytest.mark.parametrize(
    ("codec", "payload"),
    [
        ("h264", bytes((25, 0, 0, 0, 1, 0x65, 0x80))),  # STAP-B
        ("h264", bytes((26, 0, 0, 0, 1))),  # MTAP16
        ("h264", bytes((27, 0, 0, 0, 1))),  # MTAP24
        ("h264", bytes((29, 0x85, 0, 0, 1))),  # FU-B
        ("h265", bytes((50 << 1, 1, 0, 0, 1))),  # PACI
    ],
)
def test_packets_of_other_modes_are_counted_and_cost_their_frame(codec: Codec, payload: bytes) -> None:
    video, got = clip(codec), Received()
    sender = RtpStream()
    packets = [sender.unit(payloads_of(codec, nals), 3600 * n) for n, nals in enumerate(units(video)[:2])]
    packets.append(sender.unit([*units(video)[2][:1], payload], 7200))
    packets += [sender.unit(payloads_of(codec, nals), 3600 * (n + 3)) for n, nals in enumerate(units(video)[3:])]
    made = reader(codec, all_sets(video), got)
    got.feed(made, itertools.chain(*packets))
    assert [frame.pts // 3600 for frame in got.frames] == [n for n in range(len(video.frames)) if n != 2]
    assert (made.packets_unsupported, made.units_dropped) == (1, 1)


def test_a_recovery_point_is_a_key_frame() -> None:
    """x264 with intra refresh off but open GOPs marks its intra pictures with a recovery point SEI (clause D.1.8)."""
    video, got = clip("h264"), Received()
    recovery_point = bytes((0x06, 0x06, 0x01, 0xC4, 0x80))
    sender = RtpStream()
    predicted = units(video)[1]
    packets = sender.unit(units(video)[0], 0) + sender.unit([recovery_point, *predicted], 3600) + sender.unit(predicted, 7200)
    got.feed(reader("h264", all_sets(video), got), packets)
    assert [frame.is_key for frame in got.frames] == [True, True, False]
    assert got.frames[1].data == length_prefixed([recovery_point, *predicted])


@pytest.mark.parametrize("codec", CODECS)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_hostile_payloads_never_raise_and_frames_stay_well_formed(codec: Codec, data: st.DataObject) -> None:
    got = Received()
    kinds = st.sampled_from([0, 1, 5, 6, 7, 8, 19, 24, 25, 28, 29, 31, 32, 33, 34, 39, 48, 49, 50, 63])
    head = kinds.map(lambda kind: bytes((kind,)) if codec == "h264" else bytes((kind << 1 & 0xFE, 1)))
    payload = st.one_of(st.binary(min_size=1, max_size=60), st.tuples(head, st.binary(max_size=40)).map(b"".join))
    packet = st.tuples(payload, st.integers(0, 3), st.booleans(), st.integers(0, 2))
    packets, sequence = [], 0
    for body, step, marker, skip in data.draw(st.lists(packet, max_size=40)):
        sequence += 1 + skip // 2
        packets.append(rtp(body, sequence=sequence, timestamp=sequence * step, marker=marker))
    made = reader(codec, all_sets(clip(codec)), got)
    got.feed(made, packets)
    assert all(split_length_prefixed(frame.data) for frame in got.frames)
    assert all(frame.in_band_sets == b"" or split_length_prefixed(frame.in_band_sets) for frame in got.frames)
