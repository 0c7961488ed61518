"""Refusals of what no route ever sees, as problems (RFC 9457) like all others; uvicorn's are plain text, or nothing."""

from http import HTTPStatus
from typing import Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from mini_nvr.api.problems import MEDIA_TYPE, Problem
from mini_nvr.api.response_headers import with_headers

_MAY_ANSWER: Final = (h11.IDLE, h11.SEND_RESPONSE)


def refuse(connection: H11Protocol, problem: Problem) -> None:
    """Answer, unless an answer is out already, and end the connection."""
    if connection.conn.our_state in _MAY_ANSWER:
        body = problem.body()
        headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", b"%d" % len(body)), (b"connection", b"close")]
        reason = HTTPStatus(problem.status).phrase.encode()
        for event in (
            h11.Response(status_code=problem.status, headers=with_headers(headers), reason=reason),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ):
            connection.transport.write(connection.conn.send(event) or b"")
    connection.transport.close()
