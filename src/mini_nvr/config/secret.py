"""A text that stays hidden wherever an object is printed: logs, error messages and answers show stars."""

from typing import Final

_STARS: Final = "**********"


class SecretStr:
    """As pydantic's class of this name, whose library takes 5 MB and more in services that need nothing else of it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def get_secret_value(self) -> str:
        """The text; whoever asks takes care of it."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretStr) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __str__(self) -> str:
        return _STARS if self._text else ""

    def __repr__(self) -> str:
        return f"SecretStr({str(self)!r})"
