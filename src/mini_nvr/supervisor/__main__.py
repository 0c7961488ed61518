"""The beginning of the image that only supervises: `python -m mini_nvr.supervisor FD`. Not for people; see `image`."""

import sys

from mini_nvr.supervisor.image import supervise_from

if __name__ == "__main__":
    sys.exit(supervise_from(int(sys.argv[1])))
