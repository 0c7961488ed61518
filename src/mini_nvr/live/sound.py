"""Sound as browsers can play it: AAC as it comes, G.711 transcoded while somebody watches."""

from typing import TYPE_CHECKING

from mini_nvr.media.frame import AudioFormat

if TYPE_CHECKING:
    from mini_nvr.media.audio import AacTranscoder


class LiveSound:
    """The sound of one connection. Where a file keeps G.711, or there is no file (sub streams), it is transcoded here."""

    def __init__(self, source: AudioFormat) -> None:
        self.source = source
        self.transcodes = source.codec != "aac"
        self._transcoder: AacTranscoder | None = None

    def open(self) -> AudioFormat:
        """The format that viewers get; called when somebody watches.

        Raises:
            MediaError: the sound cannot be transcoded.
        """
        if not self.transcodes:
            return self.source
        if self._transcoder is None:
            from mini_nvr.media.audio import AacTranscoder  # noqa: PLC0415  FFmpeg's libraries load only where they are used

            self._transcoder = AacTranscoder(self.source)
        return self._transcoder.format

    def encode(self, data: bytes, pts: int) -> list[tuple[bytes, int]]:
        """The frames that can be sent now, with their times in samples."""
        return [(data, pts)] if self._transcoder is None else self._transcoder.feed(data, pts)
