"""Names of servers as browsers write them, read strictly: what is not wholly a host and a port is none.

After RFC 3986: a name, an IPv4 address or an IPv6 address in brackets, then perhaps ":port". No user, path, escape,
space or letter beyond ASCII (a browser sends the ASCII form of an international name). What is read is written anew
from its parts, so that no character of a header reaches an answer that was not asked for here.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

AUTHORITY: Final = re.compile(
    r"(?:\[(?P<address>[0-9a-fA-F:.]{2,45})\]|(?P<name>[0-9a-zA-Z._-]{1,254}))(?::(?P<port>[0-9]{0,5}))?"
)
LABEL: Final = re.compile(r"[0-9a-z_](?:[0-9a-z_-]{0,61}[0-9a-z_])?")
PORTS: Final[Mapping[str, int]] = MappingProxyType({"http": 80, "https": 443})
"""That a browser leaves out."""


@dataclass(frozen=True)
class Host:
    """A server.

    Attributes:
        name: in small letters, without a last dot; an IPv6 address in its shortest form, without brackets.
        port: None where none is said.
    """

    name: str
    port: int | None = None

    def __str__(self) -> str:
        """As it stands in an address."""
        name = f"[{self.name}]" if ":" in self.name else self.name
        return name if self.port is None else f"{name}:{self.port}"

    def at(self, scheme: str) -> tuple[str, int | None]:
        """Name and port, the usual one where none is said."""
        return self.name, PORTS.get(scheme) if self.port is None else self.port


def read_host(text: str) -> Host | None:
    """Read "name", "name:port", "[address]:port"; None where it is none of these."""
    found = AUTHORITY.fullmatch(text)
    if found is None:
        return None
    name = _plain(found["address"] or found["name"], bracketed=found["address"] is not None)
    port = int(found["port"]) if found["port"] else None
    return Host(name, port) if name and (port is None or port < 2**16) else None


def read_origin(text: str) -> tuple[str, Host] | None:
    """Read "http://host:port", as a browser says which page asks: the scheme and the host; None for all else."""
    scheme, colon, rest = text.partition("://")
    host = read_host(rest) if colon and scheme in PORTS else None
    return None if host is None else (scheme, host)


def _plain(text: str, *, bracketed: bool) -> str:
    """One spelling for each name; empty where it is none."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        name = text.lower().removesuffix(".")
        whole = not bracketed and len(name) < 254 and all(LABEL.fullmatch(label) for label in name.split("."))
        return name if whole else ""
    return address.compressed if bracketed == (address.version == 6) else ""
