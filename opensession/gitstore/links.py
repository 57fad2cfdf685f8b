"""Addresses at which a forge shows the files of the sessions branch."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urlsplit

BRANCH = "opensession/sessions"

_GITHUB = {"github.com", "www.github.com", "ssh.github.com"}
_GITLAB = {"gitlab.com", "www.gitlab.com", "altssh.gitlab.com"}
_HOST = r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]"
# `git@host:path`: a colon before any slash. One letter before it is a drive of Windows, and two colons call a helper.
_SCP = re.compile(rf"(?:[^/]*@)?(?P<host>(?![A-Za-z]:){_HOST}):(?!:)(?P<path>.+)")
_WEB_SCHEMES = {"http", "https"}
_OTHER_SCHEMES = {"git", "ssh", "git+ssh", "ssh+git"}


def raw_url(remote: str, path: str) -> str | None:
    """Return where the forge of `remote` serves the file at `path` on the branch; None when it is no address at all.

    User names, passwords and tokens in `remote` do not get into the answer.
    """
    place = _place(remote.strip())
    if place is None:
        return None
    base, host, repository = place
    file = f"{BRANCH}/{quote(path)}"
    if host in _GITHUB:
        return f"https://raw.githubusercontent.com/{repository}/{file}"
    if host in _GITLAB:
        return f"https://gitlab.com/{repository}/-/raw/{file}"
    return f"{base}/{repository}/raw/{file}"


def _place(remote: str) -> tuple[str, str, str] | None:
    """Split into `https://host:port`, the bare host, and the path of the repository, as it stands in URLs."""
    if "://" in remote:
        return _place_of_url(remote)
    match = _SCP.fullmatch(remote)
    return _joined("https", match["host"], "", quote(match["path"])) if match else None


def _place_of_url(remote: str) -> tuple[str, str, str] | None:
    try:
        parts = urlsplit(remote)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if ":" in host:
        host = f"[{host}]"
    path = quote(unquote(parts.path))
    if parts.scheme in _WEB_SCHEMES:
        return _joined(parts.scheme, host, f":{port}" if port else "", path)
    # The port of ssh says nothing about the pages.
    return _joined("https", host, "", path) if parts.scheme in _OTHER_SCHEMES else None


def _joined(scheme: str, host: str, port: str, path: str) -> tuple[str, str, str] | None:
    repository = path.strip("/").removesuffix(".git").rstrip("/")
    host = host.lower()
    if not re.fullmatch(_HOST, host) or not repository:
        return None
    return f"{scheme}://{host}{port}", host, repository
