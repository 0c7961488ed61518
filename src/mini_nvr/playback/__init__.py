"""Footage for viewers: days, time lines, HLS playlists, stills and exports, from the catalog and the files that it names."""
