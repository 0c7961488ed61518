"""The wire only: RTSP 1.0 (RFC 2326), SDP (RFC 8866), RTP and RTCP (RFC 3550), payload formats. No files, no back-off."""
