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


def packets_until_the_end(url: str) -> int:
    with av.open(url, options={"rtsp_transport": "tcp"}, timeout=5) as container:
        return sum(bool(packet.size) for packet in container.demux(video=0))


def test_the_server_goes_offline_and_comes_back_on_the_same_port() -> None:
    with DemoRig([DemoCamera(1, ClipSource(frames=30, pace=20))]) as rig:
        port = rig.port
        assert packets_until_the_end(rig.url(1)) == 30
        rig.offline()
        with pytest.raises(av.error.ConnectionRefusedError):
            packets_until_the_end(rig.url(1))
        rig.online()
        assert rig.port == port
        assert packets_until_the_end(rig.url(1)) == 30


def test_the_password_can_be_changed() -> None:
    with DemoRig([DemoCamera(1, ClipSource(frames=30, pace=20))], user="admin", password="old") as rig:
        old = rig.url(1)
        rig.change_password("new:@")
        with pytest.raises(av.error.HTTPUnauthorizedError):
            packets_until_the_end(old)
        assert packets_until_the_end(rig.url(1)) == 30


def test_faults_are_injected_from_any_thread() -> None:
    with DemoRig([DemoCamera(1, ClipSource())]) as rig:
        camera = rig.camera(1)
        with av.open(rig.url(1), options={"rtsp_transport": "tcp"}, timeout=5) as container:
            packets = container.demux(video=0)
            next(packets)
            assert len(rig.call(lambda: camera.viewers)) == 1
            camera.faults.drop_connections()
            assert len([packet for packet in packets if packet.size]) < 100  # they end
        assert rig.server.connections == 1


def test_after_the_end_faults_are_harmless() -> None:
    with DemoRig([DemoCamera(1, ClipSource())]) as rig:
        camera = rig.camera(1)
    camera.faults.drop_connections(reset=True)
    camera.faults.jump_timestamps(5)
