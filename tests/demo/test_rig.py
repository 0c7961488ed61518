"""The rig as other rooms use it: real sockets, FFmpeg's RTSP client as the counterpart."""

import av
import pytest

from mini_nvr.demo import ClipSource, ClipSpec, DemoCamera, DemoRig, digest


def _digest_of_packet(packet: "av.Packet[av.VideoStream]") -> bytes:
    """FFmpeg hands over Annex B with parameter sets; the log speaks of length-prefixed NAL units without them."""
    nals = [piece.rstrip(b"\x00") for piece in bytes(packet).split(b"\x00\x00\x01")[1:]]
    kept = [nal for nal in nals if nal[0] & 0x1F not in (7, 8)]
    return digest(b"".join(len(nal).to_bytes(4, "big") + nal for nal in kept))


@pytest.mark.parametrize("b_frames", [0, 2])
def test_every_frame_sent_arrives_once_and_in_order(b_frames: int) -> None:
    source = ClipSource(ClipSpec(b_frames=b_frames), frames=100, pace=20)
    with DemoRig([DemoCamera(1, source, log_sent=True)], user="admin", password="p@ss/w:rd") as rig:
        with av.open(rig.url(1), options={"rtsp_transport": "tcp"}, timeout=5) as container:
            received = [_digest_of_packet(packet) for packet in container.demux(video=0) if packet.size]
        sent = [frame.digest for frame in rig.camera(1).sent.whole()]
    assert len(set(sent)) == 100
    assert received == sent
