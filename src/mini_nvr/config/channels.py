"""From templates, DVR and per-channel settings to one `ChannelSettings` each."""

from mini_nvr.config import variables as v
from mini_nvr.config.inputs import Inputs
from mini_nvr.config.model import ChannelSettings
from mini_nvr.config.problems import Refused
from mini_nvr.config.secret import SecretStr
from mini_nvr.config.urls import Dvr, UrlTemplate


def build_channels(inputs: Inputs, dvr: Dvr) -> tuple[ChannelSettings, ...]:
    """All channels from 1 to the number configured; problems go to `inputs`."""
    mentioned = inputs.numbers(*v.CHANNEL_VARIABLES)
    count = inputs.get(v.NUM_CHANNELS) or max(mentioned, default=1)
    for number in (n for n in mentioned if n > count):
        _report_beyond(inputs, number, count)
    source = _Source(inputs, dvr)
    return tuple(_channel(inputs, source, number) for number in range(1, count + 1))


def _report_beyond(inputs: Inputs, number: int, count: int) -> None:
    for variable in v.CHANNEL_VARIABLES:
        if inputs.given(variable, number):
            inputs.report(variable.spelled(number), f"contradicts NUM_CHANNELS={count}: raise that, or leave this out")


def _channel(inputs: Inputs, source: "_Source", number: int) -> ChannelSettings:
    enabled = inputs.get(v.CHANNEL_ENABLED, number)
    audio = inputs.get(v.CHANNEL_AUDIO, number)
    sub_url = source.sub_url(number)
    return ChannelSettings(
        number=number,
        name=inputs.get(v.CHANNEL_NAME, number) or f"Camera {number}",
        enabled=enabled,
        url=SecretStr(source.main_url(number, enabled=enabled)),
        sub_url=SecretStr(sub_url) if sub_url else None,
        audio=inputs.get(v.AUDIO) if audio is None else audio,
        retention_days=inputs.get(v.CHANNEL_RETENTION_DAYS, number),
        max_bytes=inputs.get(v.CHANNEL_MAX_GB, number),
    )


class _Source:
    """Where the URLs of channels come from; what is missing for them is noted."""

    def __init__(self, inputs: Inputs, dvr: Dvr) -> None:
        self._inputs = inputs
        self._dvr = dvr
        self._template = inputs.get_valid(v.RTSP_URL_TEMPLATE)
        self._sub_template = inputs.get(v.RTSP_SUB_URL_TEMPLATE)
        self._templates_used = inputs.given(v.DVR_IP) or inputs.given(v.RTSP_URL_TEMPLATE)
        self._any_own_url = bool(inputs.numbers(v.CHANNEL_URL))

    def main_url(self, number: int, *, enabled: bool) -> str:
        """The channel's own URL, else the template's; empty when there is none, which is a problem unless disabled."""
        if self._inputs.given(v.CHANNEL_URL, number):
            return self._render(v.CHANNEL_URL, number, self._inputs.get(v.CHANNEL_URL, number), number)
        if self._templates_used:
            return self._render(v.RTSP_URL_TEMPLATE, None, self._template, number)
        if enabled:
            self._report_no_address(number)
        return ""

    def sub_url(self, number: int) -> str:
        """Its own, else the template's where the main stream comes from a template too; else empty."""
        if self._inputs.given(v.CHANNEL_SUB_URL, number):
            return self._render(v.CHANNEL_SUB_URL, number, self._inputs.get(v.CHANNEL_SUB_URL, number), number)
        if self._inputs.given(v.CHANNEL_URL, number):
            return ""
        return self._render(v.RTSP_SUB_URL_TEMPLATE, None, self._sub_template, number)

    def _report_no_address(self, number: int) -> None:
        own = v.CHANNEL_URL.spelled(number)
        if self._any_own_url:
            switch = v.CHANNEL_ENABLED.spelled(number)
            self._inputs.report(
                own, f"is not set, so channel {number} has no address; set it, or {switch}=off, or DVR_IP for all channels"
            )
        else:
            self._inputs.report(v.DVR_IP.name, "is not set, so no camera is known; set it, or CHANNEL_n_URL for each channel")

    def _render(self, variable: v.Variable[object], owner: int | None, template: UrlTemplate | None, number: int) -> str:
        """The URL of channel `number` from the template in a variable; empty when it was refused or something is missing for it."""
        if template is None:
            return ""
        if self._dvr.user is None and self._dvr.password is None:
            template = template.without_user_info()
        if not self._complete(template, variable.spelled(owner)):
            return ""
        try:
            return template.render(self._dvr, number)
        except Refused as refused:
            self._inputs.report(variable.spelled(owner), f"makes a URL for channel {number} that {refused.wrong}")
            return ""

    def _complete(self, template: UrlTemplate, name: str) -> bool:
        """Whether all that must be set for a template is; an empty password is none of that."""
        needed = {"ip": v.DVR_IP, "user": v.DVR_USER}
        missing = {
            mark: variable
            for mark, variable in needed.items()
            if mark in template.placeholders and not self._inputs.given(variable)
        }
        for mark, variable in missing.items():
            self._inputs.report(variable.name, f"is not set, but {name} uses {{{mark}}}")
        return not missing and not ("ip" in template.placeholders and self._dvr.ip is None)
