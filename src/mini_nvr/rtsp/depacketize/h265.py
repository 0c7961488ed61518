"""H.265 over RTP (RFC 7798): single NAL units, aggregation packets and fragmentation units, without decoding order numbers."""

from collections.abc import Callable, Sequence

from mini_nvr.errors import MediaError
from mini_nvr.media import h265
from mini_nvr.media.bits import BitReader
from mini_nvr.media.frame import VideoFormat
from mini_nvr.media.nal import remove_emulation_prevention
from mini_nvr.rtsp.depacketize.access_unit import MAX_UNIT_BYTES, START_CODE, AccessUnitAssembler, Emit
from mini_nvr.rtsp.depacketize.parameter_sets import ParameterSets, SetKey

AP = 48  # section 4.4.2
FU = 49  # section 4.4.3
_HEADER = 2  # bytes of a NAL unit header, clause 7.3.1.2

_LAST_SLICE = h265.VCL_NUTS[-1]
_IRAP = frozenset(h265.IRAP_NUTS)
_SETS = frozenset({h265.NAL_VPS_NUT, h265.NAL_SPS_NUT, h265.NAL_PPS_NUT})
_LONGEST_HEADER = 160  # bytes of a parameter set within which its identifier stands: profile_tier_level with 7 sub-layers


class H265Depacketizer(AccessUnitAssembler):
    """From payloads to frames.

    initial_sets: from sprop-vps, sprop-sps and sprop-pps, may be empty.
    """

    def __init__(self, initial_sets: Sequence[bytes], emit: Emit, note: Callable[[str], None]) -> None:
        sets = ParameterSets(3, set_key, _build, note)
        sets.update(initial_sets)
        super().__init__(sets, emit, note)

    def packet(self, data: memoryview, start: int, end: int, timestamp: int, marker: int, arrival_ns: int) -> None:
        if timestamp != self._timestamp:
            self._turn(timestamp, bytes(data[start:end]))
        if not self._damaged:
            self._payload(data[start] >> 1 & 0x3F, bytes(data[start:end]))
        self._arrival_ns = arrival_ns
        if marker:
            self._mark()

    def _payload(self, kind: int, payload: bytes) -> None:
        if len(payload) <= _HEADER:
            self._damaged = True
        elif kind == FU:
            self._fragment_unit(payload)
        elif kind < AP:
            self._unit(payload)
        elif kind == AP:
            self._aggregate(payload)
        else:  # PACI (section 4.4.4) and unspecified types
            self.packets_unsupported += 1
            self._damaged = True

    def _fragment_unit(self, payload: bytes) -> None:
        """FU, section 4.4.3."""
        if len(payload) < 4:
            self._damaged = True
            return
        header = payload[2]
        kind = header & 0x3F
        if header & 0x80:
            if kind <= _LAST_SLICE:
                self._add_slice(is_first=payload[3] & 0x80 != 0)  # first_slice_segment_in_pic_flag
                if kind in _IRAP:
                    self._is_key = True
            self._open_fragment(bytes((payload[0] & 0x81 | kind << 1, payload[1])), payload[3:], payload[:2] + bytes((kind,)))
        elif self._fragment < 0:
            self._damaged = True  # its beginning is missing
            return
        else:
            self._parts.append(payload[3:])
            self._size += len(payload) - 3
        if self._size > MAX_UNIT_BYTES:
            self._too_large()
        elif header & 0x40:
            if kind <= _LAST_SLICE or kind == h265.NAL_FD_NUT:
                self._close_fragment()
            else:
                self._close_small_fragment()

    def _aggregate(self, payload: bytes) -> None:
        """Aggregation packet, section 4.4.2."""
        position, end = _HEADER, len(payload)
        while position + 2 < end and not self._damaged:
            start = position + 2
            position = start + (payload[position] << 8 | payload[position + 1])
            if not start < position <= end:
                self._damaged = True
                return
            self._unit(payload[start:position])

    def _unit(self, nal: bytes) -> None:
        if self._fragment >= 0:
            self._close_fragment()  # some cameras never set the end bit
        if len(nal) <= _HEADER:
            return
        kind = nal[0] >> 1 & 0x3F
        if nal[1] & 0x07 == 0:  # nuh_temporal_id_plus1 must not be 0: a start code in front, or rubbish
            if START_CODE in nal[:4]:
                self._split(nal)
            return
        if kind <= _LAST_SLICE:
            self._add_slice(is_first=nal[2] & 0x80 != 0)
            if kind in _IRAP:
                self._is_key = True
        elif kind != h265.NAL_FD_NUT and START_CODE in nal:
            self._split(nal)
            return
        elif kind in _SETS:
            self._add_set(nal.rstrip(b"\x00"))
            return
        elif kind >= AP:
            return  # not a NAL unit of H.265
        self._add(nal)

    def _continues_picture(self, payload: bytes) -> bool:
        kind = payload[0] >> 1 & 0x3F
        if kind == FU and len(payload) > 3:
            header = payload[2]
            return not header & 0x80 or (header & 0x3F <= _LAST_SLICE and not payload[3] & 0x80)
        return kind <= _LAST_SLICE and len(payload) > 2 and not payload[2] & 0x80


def set_key(nal: bytes) -> SetKey:
    """Rank (VPS 0, SPS 1, PPS 2) and identifier of a parameter set (H.265 clauses 7.3.2.1 to 7.3.2.3).

    Raises:
        MediaError: none of the three, or cut short.
    """
    bits = BitReader(remove_emulation_prevention(nal[_HEADER:_LONGEST_HEADER]))
    kind = nal[0] >> 1 & 0x3F if nal else 0
    if kind == h265.NAL_VPS_NUT:
        return 0, bits.u(4)
    if kind == h265.NAL_SPS_NUT:
        bits.skip(4)  # sps_video_parameter_set_id
        sub_layers = bits.u(3)
        bits.skip(1)  # sps_temporal_id_nesting_flag
        _skip_profile_tier_level(bits, sub_layers)
        return 1, bits.ue_up_to(15, "sps_seq_parameter_set_id")
    if kind == h265.NAL_PPS_NUT:
        return 2, bits.ue_up_to(63, "pps_pic_parameter_set_id")
    raise MediaError(f"NAL unit type {kind} is no parameter set")


def _skip_profile_tier_level(bits: BitReader, sub_layers: int) -> None:
    """profile_tier_level, clause 7.3.3; `sub_layers` is max_sub_layers_minus1."""
    bits.skip(96)
    if not sub_layers:
        return
    present = [(bits.u(1), bits.u(1)) for _ in range(sub_layers)]
    bits.skip(2 * (8 - sub_layers))
    for has_profile, has_level in present:
        bits.skip(88 * has_profile + 8 * has_level)


def _build(sets: Sequence[Sequence[bytes]]) -> VideoFormat:
    return h265.video_format(sets[0], sets[1], sets[2])
