"""What was recorded, in SQLite: channels, runs, segments, gaps; disposable, because the files can rebuild it (storage I5)."""
