"""HTTP/1.1 connections that answer what is no HTTP with a problem (RFC 9457), as everything else that is refused.

uvicorn alone answers in plain text, and where an answer is out already it fails with a traceback: anybody could fill the log.
"""

from typing import Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from mini_nvr.api.problems import MEDIA_TYPE, Problem
from mini_nvr.api.response_headers import with_headers

_MAY_ANSWER: Final = (h11.IDLE, h11.SEND_RESPONSE)


class Unreadable(H11Protocol):
    """One connection; uvicorn makes and drives it."""

    def send_400_response(self, msg: str) -> None:
        """Called by uvicorn; ends the connection."""
        if self.conn.our_state in _MAY_ANSWER:
            problem = Problem("invalid-request", "this is not an HTTP/1.1 request", "send one as RFC 9112 has them")
            body = problem.body()
            headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", b"%d" % len(body)), (b"connection", b"close")]
            for event in (
                h11.Response(status_code=problem.status, headers=with_headers(headers), reason=b"Bad Request"),
                h11.Data(data=body),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
