"""Pieces of a frame lie in the receive buffer until the frame is whole, and most are taken in runs: neither may change a frame."""

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.media.nal import split_length_prefixed
from mini_nvr.rtsp.depacketize.h264 import H264Depacketizer
from mini_nvr.rtsp.depacketize.h265 import H265Depacketizer
from mini_nvr.rtsp.interleaved import Demultiplexer
from mini_nvr.rtsp.rtp import RtpReceiver
from tests.support.coded_video import CodedVideo, encode
from tests.support.rtp_packets import PAYLOAD_TYPE, Codec, Received, RtpStream, payloads_of

CODECS: tuple[Codec, ...] = ("h264", "h265")


def packets_of(video: CodedVideo, first_sequence: int = 0) -> list[bytes]:
    """All packets of the clip."""
    sender = RtpStream(sequence=first_sequence)
    units = [payloads_of(video.codec, split_length_prefixed(frame.data), mtu=30) for frame in video.frames]
    return list(itertools.chain.from_iterable(sender.unit(unit, 3600 * number) for number, unit in enumerate(units)))


def interleaved(packet: bytes) -> bytes:
    """A packet on channel 0, as it comes over TCP (RFC 2326 section 10.12)."""
    return b"$\x00" + len(packet).to_bytes(2) + packet


def stream_of(video: CodedVideo) -> bytes:
    """The whole clip as it comes over TCP."""
    return b"".join(map(interleaved, packets_of(video)))


def read(video: CodedVideo, data: bytes, sizes: Sequence[int], *, lane: bool = True) -> tuple[list[bytes], list[int], int]:
    """The frames, losses and payload bytes when the socket delivers reads of these sizes, over and over.

    Unused room is overwritten before each read. lane: take middle pieces in runs, as the product does.
    """
    got = Received()
    sets = [nal for rank in video.sets for nal in rank]
    depacketizer = H264Depacketizer if video.codec == "h264" else H265Depacketizer
    reader = depacketizer(sets, got.frames.append, got.notes.append)
    receiver = RtpReceiver(PAYLOAD_TYPE, reader, got.losses.append)
    demultiplexer = Demultiplexer(lambda _: None)
    demultiplexer.register(0, receiver.packet, reader.settle, receiver.lane(0) if lane else None)
    position = 0
    for size in itertools.cycle(sizes):
        if position >= len(data):
            break
        room = demultiplexer.room()
        room[:] = b"\xa5" * len(room)
        piece = data[position : position + size]
        room[: len(piece)] = piece
        demultiplexer.received(len(piece), position)
        position += size
    receiver.flush()
    return [frame.data for frame in got.frames], got.losses, receiver.payload_bytes


@pytest.mark.parametrize("codec", CODECS)
@given(sizes=st.lists(st.integers(20, 5000), min_size=1, max_size=5))
def test_frames_do_not_depend_on_the_sizes_of_the_reads(codec: Codec, sizes: list[int]) -> None:
    video = encode(codec, frames=4)
    frames, losses, _ = read(video, stream_of(video), sizes)
    assert frames == [frame.data for frame in video.frames]
    assert losses == []


@pytest.mark.parametrize("codec", CODECS)
@given(
    sizes=st.lists(st.integers(20, 5000), min_size=1, max_size=3),
    removed=st.sets(st.integers(0, 400), max_size=8),
    doubled=st.sets(st.integers(0, 400), max_size=4),
    flipped=st.dictionaries(st.integers(0, 400), st.tuples(st.integers(4, 18), st.integers(1, 255)), max_size=4),
    first_sequence=st.sampled_from([0, 65_400, 65_535]),
)
def test_taking_pieces_in_runs_changes_nothing(
    codec: Codec,
    sizes: list[int],
    removed: set[int],
    doubled: set[int],
    flipped: dict[int, tuple[int, int]],
    first_sequence: int,
) -> None:
    """Packets lost, sent twice, with a damaged header, or numbered across the wrap: the same as one by one."""
    video = encode(codec, frames=4)
    sent: list[bytes] = []
    for number, whole in enumerate(packets_of(video, first_sequence)):
        at, mask = flipped.get(number, (4, 0))
        packet = whole[: at - 4] + bytes((whole[at - 4] ^ mask,)) + whole[at - 3 :]
        sent += [packet] * (0 if number in removed else 2 if number in doubled else 1)
    data = b"".join(map(interleaved, sent))
    assert read(video, data, sizes) == read(video, data, sizes, lane=False)
