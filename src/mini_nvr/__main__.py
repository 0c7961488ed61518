"""The command line. Each command imports what it needs when it runs, so that `mini-nvr --help` and a restart stay quick.

Exit codes: 0 fine, 1 something failed at run time, 2 the settings or the arguments are wrong, 130 interrupted.
"""

import argparse
import logging
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mini_nvr.errors import ConfigError, MiniNvrError

if TYPE_CHECKING:
    from mini_nvr.config.model import Settings

# ruff: noqa: PLC0415  imports inside the commands are this file's purpose

EXIT_FAILED: Final = 1
EXIT_CONFIGURATION: Final = 2
EXIT_INTERRUPTED: Final = 128 + signal.SIGINT


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the process's exit code. `SystemExit` comes from argparse: help, version, wrong arguments."""
    arguments = _parser().parse_args(argv)
    command: Callable[[argparse.Namespace], int] = arguments.command
    try:
        return command(arguments)
    except ConfigError as exc:
        _complain("\n  ".join(["the settings cannot be used:", *str(exc).splitlines()]))
        return EXIT_CONFIGURATION
    except MiniNvrError as exc:
        _complain(str(exc))
        return EXIT_FAILED
    except BrokenPipeError:  # the reader of our output, `head` say, has seen enough
        sys.stdout = None
        return EXIT_FAILED
    except OSError as exc:
        _complain(
            f"{exc.filename}: {exc.strerror}; check that it is there and that this user may use it" if exc.filename else str(exc)
        )
        return EXIT_FAILED
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except Exception:
        # The traceback goes through the log, whose formatter masks the secrets, rather than to Python's own hook.
        logging.getLogger("mini_nvr").critical("stopped by a fault of the program; please report this", exc_info=True)
        return EXIT_FAILED


def _complain(message: str) -> None:
    """One line for the person at the terminal, through the log's redactor once there is one."""
    from mini_nvr.log import Redactor, redact_url

    formatters = [handler.formatter for handler in logging.getLogger().handlers]
    redact = next((formatter.redact for formatter in formatters if isinstance(formatter, Redactor)), redact_url)
    print(f"mini-nvr: {redact(message)}", file=sys.stderr)


class _ShowVersion(argparse.Action):
    """As argparse's own, for a version that is looked up when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from mini_nvr import __version__

        print(f"mini-nvr {__version__}")
        parser.exit()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mini-nvr", description="A light network video recorder for RTSP cameras.")
    parser.add_argument("--version", action=_ShowVersion, nargs=0, help="show the program's version and exit")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(name: str, command: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        sub.set_defaults(command=command)
        return sub

    run = add("run", _run, "start everything and keep it running")
    run.add_argument("--demo", action="store_true", help="record simulated cameras when none is configured")
    recorder = add("recorder", _recorder, "run the recorder alone, without the supervisor")
    storage = add("storage", _storage, "run the storage service alone, without the supervisor")
    web = add("web", _web, "run the web service alone, without the supervisor")
    check = add("check", _check, "check the settings and connect to each camera once")
    check.add_argument("--storage", action="store_true", help="check the recordings and the catalog instead, and change nothing")
    check.add_argument(
        "--thorough", action="store_true", help="with --storage: read every part of every file, not its two ends only"
    )
    status = add("status", _status, "show what each channel is doing")
    status.add_argument("--json", action="store_true", help="print JSON instead of a table")
    listed, reset = _add_user_commands(commands)
    convert = add("convert", _convert, "have the storage service turn MJPEG of other products into H.264")
    convert.add_argument("--mjpeg", action="store_true", required=True, help="the originals go once every picture was encoded")
    rescan = add("rescan", _rescan, "rebuild the catalog from the files (while nothing records)")
    cleanup = add("cleanup", _cleanup, "delete the footage that the limits ask for, now")
    cleanup.add_argument("--dry-run", action="store_true", help="only show what would be deleted, and why")
    for sub in (run, recorder, storage, web, check, status, convert, rescan, cleanup, listed, reset):
        sub.add_argument("--env-file", type=Path, metavar="FILE", help="read settings from FILE instead of ./.env")
    demo = add("demo", _demo, "serve simulated cameras: rtsp://HOST:PORT/stream1 and so on")
    demo.add_argument("--cameras", type=_positive, default=4, metavar="N", help="how many (default: 4)")
    demo.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1, this machine only)")
    demo.add_argument("--port", type=_port, default=8554, metavar="P", help="TCP port (default: 8554)")
    for sub in (recorder, storage, web, demo):
        sub.add_argument("--settings-fd", type=_positive, help=argparse.SUPPRESS)
    return parser


def _add_user_commands(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
) -> tuple[argparse.ArgumentParser, argparse.ArgumentParser]:
    """`user hash`, and the two that need settings: `user list`, `user reset`."""
    text = "make password hashes, list accounts, reset a password"
    user = commands.add_parser("user", help=text, description=text[0].upper() + text[1:] + ".")
    actions = user.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(name: str, text: str) -> argparse.ArgumentParser:
        return actions.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")

    hashed = add("hash", "print the line for .env that holds a password's hash")
    hashed.add_argument("--number", type=_positive, default=1, metavar="N", help="of the user in .env: userN, passN (default: 1)")
    hashed.set_defaults(command=_user_hash)
    listed = add("list", "show who may sign in")
    listed.set_defaults(command=_user_list)
    reset = add("reset", "print a new one-time password of an account, and end its sessions")
    reset.add_argument("name", metavar="NAME")
    reset.set_defaults(command=_user_reset)
    return listed, reset


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _port(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 65_535:
        raise argparse.ArgumentTypeError("must be 1..65535")
    return number


def _run(arguments: argparse.Namespace) -> int:
    from mini_nvr.supervisor.run import run

    return run(arguments.env_file, demo=arguments.demo)


def _recorder(arguments: argparse.Namespace) -> int:
    settings = _service_settings("recorder", arguments.settings_fd, arguments.env_file)
    from mini_nvr.services.recorder import run

    return run(settings)


def _storage(arguments: argparse.Namespace) -> int:
    settings = _service_settings("storage", arguments.settings_fd, arguments.env_file)
    from mini_nvr.services.storage import run

    return run(settings)


def _web(arguments: argparse.Namespace) -> int:
    settings = _service_settings("web", arguments.settings_fd, arguments.env_file)
    from mini_nvr.services.web import run

    return run(settings)


def _demo(arguments: argparse.Namespace) -> int:
    if arguments.settings_fd is not None:
        _service_settings("demo", arguments.settings_fd, None)
    from mini_nvr.services.demo import run

    return run(arguments.cameras, arguments.host, arguments.port, tell=arguments.settings_fd is None)


def _check(arguments: argparse.Namespace) -> int:
    if arguments.storage:
        return _check_storage(arguments)
    settings = _command_settings("check", arguments.env_file, needs_cameras=True)
    from mini_nvr.services.check import run

    return run(settings)


def _check_storage(arguments: argparse.Namespace) -> int:
    settings = _command_settings("check", arguments.env_file, needs_cameras=False)
    from mini_nvr.services.check_storage import run

    return run(settings, thorough=arguments.thorough)


def _status(arguments: argparse.Namespace) -> int:
    settings = _command_settings("status", arguments.env_file, needs_cameras=False)
    from mini_nvr.services.status import run

    return run(settings, as_json=arguments.json)


def _rescan(arguments: argparse.Namespace) -> int:
    settings = _command_settings("rescan", arguments.env_file, needs_cameras=False)
    from mini_nvr.services.rescan import run

    return run(settings)


def _cleanup(arguments: argparse.Namespace) -> int:
    settings = _command_settings("cleanup", arguments.env_file, needs_cameras=False)
    from mini_nvr.services.cleanup import run

    return run(settings, dry_run=arguments.dry_run)


def _convert(arguments: argparse.Namespace) -> int:
    settings = _command_settings("convert", arguments.env_file, needs_cameras=False)
    from mini_nvr.services.convert import run

    return run(settings)


def _user_hash(arguments: argparse.Namespace) -> int:
    from mini_nvr.services.user import hash_password

    return hash_password(arguments.number)


def _user_list(arguments: argparse.Namespace) -> int:
    settings = _command_settings("user", arguments.env_file, needs_cameras=False)
    from mini_nvr.services.user import list_users

    return list_users(settings)


def _user_reset(arguments: argparse.Namespace) -> int:
    settings = _command_settings("user", arguments.env_file, needs_cameras=False)
    from mini_nvr.services.user import reset_password

    return reset_password(settings, arguments.name)


def _service_settings(service: str, settings_fd: int | None, env_file: Path | None) -> "Settings":
    """Settings of a long-running service: from the supervisor's pipe when there is one; logging is set up with them."""
    from mini_nvr import log
    from mini_nvr.config.load import load, read_values
    from mini_nvr.services import inherited

    if settings_fd is None:
        settings = load(read_values(env_file))
    else:
        settings = load(inherited.read_settings(settings_fd))
        inherited.stop_with_supervisor(settings_fd)
    log.configure(service, level=settings.log_level, zone=settings.zone, log_file=settings.log_file, secrets=settings.secrets())
    return settings


def _command_settings(command: str, env_file: Path | None, *, needs_cameras: bool) -> "Settings":
    """Settings of a command that works and ends. It logs warnings to standard error only, never to the recorder's log file.

    Without `needs_cameras`, no configured camera means demo mode's cameras: the folders are what matters.
    """
    from mini_nvr import log
    from mini_nvr.config.load import configured, demo_values, load, read_values

    values = read_values(env_file)
    if not needs_cameras and not configured(values):
        values = demo_values(8554, 4, values)
    settings = load(values)
    log.configure(command, level="WARNING", zone=settings.zone, secrets=settings.secrets())
    return settings


if __name__ == "__main__":
    sys.exit(main())
