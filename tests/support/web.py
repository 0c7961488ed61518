"""The web service in a test: its parts over new folders, and a browser that signs in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import httpx
from fastapi import FastAPI

from mini_nvr.api.deps import Deps
from mini_nvr.api.page import load as load_viewer
from mini_nvr.api.server import create_app
from mini_nvr.auth.accounts import Accounts
from mini_nvr.auth.audit import Audit
from mini_nvr.catalog.accounts import AccountStore
from mini_nvr.catalog.model import SegmentChange
from mini_nvr.catalog.repository import Catalog
from mini_nvr.config.load import load
from mini_nvr.playback.stills import StillMaker
from mini_nvr.segment.model import SegmentFacts
from mini_nvr.segment.volume import create_volume
from mini_nvr.storage.volume import NOTE
from tests.support.catalog import T0, facts, path_of
from tests.support.clock import FakeClock
from tests.support.fake_recorder import FakeRecorder
from tests.support.viewer import write_viewer

HOST = "nvr.test"
USER = "anna"
PASSWORD = "c4n4ry horse battery"
OTHER_USER = "bert"
OTHER_PASSWORD = "c4n4ry stable staple"
CAMERA_PASSWORD = "c4n4ry-camera"
SECRET_KEY = "c4n4ry-Zk3vQ9xT7mB2wL5pR8sD1fG6hJ4nK0yU"
NOW = T0 + 3_600_000_000

SETTINGS = {
    "DVR_IP": "192.0.2.7",
    "DVR_USER": "viewer",
    "DVR_PASS": CAMERA_PASSWORD,
    "NUM_CHANNELS": "3",
    "CHANNEL_1_NAME": "<img src=x onerror=alert(1)>",
    "CHANNEL_2_SUB_URL": "rtsp://192.0.2.7/sub",
    "CHANNEL_3_ENABLED": "off",
    "MAX_STORAGE_GB": "100",
    "TZ": "UTC",
    "user1": USER,
    "pass1": PASSWORD,
    "user2": OTHER_USER,
    "pass2": OTHER_PASSWORD,
}


@dataclass
class Web:
    """One web service; `client` makes browsers."""

    deps: Deps
    app: FastAPI
    clock: FakeClock
    recorder: FakeRecorder
    folder: Path
    clients: list[httpx.AsyncClient] = field(default_factory=list)

    @property
    def catalog(self) -> Catalog:
        return self.deps.catalog

    def client(self, *, address: str = "198.51.100.9", scheme: str = "http", headers: Mapping[str, str] | None = None) -> "Browser":
        transport = httpx.ASGITransport(self.app, client=(address, 4711))
        made = Browser(transport=transport, base_url=f"{scheme}://{HOST}", headers=headers)
        self.clients.append(made)
        return made

    async def signed_in(self, user: str = USER, password: str = PASSWORD, **more: Any) -> "Browser":
        browser = self.client(**more)
        answer = await browser.sign_in(user, password)
        assert answer.status_code == 200, answer.text
        return browser

    def put(self, of: SegmentFacts, content: bytes | None = None) -> SegmentFacts:
        """A recording in the catalog, and a file of its size on the disk."""
        self.catalog.commit([SegmentChange(path_of(of), of)])
        path = self.file(path_of(of))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pattern(of.size_bytes) if content is None else content)
        return of

    def file(self, path: PurePosixPath | str) -> Path:
        return self.deps.record_dir / path


class Browser(httpx.AsyncClient):
    """Sends its CSRF cookie back as a header, as our page does."""

    async def sign_in(self, user: str = USER, password: str = PASSWORD) -> httpx.Response:
        answer = await self.post("/api/login", json={"username": user, "password": password})
        if "csrf_token" in self.cookies:
            self.headers["x-csrf-token"] = self.cookies["csrf_token"]
        return answer


def make_web(folder: Path, settings: Mapping[str, str] | None = None) -> Web:
    """A web service over `folder`; the catalog is the caller's to close."""
    values = SETTINGS if settings is None else settings
    loaded = load({"RECORD_DIR": str(folder / "recordings"), "DATA_DIR": str(folder / "data"), **values})
    clock, recorder = FakeClock(NOW), FakeRecorder()
    catalog = Catalog.open(loaded.data_dir)
    (loaded.data_dir / NOTE).write_text(create_volume(loaded.record_dir))
    with catalog.database.write() as connection:  # the recorder has read the empty folder
        connection.exec_driver_sql("DELETE FROM meta WHERE key = 'rescan_due'")
    catalog.register_channels([(channel.number, channel.name) for channel in loaded.channels], NOW)
    store = AccountStore(catalog.database)
    configured = [(user.name, user.password.get_secret_value()) for user in loaded.users]
    deps = Deps(
        settings=loaded,
        catalog=catalog,
        accounts=Accounts(store, configured, SECRET_KEY),
        audit=Audit(store),
        stills=StillMaker(catalog, loaded.record_dir, loaded.data_dir / "stills", 1 << 20),
        recorder=recorder,
        clock=clock,
    )
    viewer = load_viewer(write_viewer(folder / "viewer"))
    return Web(deps, create_app(deps, viewer), clock, recorder, folder)


def pattern(size: int) -> bytes:
    """Bytes in which each place can be told from its neighbours."""
    return bytes(i * 7 % 251 for i in range(size))


def small(start_utc_us: int = T0, **more: Any) -> SegmentFacts:
    """A recording of a few thousand bytes."""
    return facts(start_utc_us, **{"size_bytes": 5_000, **more})
