"""Where access units of video begin and end, which of them are whole, and how they become frames.

Shared by H.264 (RFC 6184) and H.265 (RFC 7798). A unit ends at the marker bit (RFC 6184 section 5.1). Cameras that set the marker
on every slice are recognised, and their units end where the timestamp changes. To tell the two apart the very first unit is held
back until the packet after it arrives.
"""

from collections.abc import Callable
from enum import Enum, auto

from mini_nvr.media.frame import Frame, VideoFormat
from mini_nvr.rtsp.depacketize.parameter_sets import ParameterSets

MAX_UNIT_BYTES = 8 * 1024 * 1024
START_CODE = b"\x00\x00\x01"

Emit = Callable[[Frame], None]


class _Marker(Enum):
    """What the marker bit of this camera is worth."""

    UNPROVEN = auto()
    ENDS_UNIT = auto()
    MEANINGLESS = auto()


class AccessUnitAssembler:
    """Base of the video depacketizers; the child reads packets and calls `_add` and the fragment methods.

    The child's `packet` must begin with `if timestamp != self._timestamp: self._turn(...)`, take nothing while `self._damaged`, and
    end with `if marker: self._mark()`.

    units_dropped: left out because of loss, size or malformed packets. units_without_format: whole, but before any parameter sets.
    packets_unsupported: of a kind that this program does not read.
    """

    def __init__(self, sets: ParameterSets, emit: Emit, note: Callable[[str], None]) -> None:
        self._sets = sets
        self._emit = emit
        self._note = note
        self._announced: VideoFormat | None = None
        self._marker = _Marker.UNPROVEN
        self._timestamp: int | None = None  # of the unit being collected; None: the next packet must be looked at
        self._marked_timestamp: int | None = None  # of the unit that the last marker ended
        self._pts = 0
        self._arrival_ns = 0  # of the last packet
        self._suspect = False  # packets are missing and no slice came since
        self.units_dropped = 0
        self.units_without_format = 0
        self.packets_unsupported = 0
        self._clear()

    @property
    def format(self) -> VideoFormat | None:
        """The format in force, None while parameter sets are missing."""
        return self._sets.format

    def _clear(self) -> None:
        """Nothing of the next unit is there yet."""
        self._parts: list[bytes | memoryview] = []  # lengths and pieces of NAL units, in order
        self._copied = 0  # of them, counted from the first, that are surely no views of the receive buffer
        self._set_nals: list[bytes] = []
        self._size = 0  # bytes collected, without the length fields
        self._fragment = -1  # where in _parts the length of the open fragmented NAL unit goes; -1 when none is open
        self._fragment_size = 0  # _size when it was opened
        self._middle = b""
        self._coded = False  # a slice is there
        self._is_key = False
        self._damaged = False

    def _unit(self, nal: bytes) -> None:
        """Sort a whole NAL unit into the access unit."""
        raise NotImplementedError

    def _continues_picture(self, payload: bytes) -> bool:
        """Whether this packet can only belong to a picture that began in an earlier one."""
        raise NotImplementedError

    # -- called by the RTP receiver

    def lost(self) -> None:
        self.flush()
        self._suspect = True
        if self._parts:
            self._damaged = True

    def reset(self) -> None:
        self.flush()
        self._clear()
        self._timestamp = self._marked_timestamp = None
        self._suspect = False

    def middle(self) -> bytes:
        """`Depacketizer.middle`"""
        return self._middle if self._fragment >= 0 and not self._damaged else b""

    def middle_pieces(self, pieces: list[memoryview], size: int) -> None:
        """`Depacketizer.middle_pieces`"""
        self._parts += pieces
        self._size += size
        if self._size > MAX_UNIT_BYTES:
            self._too_large()

    def settle(self) -> None:
        """`Depacketizer.settle`: a frame that came in one read was never copied piece by piece, the rest of one is copied here."""
        parts = self._parts
        for at in range(self._copied, len(parts)):
            parts[at] = bytes(parts[at])
        self._copied = len(parts)

    def flush(self) -> None:
        """Emit the unit that is held back only to see what the marker bit is worth."""
        if self._marked_timestamp is not None and self._coded:
            self._finish()

    # -- borders

    def _turn(self, timestamp: int, payload: bytes) -> None:
        """First packet with another timestamp, or first one after a marker."""
        if timestamp == self._marked_timestamp and self._continues_picture(payload):
            if self._marker is not _Marker.MEANINGLESS and not self._suspect:
                self._marker = _Marker.MEANINGLESS
                self._note("the camera sets the marker bit inside pictures; they end where the timestamp changes")
            self._damaged = self._damaged or not self._coded  # its head has gone out already
        elif self._coded or self._damaged or self._fragment >= 0:
            if self._marked_timestamp is not None and self._marker is _Marker.UNPROVEN:
                self._marker = _Marker.ENDS_UNIT
            self._finish()
        self._marked_timestamp = None
        self._timestamp = self._pts = timestamp

    def _mark(self) -> None:
        """The marker bit. It does not end a unit without any slice: some cameras set it on parameter sets too."""
        if self._marker is _Marker.MEANINGLESS or not (self._coded or self._damaged):
            return
        self._marked_timestamp = self._timestamp
        self._timestamp = None
        if self._marker is _Marker.ENDS_UNIT:
            self._finish()

    def _finish(self) -> None:
        """Emit what was collected as one frame, unless something of it is missing."""
        if self._fragment >= 0 and not self._damaged:
            self._close_fragment()
        if self._damaged or not self._coded:
            self.units_dropped += 1
        else:
            self._emit_frame()
        self._clear()

    def _emit_frame(self) -> None:
        in_band_sets = b""
        if self._set_nals:
            self._sets.update(self._set_nals)
            in_band_sets = b"".join([part for nal in self._set_nals for part in (len(nal).to_bytes(4), nal)])
        in_force = self._sets.format
        if in_force is None:
            self.units_without_format += 1
            return
        frame = Frame(b"".join(self._parts), self._pts, self._arrival_ns, self._is_key, in_band_sets)
        if in_force is not self._announced:
            if in_force != self._announced:
                frame.new_format = in_force
            self._announced = in_force
        self._emit(frame)

    # -- content

    def _add(self, nal: bytes) -> None:
        """A whole NAL unit that stays in the frame."""
        self._parts.append(len(nal).to_bytes(4))
        self._parts.append(nal)
        self._size += len(nal)
        if self._size > MAX_UNIT_BYTES:
            self._too_large()

    def _add_set(self, nal: bytes) -> None:
        """A parameter set, kept beside the frame."""
        self._set_nals.append(nal)
        self._size += len(nal)
        if self._size > MAX_UNIT_BYTES:
            self._too_large()

    def _add_slice(self, *, is_first: bool) -> None:
        """Note the beginning of a slice; `is_first` when it is the first one of its picture."""
        if self._suspect:
            self._suspect = False
            if not is_first and not self._coded:
                self._damaged = True
        self._coded = True

    def _open_fragment(self, header: bytes, piece: bytes, middle: bytes) -> None:
        """First piece of a fragmented NAL unit. middle: how the payloads of the following ones begin."""
        if self._fragment >= 0:
            self._close_fragment()  # some cameras never set the end bit
        self._fragment = len(self._parts)
        self._fragment_size = self._size
        self._middle = middle
        self._parts += (b"", header, piece)
        self._size += len(header) + len(piece)

    def _close_fragment(self) -> None:
        """The fragmented NAL unit is whole."""
        at, self._fragment = self._fragment, -1
        self._parts[at] = (self._size - self._fragment_size).to_bytes(4)

    def _close_small_fragment(self) -> None:
        """The fragmented NAL unit is whole, and is no slice: take it out and sort it like any other."""
        nal = b"".join(self._parts[self._fragment + 1 :])
        del self._parts[self._fragment :]
        self._copied = min(self._copied, self._fragment)
        self._fragment = -1
        self._size = self._fragment_size
        self._unit(nal)

    def _split(self, nal: bytes) -> None:
        """Several NAL units in one, behind start codes: a camera that packetises Annex B streams as they are."""
        for piece in nal.split(START_CODE):
            whole = piece.rstrip(b"\x00")
            if whole:
                self._unit(whole)

    def _too_large(self) -> None:
        self._clear()
        self._damaged = True
