"""Pieces of a frame lie in the receive buffer until the frame is whole: reading on must not change them."""

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


def stream_of(video: CodedVideo) -> bytes:
    """All packets of the clip as they come over TCP."""
    sender = RtpStream()
    units = [payloads_of(video.codec, split_length_prefixed(frame.data), mtu=30) for frame in video.frames]
    packets = itertools.chain.from_iterable(sender.unit(unit, 3600 * number) for number, unit in enumerate(units))
    return b"".join(b"$\x00" + len(packet).to_bytes(2) + packet for packet in packets)


def read(video: CodedVideo, data: bytes, sizes: Sequence[int]) -> list[bytes]:
    """The frames when the socket delivers reads of these sizes, over and over; unused room is overwritten before each."""
    got = Received()
    sets = [nal for rank in video.sets for nal in rank]
    depacketizer = H264Depacketizer if video.codec == "h264" else H265Depacketizer
    reader = depacketizer(sets, got.frames.append, got.notes.append)
    receiver = RtpReceiver(PAYLOAD_TYPE, reader, got.losses.append)
    demultiplexer = Demultiplexer(lambda _: None)
    demultiplexer.register(0, receiver.packet, reader.settle)
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
    return [frame.data for frame in got.frames]


@pytest.mark.parametrize("codec", CODECS)
@given(sizes=st.lists(st.integers(20, 5000), min_size=1, max_size=5))
def test_frames_do_not_depend_on_the_sizes_of_the_reads(codec: Codec, sizes: list[int]) -> None:
    video = encode(codec, frames=4)
    assert read(video, stream_of(video), sizes) == [frame.data for frame in video.frames]
