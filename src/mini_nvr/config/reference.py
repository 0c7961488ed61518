"""The reference page of all settings, made from the table: `python -m mini_nvr.config.reference [--check] [FILE]`.

Without `--check` the page is written; with it, a page that differs from the table is an error (exit code 1).
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from mini_nvr.config.generated_page import check_page, write_page
from mini_nvr.config.variables import GROUPS, Variable

PAGE = Path("docs/reference/settings.md")

_INTRODUCTION = """\
# Settings

<!-- Made by `python -m mini_nvr.config.reference` from the table in src/mini_nvr/config/variables.py; edits here are lost. -->

Settings stand in the file `.env` in the working directory and in the environment; where both have a value, the environment's
is used. An empty value is the same as none. In `.env` a value is taken literally, so `$` needs no escaping; put single quotes
around one that holds a space, a `#` or a quote. Names are exact: an unknown one is an error, with the name that was probably
meant; only those that begin with `COMPOSE_` or `DOCKER_` are left to Docker. All errors are listed at once, and nothing starts
until there are none.

In names, `n` and `N` are the number of a channel or user: `CHANNEL_1_NAME`, `CHANNEL_2_NAME`; `user1`, `user2`. GB are 2^30
bytes. *Used by* names the service that gives a setting effect; it is checked from the start, even where that service is not
there yet.

## Camera URLs

A channel's URL is `CHANNEL_n_URL` where that is set, else it is made from `RTSP_URL_TEMPLATE`. A channel for which neither that
template nor `DVR_IP` nor a URL is set has no address, which is an error unless `CHANNEL_n_ENABLED=off`. In all of these URLs,
placeholders stand for what differs:

| placeholder | stands for |
|---|---|
| `{user}` `{pass}` | `DVR_USER` and `DVR_PASS`, percent-encoded |
| `{ip}` | `DVR_IP`; an IPv6 address gets its brackets |
| `{port}` | `DVR_PORT` |
| `{channel}` | the channel's number; `{channel:02d}` writes it with two digits |

`{user}:{pass}@` is left out when neither `DVR_USER` nor `DVR_PASS` is set. The reverse does not hold: a URL without `{user}` and
`{pass}` gets no user and password inserted, even when `DVR_USER` and `DVR_PASS` are set.

A user and password that stand in a URL themselves are percent-encoded where they are not yet. Only what would be mistaken for
something else must be encoded by hand: `/` `%2F`, `?` `%3F`, `#` `%23`, `{` `%7B`, `}` `%7D`, a space `%20`, and `%` `%25`. In
`DVR_USER` and `DVR_PASS` nothing has to be.
"""


def page() -> str:
    """The whole page, Markdown."""
    return "\n".join([_INTRODUCTION, *(line for title, group in GROUPS for line in _section(title, group))])


def _section(title: str, group: Sequence[Variable[object]]) -> Iterator[str]:
    yield f"## {title}\n"
    yield "| name | type | default | allowed | what it does | used by |"
    yield "|---|---|---|---|---|---|"
    for variable in group:
        cells = (variable.kind.type_name, default_text(variable), variable.allowed, variable.summary, variable.used_by)
        yield f"| `{variable.label}` | {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"
    yield ""


def default_text(variable: Variable[object]) -> str:
    """The default for people, with its unit; `not set` where there is none."""
    text = variable.default_text or ("" if variable.default is None else str(variable.default))
    return f"{text} {variable.unit}".rstrip() if text[:1].isdigit() else text or "not set"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Write or check the reference page of all settings.")
    parser.add_argument("--check", action="store_true", help="change nothing; fail when the page is out of date")
    parser.add_argument("file", nargs="?", type=Path, default=PAGE, help=f"the page (default: {PAGE})")
    options = parser.parse_args(arguments)
    if options.check:
        return check_page(options.file, page(), source="the table of variables", remedy="python -m mini_nvr.config.reference")
    write_page(options.file, page())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
