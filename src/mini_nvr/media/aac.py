"""AAC: reading the AudioSpecificConfig (ISO/IEC 14496-3 clause 1.6.2.1)."""

from mini_nvr.errors import MediaError
from mini_nvr.media.bits import BitReader
from mini_nvr.media.frame import AudioFormat

# audioObjectType (Table 1.17)
AOT_AAC_LC = 2
AOT_SBR = 5
AOT_ESCAPE = 31
AOT_PS = 29

# samplingFrequencyIndex (Table 1.18)
SAMPLE_RATES_HZ = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350)
_ESCAPE_RATE = 15
# channelConfiguration (Table 1.19): the number of channels
_CHANNELS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 8, 11: 7, 12: 8, 14: 8}


def audio_format(asc: bytes) -> AudioFormat:
    """The format that this AudioSpecificConfig announces.

    AAC-LC, and HE-AAC over AAC-LC. Where HE-AAC is signalled explicitly (object types 5 and 29), `sample_rate_hz` is the rate after
    spectral band replication, which is what a decoder puts out, and a frame has twice the samples: 2048. Signalled implicitly or
    by a backward compatible extension it reads as the AAC-LC that it contains, with half the rate and 1024 samples: the same
    duration. With parametric stereo (29) `channels` is that of the mono core.

    Raises:
        MediaError: damaged, or an object type, sample rate or channel layout that we do not support.
    """
    bits = BitReader(asc)
    try:
        object_type = _object_type(bits)
        sample_rate_hz = _sample_rate(bits)
        channel_configuration = bits.u(4)
        core_type = object_type
        if object_type in {AOT_SBR, AOT_PS}:
            sample_rate_hz = _sample_rate(bits)  # extensionSamplingFrequency
            core_type = _object_type(bits)
        core_samples = 960 if bits.flag() else 1024  # frameLengthFlag, clause 4.4.1
    except MediaError as exc:
        raise MediaError(f"AAC configuration {asc[:16].hex()}: {exc}") from exc
    if core_type != AOT_AAC_LC:
        raise MediaError(f"AAC object type {core_type} is not supported; set the camera to AAC-LC")
    if channel_configuration not in _CHANNELS:
        raise MediaError(f"AAC channel configuration {channel_configuration} is not supported; set the camera to mono or stereo")
    return AudioFormat(
        codec="aac",
        sample_rate_hz=sample_rate_hz,
        channels=_CHANNELS[channel_configuration],
        decoder_config=asc,
        codec_string=f"mp4a.40.{object_type}",
        frame_samples=core_samples * (2 if object_type != core_type else 1),
    )


def _object_type(bits: BitReader) -> int:
    """GetAudioObjectType, Table 1.16."""
    value = bits.u(5)
    return 32 + bits.u(6) if value == AOT_ESCAPE else value


def _sample_rate(bits: BitReader) -> int:
    """Hertz, from an index or written out."""
    index = bits.u(4)
    if index == _ESCAPE_RATE:
        rate = bits.u(24)
        if not rate:
            raise MediaError("the sample rate is 0")
        return rate
    if index >= len(SAMPLE_RATES_HZ):
        raise MediaError(f"samplingFrequencyIndex {index} is reserved")
    return SAMPLE_RATES_HZ[index]
