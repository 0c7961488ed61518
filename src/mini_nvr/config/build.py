"""From inputs to `Settings`: every variable once, and what must be true between them."""

from pathlib import Path

from mini_nvr.config import variables as v
from mini_nvr.config.channels import build_channels
from mini_nvr.config.inputs import Inputs
from mini_nvr.config.machine import Machine
from mini_nvr.config.model import Settings, UserSettings
from mini_nvr.config.urls import Dvr


def build_settings(inputs: Inputs, machine: Machine) -> Settings:
    """The settings that `inputs` describe; to be used only when `inputs.problems` is still empty afterwards."""
    inputs.report_unknown()
    dvr = Dvr(ip=inputs.get(v.DVR_IP), port=inputs.get(v.DVR_PORT), user=inputs.get(v.DVR_USER), password=inputs.get(v.DVR_PASS))
    _check_tls(inputs)
    return Settings(
        channels=build_channels(inputs, dvr),
        segment_duration_s=inputs.get(v.SEGMENT_DURATION),
        record_format=inputs.get(v.RECORD_FORMAT),
        sync_interval_s=inputs.get(v.SYNC_INTERVAL),
        record_dir=inputs.get(v.RECORD_DIR) or (Path("/recordings") if machine.in_container else Path("recordings")),
        data_dir=inputs.get(v.DATA_DIR),
        max_storage_bytes=inputs.get(v.MAX_STORAGE_GB),
        min_free_bytes=inputs.get(v.MIN_FREE_GB),
        retention_days=inputs.get(v.RETENTION_DAYS),
        cleanup_interval_s=inputs.get(v.CLEANUP_INTERVAL),
        web_port=inputs.get(v.WEB_PORT),
        session_idle_s=inputs.get(v.SESSION_IDLE_MINUTES) * 60,
        web_host=inputs.get(v.WEB_HOST),
        tls_cert=inputs.get(v.TLS_CERT),
        tls_key=inputs.get(v.TLS_KEY),
        trusted_proxies=inputs.get(v.TRUSTED_PROXIES),
        metrics_token=inputs.get(v.METRICS_TOKEN),
        secret_key=inputs.get(v.SECRET_KEY),
        users=_users(inputs),
        dvr_password=dvr.password,
        log_file=inputs.get(v.LOG_FILE),
        log_level=inputs.get(v.LOG_LEVEL),
        zone=inputs.get(v.TZ) or machine.zone,
    )


def _users(inputs: Inputs) -> tuple[UserSettings, ...]:
    """Users by ascending number, which may have holes; names differ by more than case."""
    users: list[UserSettings] = []
    number_of: dict[str, int] = {}
    for number in inputs.numbers(v.USER, v.PASSWORD):
        for variable, other in ((v.USER, v.PASSWORD), (v.PASSWORD, v.USER)):
            if not inputs.given(variable, number):
                inputs.report(variable.spelled(number), f"is not set, but {other.spelled(number)} is")
        name, password = inputs.get(v.USER, number), inputs.get(v.PASSWORD, number)
        if name is None or password is None:
            continue
        first = number_of.setdefault(name.casefold(), number)
        if first != number:
            inputs.report(v.USER.spelled(number), f"is the same name as {v.USER.spelled(first)}")
        users.append(UserSettings(name=name, password=password))
    return tuple(users)


def _check_tls(inputs: Inputs) -> None:
    for variable, other in ((v.TLS_CERT, v.TLS_KEY), (v.TLS_KEY, v.TLS_CERT)):
        if inputs.given(other) and not inputs.given(variable):
            inputs.report(variable.name, f"is not set, but {other.name} is; HTTPS needs both")
