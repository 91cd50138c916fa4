"""A file name for every account id, whatever characters the id holds."""

from __future__ import annotations

import hashlib
import re

_PLAIN = re.compile(r"[a-z0-9]+(?:[_-][a-z0-9]+)*")
_HASHED = re.compile(r".*-[0-9a-f]{12}")
_PORTS = (f"{port}{n}" for port in ("com", "lpt") for n in range(10))
_WINDOWS_DEVICES = frozenset({"con", "prn", "aux", "nul", *_PORTS})
_LONGEST = 60


def page_name(account_id: str) -> str:
    """The same id always gets the same name, so bookmarks last; different ids get different names on any file system.

    >>> page_name("acc_00012")
    'acc_00012.html'
    >>> page_name("ACC/00012")
    'acc-00012-c05d4e1afea7.html'
    >>> page_name("🙂")
    'd06f1525f791.html'
    """
    plain = _PLAIN.fullmatch(account_id) and len(account_id) <= _LONGEST and account_id not in _WINDOWS_DEVICES
    # An id that already looks like a hashed name is hashed too: it could otherwise be the name of another id.
    if plain and not _HASHED.fullmatch(f"-{account_id}"):
        return f"{account_id}.html"
    digest = hashlib.sha256(account_id.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    readable = "-".join(re.findall(r"[a-z0-9]+", account_id.lower()))[:_LONGEST].strip("-")
    return f"{readable}-{digest}.html" if readable else f"{digest}.html"
