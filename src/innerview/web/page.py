"""The page that the server gives, and the rules under which a browser shows it: nothing from elsewhere, ever."""

from __future__ import annotations

import base64
import hashlib
from typing import Final

from innerview.viewer.rendering import render, verbatim
from innerview.web.hosts import Host

SCRIPT: Final = 'import {start} from "./viewer.js";start();'

PAGE: Final = render("app.html", script=verbatim(SCRIPT))

_HASH: Final = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()


def policy(host: Host | None) -> str:
    """The Content-Security-Policy for a page that was called by `host`; nothing but 'self' where that is unknown.

    The socket is named besides 'self', which not every browser takes to include it.
    """
    sockets = "" if host is None else f" ws://{host} wss://{host}"
    return (
        f"default-src 'none'; script-src 'self' 'sha256-{_HASH}'; style-src 'self'; img-src 'self' data: blob:; "
        f"media-src 'self' blob:; connect-src 'self'{sockets}; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
