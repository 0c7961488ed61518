"""H.264 over RTP (RFC 6184, packetization modes 0 and 1): single NAL units, STAP-A and FU-A."""

from collections.abc import Callable, Sequence

from mini_nvr.errors import MediaError
from mini_nvr.media import h264
from mini_nvr.media.bits import BitReader
from mini_nvr.media.frame import VideoFormat
from mini_nvr.media.nal import remove_emulation_prevention
from mini_nvr.rtsp.depacketize.access_unit import MAX_UNIT_BYTES, START_CODE, AccessUnitAssembler, Emit
from mini_nvr.rtsp.depacketize.parameter_sets import ParameterSets, SetKey

STAP_A = 24  # section 5.7.1
FU_A = 28  # section 5.8

_SLICES = frozenset({h264.NAL_SLICE, h264.NAL_SLICE_DATA_PARTITION_A, h264.NAL_IDR_SLICE})
_PARTITIONS = frozenset({h264.NAL_SLICE_DATA_PARTITION_B, h264.NAL_SLICE_DATA_PARTITION_C})
_CODED = _SLICES | _PARTITIONS
_IS_CODED = tuple(kind in _CODED for kind in range(32))
_IS_PASSED = tuple(kind in _CODED or kind == h264.NAL_FILLER_DATA for kind in range(32))  # long, and never looked into
_BYTE = tuple(bytes((value,)) for value in range(256))
_LONGEST_HEADER = 32  # bytes of a parameter set within which its identifier stands


class H264Depacketizer(AccessUnitAssembler):
    """From payloads to frames.

    initial_sets: from sprop-parameter-sets, may be empty.
    """

    def __init__(self, initial_sets: Sequence[bytes], emit: Emit, note: Callable[[str], None]) -> None:
        sets = ParameterSets(2, set_key, _build, note)
        sets.update(initial_sets)
        super().__init__(sets, emit, note)

    def packet(self, data: memoryview, start: int, end: int, timestamp: int, marker: int, arrival_ns: int) -> None:
        if timestamp != self._timestamp:
            self._turn(timestamp, bytes(data[start:end]))
        if not self._damaged:
            self._payload(data[start] & 0x1F, bytes(data[start:end]))
        self._arrival_ns = arrival_ns
        if marker:
            self._mark()

    def _payload(self, kind: int, payload: bytes) -> None:
        if kind == FU_A:
            self._fragment_unit(payload)
        elif 0 < kind < STAP_A:
            self._unit(payload)
        elif kind == STAP_A:
            self._aggregate(payload)
        else:
            self._other_packet(payload)

    def _fragment_unit(self, payload: bytes) -> None:
        """FU-A, section 5.8."""
        if len(payload) < 3:
            self._damaged = True
            return
        header = payload[1]
        if header & 0x80:
            kind = header & 0x1F
            if _IS_CODED[kind]:
                self._add_slice(is_first=kind in _SLICES and payload[2] & 0x80 != 0)  # first_mb_in_slice, ue(v) 0
                if kind == h264.NAL_IDR_SLICE:
                    self._is_key = True
            self._open_fragment(_BYTE[payload[0] & 0xE0 | kind], payload[2:], payload[:1] + _BYTE[kind])
        elif self._fragment < 0:
            self._damaged = True  # its beginning is missing
            return
        else:
            self._parts.append(payload[2:])
            self._size += len(payload) - 2
        if self._size > MAX_UNIT_BYTES:
            self._too_large()
        elif header & 0x40:
            if _IS_PASSED[header & 0x1F]:
                self._close_fragment()
            else:
                self._close_small_fragment()

    def _aggregate(self, payload: bytes) -> None:
        """STAP-A, section 5.7.1."""
        position, end = 1, len(payload)
        while position + 2 < end and not self._damaged:
            start = position + 2
            position = start + (payload[position] << 8 | payload[position + 1])
            if not start < position <= end:
                self._damaged = True
                return
            self._unit(payload[start:position])

    def _other_packet(self, payload: bytes) -> None:
        """NAL type 0, which is a start code in front, or a packet type of the interleaved mode, which nobody offers."""
        if payload[:3] == START_CODE or payload[:4] == b"\x00" + START_CODE:
            self._split(payload)
        else:
            self.packets_unsupported += 1
            self._damaged = self._damaged or payload[0] & 0x1F > 0

    def _unit(self, nal: bytes) -> None:
        if self._fragment >= 0:
            self._close_fragment()  # some cameras never set the end bit
        kind = nal[0] & 0x1F
        if _IS_CODED[kind]:
            self._add_slice(is_first=kind in _SLICES and len(nal) > 1 and nal[1] & 0x80 != 0)
            if kind == h264.NAL_IDR_SLICE:
                self._is_key = True
        elif kind != h264.NAL_FILLER_DATA and START_CODE in nal:
            self._split(nal)
            return
        elif kind in {h264.NAL_SPS, h264.NAL_PPS}:
            self._add_set(nal.rstrip(b"\x00"))
            return
        elif kind == h264.NAL_SEI and h264.is_recovery_point(nal):
            self._is_key = True
        elif kind == 0 or kind >= STAP_A:
            return  # not a NAL unit of H.264
        self._add(nal)

    def _continues_picture(self, payload: bytes) -> bool:
        kind = payload[0] & 0x1F
        if kind == FU_A and len(payload) > 2:
            header = payload[1]
            return not header & 0x80 or (header & 0x1F in _SLICES and not payload[2] & 0x80)
        return kind in _PARTITIONS or (kind in _SLICES and len(payload) > 1 and not payload[1] & 0x80)


def set_key(nal: bytes) -> SetKey:
    """Rank (SPS 0, PPS 1) and identifier of a parameter set (H.264 clauses 7.3.2.1.1, 7.3.2.2).

    Raises:
        MediaError: neither of the two, or cut short.
    """
    bits = BitReader(remove_emulation_prevention(nal[1:_LONGEST_HEADER]))
    kind = nal[0] & 0x1F if nal else 0
    if kind == h264.NAL_SPS:
        bits.skip(24)  # profile_idc, constraint flags, level_idc
        return 0, bits.ue_up_to(31, "seq_parameter_set_id")
    if kind == h264.NAL_PPS:
        return 1, bits.ue_up_to(255, "pic_parameter_set_id")
    raise MediaError(f"NAL unit type {kind} is no parameter set")


def _build(sets: Sequence[Sequence[bytes]]) -> VideoFormat:
    return h264.video_format(sets[0], sets[1])
