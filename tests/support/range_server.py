"""A web server on loopback that serves bytes from memory, whole or by one range, as players ask for them."""

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Handler(BaseHTTPRequestHandler):
    """Files by name, whole or one range of them."""

    protocol_version = "HTTP/1.1"

    def __init__(self, files: Mapping[str, bytes], *args: object) -> None:
        self._files = files
        super().__init__(*args)  # type: ignore[arg-type]  # what the server passes along

    def do_GET(self) -> None:
        data = self._files.get(self.path)
        if data is None:
            self.send_error(404)
            return
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        start, end = 0, len(data)
        if wanted:
            start, end = int(wanted[1]), min(len(data), int(wanted[2]) + 1 if wanted[2] else len(data))
        self.send_response(206 if wanted else 200)
        if wanted:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(data)}")
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(end - start))
        self.end_headers()
        try:
            self.wfile.write(data[start:end])
        except OSError:  # FFmpeg hangs up when it has read enough
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def served(files: Mapping[str, bytes]) -> Iterator[str]:
    """Its URL, without a slash at the end; `files` by path."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, files)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
