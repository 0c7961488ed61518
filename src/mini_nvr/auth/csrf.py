"""The signed double-submit token (SECURITY S9), bound to the session by HMAC: a cookie planted by a sibling site is no use."""

import base64
import hmac


def csrf_token(key: bytes, session_id: str) -> str:
    """base64url(HMAC-SHA256(key, "csrf" || session id)), without padding."""
    digest = hmac.digest(key, b"csrf" + session_id.encode(), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def csrf_matches(key: bytes, session_id: str, presented: object) -> bool:
    """Whether a header's value is the session's token; constant time, and False for whatever else arrives."""
    if not isinstance(presented, str):
        return False
    return hmac.compare_digest(csrf_token(key, session_id).encode(), presented.encode("utf-8", "surrogatepass"))
