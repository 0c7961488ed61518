"""HTTP/1.1 connections that answer what is no HTTP with a problem, and once.

uvicorn alone answers in plain text, and where an answer is out already it fails with a traceback: anybody could fill the log.
"""

from uvicorn.protocols.http.h11_impl import H11Protocol

from mini_nvr.api.problems import Problem
from mini_nvr.services.refusal import refuse


class Unreadable(H11Protocol):
    """One connection; uvicorn makes and drives it."""

    def send_400_response(self, msg: str) -> None:
        """Called by uvicorn; ends the connection."""
        refuse(self, Problem("invalid-request", "this is not an HTTP/1.1 request", "send one as RFC 9112 has them"))
