"""One file of footage on disk: its layout, its name, how it is appended to, sealed, scanned and repaired."""
