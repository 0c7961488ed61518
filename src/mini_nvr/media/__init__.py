"""What bytes mean: frames, codec parameters, MP4 boxes, audio and stills. No I/O and no clock."""
