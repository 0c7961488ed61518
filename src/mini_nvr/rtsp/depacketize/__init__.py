"""RTP payload formats: from the payloads of packets to frames, one file per codec. No I/O and no clock."""
