"""The HTTP face: JSON API, media, live pictures and a plain page. The only room that knows FastAPI."""
