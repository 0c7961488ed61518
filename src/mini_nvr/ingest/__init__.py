"""From a camera to frames on one time line: sources, sessions with back-off, time stamps."""
