"""Title and comment of a movie, in the form that players show: Apple's metadata list (QuickTime File Format, `udta/meta/ilst`)."""

from mini_nvr.media.mp4.boxes import box, full_box

TITLE = b"\xa9nam"
COMMENT = b"\xa9cmt"
_UTF_8 = 1
_HANDLER = full_box(b"hdlr", 0, 0, bytes(4), b"mdir", b"appl", bytes(8), b"\0")


def tags_box(tags: dict[bytes, str]) -> bytes:
    """`udta` with one text for each tag."""
    items = [box(kind, box(b"data", _UTF_8.to_bytes(4, "big"), bytes(4), text.encode())) for kind, text in tags.items()]
    return box(b"udta", full_box(b"meta", 0, 0, _HANDLER, box(b"ilst", *items)))
