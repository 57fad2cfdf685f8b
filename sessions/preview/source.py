"""What a preview is asked of, in its one normal form, and where that lies."""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from msgspec import Struct

from sessions.preview import hosts
from sessions.preview.errors import MAX_BYTES, FileTooLarge, InvalidSource


class Git(Struct, frozen=True, tag_field="kind", tag="git"):
    """A file in a repository that is on the web somewhere."""

    remote: str
    ref: str
    path: str


class GitHub(Struct, frozen=True, tag_field="kind", tag="github"):
    owner: str
    repo: str
    ref: str
    path: str


class Inline(Struct, frozen=True, tag_field="kind", tag="inline"):
    """A file that comes with the request."""

    filename: str
    content_base64: str


Source = Git | GitHub | Inline

MAX_NAME = 255
"""Bytes of a file's name."""

_MAX_BASE64 = (MAX_BYTES + 2) // 3 * 4
_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")
_REF = re.compile(r"[A-Za-z0-9._/-]{1,255}")
_REMOTE = re.compile(r"(?P<scheme>https?)://(?P<authority>[^/@]+)(?P<path>/[^?#]*)", re.IGNORECASE)
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\\%]")


@dataclass(frozen=True, slots=True)
class Location:
    """The address of a file. `host` is a name, or an IP address as addresses on the web write it."""

    scheme: str
    host: str
    port: int | None
    path: str

    @property
    def origin(self) -> str:
        is_default = self.port in (None, {"http": 80, "https": 443}[self.scheme])
        return f"{self.scheme}://{self.host}" + ("" if is_default else f":{self.port}")

    def __str__(self) -> str:
        return self.origin + self.path


def normalised(source: Source) -> Source:
    """Return the source as the answer repeats it. Raises InvalidSource."""
    match source:
        case Git():
            repository = _repository(_decoded(source.remote, "remote"))
            return Git(str(repository), _ref(source.ref), _path(source.path))
        case GitHub():
            return GitHub(
                _name(source.owner, "owner"), _name(source.repo, "repo"), _ref(source.ref), _path(source.path)
            )
        case Inline():
            return Inline(_filename(source.filename), source.content_base64.strip())


def location(source: Git | GitHub) -> Location:
    """Return where the file of a normalised source is served as it is. Raises InvalidSource."""
    if isinstance(source, GitHub):
        return _on_github(quote(source.owner), quote(source.repo), source.ref, source.path)
    repository = _repository(_decoded(source.remote, "remote"))
    segments = _segments(repository)
    if repository.host == "github.com":
        if len(segments) != 2:
            raise InvalidSource("A repository on github.com is `https://github.com/OWNER/REPO`.")
        owner, repo = segments
        return _on_github(owner, repo, source.ref, source.path)
    raw = "/-/raw" if "gitlab" in repository.host else "/raw"
    path = f"/{'/'.join(segments)}{raw}/{quote(source.ref)}/{quote(source.path)}"
    return Location(repository.scheme, repository.host, repository.port, path)


def content(source: Inline) -> bytes:
    """Return the bytes of the file. Raises InvalidSource or FileTooLarge."""
    if not source.content_base64:
        raise InvalidSource("content_base64 is empty.")
    if len(source.content_base64) > _MAX_BASE64:
        raise FileTooLarge
    try:
        data = binascii.a2b_base64(source.content_base64, strict_mode=True)
    except ValueError:
        raise InvalidSource("content_base64 is no base64 with padding.") from None
    if len(data) > MAX_BYTES:
        raise FileTooLarge
    return data


def filename(source: Source) -> str:
    """Return the last part of the name that a normalised source gives its file."""
    return source.filename if isinstance(source, Inline) else source.path.rpartition("/")[2]


def _on_github(owner: str, repo: str, ref: str, path: str) -> Location:
    return Location("https", "raw.githubusercontent.com", None, f"/{owner}/{repo}/{quote(ref)}/{quote(path)}")


def _decoded(text: str, field: str) -> str:
    try:
        return unquote_to_bytes(text).decode().strip()
    except UnicodeError:
        raise InvalidSource(f"{field} is not UTF-8 when its percent signs are decoded.") from None


def _name(text: str, field: str) -> str:
    name = _decoded(text, field)
    if not _NAME.fullmatch(name) or name in (".", ".."):
        raise InvalidSource(f"{field} must be 1 to 100 of the characters A-Z a-z 0-9 . _ -")
    return name


def _ref(text: str) -> str:
    ref = _decoded(text, "ref")
    if not _REF.fullmatch(ref) or ".." in ref or "//" in ref or ref.startswith("/") or ref.endswith("/"):
        raise InvalidSource("ref must be the name of a branch, a tag or a commit.")
    return ref


def _path(text: str) -> str:
    path = _decoded(text, "path")
    if "\\" in path or any(segment in ("", ".", "..") for segment in path.split("/")):
        raise InvalidSource("path must lead from the root of the repository to a file, without `.` and `..` in it.")
    return path


def _filename(text: str) -> str:
    name = _decoded(text, "filename").replace("\\", "/").rpartition("/")[2].strip()
    if name in ("", ".", "..") or len(name.encode()) > MAX_NAME:
        raise InvalidSource(f"filename must be the name of a file, of at most {MAX_NAME} bytes.")
    return name


def _repository(remote: str) -> Location:
    """Return where a repository is on the web, its path encoded. Raises InvalidSource."""
    found = _REMOTE.fullmatch(remote)
    if found is None:
        raise InvalidSource("remote must be `https://HOST/OWNER/REPO`, without a user, a query or a fragment.")
    host, port = hosts.split(found["authority"])
    path = found["path"].rstrip("/")
    if _UNSAFE.search(path):
        raise InvalidSource("remote has characters in its path that no repository has.")
    place = Location(found["scheme"].lower(), host, port, quote(path))
    _segments(place)
    return place


def _segments(repository: Location) -> list[str]:
    """Return the names, still encoded, that lead to a repository."""
    segments = repository.path.removesuffix(".git").split("/")[1:]
    if len(segments) < 2 or any(segment in ("", ".", "..") for segment in segments):
        raise InvalidSource("remote must name a repository and whose it is.")
    return segments
