"""The beginning of the image that only supervises: `python -m mini_nvr.supervisor FD`. Not for people; see `image`."""

import sys

sys.modules["ssl"] = None  # type: ignore[assignment]  # asyncio goes without; it would load OpenSSL for nobody who speaks TLS

from mini_nvr.supervisor.image import supervise_from  # noqa: E402  asyncio comes with it

if __name__ == "__main__":
    sys.exit(supervise_from(int(sys.argv[1])))
