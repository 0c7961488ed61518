"""How large a still becomes: never larger than the picture, and of the same shape. Pure."""

MAX_WIDTH = 3_840
MIN_WIDTH = 16


def still_size(shown_width: int, height: int, width: int | None) -> tuple[int, int]:
    """Width and height; even sides, as chroma is shared by two pixels, in the shape of `shown_width` x `height`.

    width: as asked for, clamped to 16..3840; None means that of the picture.
    """
    target = min(shown_width, MAX_WIDTH if width is None else max(MIN_WIDTH, min(width, MAX_WIDTH)))
    scaled = round(height * target / shown_width)
    return max(2, target & ~1), max(2, scaled & ~1)
