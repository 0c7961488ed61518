"""The plain kinds of value: numbers, sizes, switches, words, paths, networks and zones, each from text to a type.

A kind knows how it is called, what it allows, and how to parse it; `parse` raises `Refused` for everything else. The text it gets
is not empty and holds no control characters.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Generic, Protocol, TypeVar, cast, get_args
from zoneinfo import ZoneInfo, available_timezones

from mini_nvr.config.near import near_match
from mini_nvr.config.problems import Refused

GIB = 2**30
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,12}(\.[0-9]{1,9})?")
_ON = frozenset({"on", "true", "yes", "1"})
_OFF = frozenset({"off", "false", "no", "0"})

T_co = TypeVar("T_co", covariant=True)
W_co = TypeVar("W_co", covariant=True, bound=str)


class Kind(Protocol[T_co]):
    """What a variable takes. `secret`: the value, right or wrong, is never shown."""

    @property
    def type_name(self) -> str: ...
    @property
    def allowed(self) -> str: ...
    @property
    def secret(self) -> bool: ...
    def parse(self, text: str) -> T_co: ...


@dataclass(frozen=True)
class Whole:
    """An integer between two bounds, both included."""

    least: int
    most: int
    type_name = "whole number"
    secret = False

    @property
    def allowed(self) -> str:
        return f"{self.least} to {self.most}"

    def parse(self, text: str) -> int:
        if not _WHOLE.fullmatch(text):
            raise Refused("is not a whole number")
        number = int(text)
        _check_range(number, self.least, self.most)
        return number


@dataclass(frozen=True)
class Decimals:
    """A number that may have decimals; above `least`, or at least that when `least_included`."""

    least: Decimal
    most: Decimal
    least_included: bool = True
    type_name = "number"
    secret = False

    @property
    def allowed(self) -> str:
        return f"{self.least} to {self.most}" if self.least_included else f"above {self.least}, at most {self.most}"

    def exact(self, text: str) -> Decimal:
        if not _DECIMAL.fullmatch(text):
            raise Refused("is not a number; decimals are written with a point" if "," in text else "is not a number")
        number = Decimal(text)
        _check_range(number, self.least, self.most)
        if number == self.least and not self.least_included:
            raise Refused("is too small")
        return number

    def parse(self, text: str) -> float:
        return float(self.exact(text))


@dataclass(frozen=True)
class Gigabytes:
    """A size in GB of 2^30 bytes, decimals allowed; parsed to whole bytes."""

    zero_allowed: bool = False
    type_name = "number"
    secret = False

    @property
    def _decimals(self) -> Decimals:
        return Decimals(Decimal(0), Decimal(1_000_000), least_included=self.zero_allowed)

    @property
    def allowed(self) -> str:
        return self._decimals.allowed

    def parse(self, text: str) -> int:
        return round(self._decimals.exact(text) * GIB)


@dataclass(frozen=True)
class Switch:
    """On or off, in the usual spellings."""

    type_name = "switch"
    allowed = "on, off (also true/false, yes/no, 1/0)"
    secret = False

    def parse(self, text: str) -> bool:
        word = text.lower()
        if word in _ON:
            return True
        if word in _OFF:
            return False
        raise Refused("is neither on nor off", near_match(word, _ON | _OFF))


@dataclass(frozen=True)
class Choice(Generic[W_co]):
    """One of a few words, whatever its case. `literal`: the `Literal` type that lists them."""

    literal: object
    type_name = "word"
    secret = False

    @property
    def words(self) -> tuple[W_co, ...]:
        return cast("tuple[W_co, ...]", get_args(self.literal))

    @property
    def allowed(self) -> str:
        return ", ".join(self.words)

    def parse(self, text: str) -> W_co:
        for word in self.words:
            if word.casefold() == text.casefold():
                return word
        raise Refused("is not one of the words known here", near_match(text, self.words))


@dataclass(frozen=True)
class Text:
    """Free text for people to read."""

    longest: int = 64
    type_name = "text"
    secret = False

    @property
    def allowed(self) -> str:
        return f"up to {self.longest} characters"

    def parse(self, text: str) -> str:
        if len(text) > self.longest:
            raise Refused(f"is {len(text)} characters long")
        return text


@dataclass(frozen=True)
class FilePath:
    """A file or folder, absolute or from the working directory; nothing is looked up on the disk."""

    type_name = "path"
    allowed = "an absolute path, or one from the working directory"
    secret = False

    def parse(self, text: str) -> Path:
        try:
            return Path(text).expanduser()
        except RuntimeError as exc:  # a ~name whose home is not known
            raise Refused("starts with the home of an unknown user") from exc


@dataclass(frozen=True)
class Zone:
    """A zone of the IANA time zone database."""

    type_name = "time zone"
    allowed = "a name of the IANA time zone database such as Europe/Berlin"
    secret = False

    def parse(self, text: str) -> ZoneInfo:
        key = text.removeprefix(":").rpartition("zoneinfo/")[2]  # POSIX also spells it as :path of a file
        try:
            return ZoneInfo(key)
        except (KeyError, ValueError, OSError) as exc:
            raise Refused("is not a known time zone", near_match(key, available_timezones())) from exc


@dataclass(frozen=True)
class Networks:
    """IP networks in CIDR notation, set apart by commas or spaces."""

    type_name = "networks"
    allowed = "networks in CIDR notation set apart by commas, such as 10.0.0.0/8, fd00::/8"
    secret = False

    def parse(self, text: str) -> tuple[IPv4Network | IPv6Network, ...]:
        return tuple(map(_network, text.replace(",", " ").split()))


def _network(word: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(word)
    except ValueError as exc:
        try:
            meant = str(ip_network(word, strict=False))
        except ValueError:
            raise Refused("holds something that is not a network") from exc
        raise Refused("holds a network with host bits set", meant) from exc


def _check_range(number: int | Decimal, least: int | Decimal, most: int | Decimal) -> None:
    if number < least:
        raise Refused("is too small")
    if number > most:
        raise Refused("is too large")


@dataclass(frozen=True)
class LocalAddress:
    """An address of this machine to listen on; None stands for all of them."""

    type_name = "IP address"
    allowed = "an IPv4 or IPv6 address of this machine, such as 127.0.0.1"
    secret = False

    def parse(self, text: str) -> IPv4Address | IPv6Address:
        try:
            return ip_address(text.strip("[]"))
        except ValueError as exc:
            raise Refused("is not an IP address") from exc
