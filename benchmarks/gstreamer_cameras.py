"""Cameras served by GStreamer's RTSP server: an implementation that nobody here wrote, paced in real time.

    /usr/bin/python3 gstreamer_cameras.py PORT COUNT CLIP

Run by Debian's own interpreter, which has the bindings (python3-gi, gir1.2-gst-rtsp-server-1.0, gstreamer1.0-plugins-good and
-bad); it imports nothing of ours. Every camera plays CLIP, an MP4 with H.264, from its start when the first client comes.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402  the versions must be named first


def main(port: str, count: int, clip: str) -> None:
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(port)
    for number in range(1, count + 1):
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(f"( filesrc location={clip} ! qtdemux ! h264parse config-interval=-1 ! rtph264pay name=pay0 pt=96 )")
        server.get_mount_points().add_factory(f"/stream{number}", factory)
    server.attach(None)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
