from __future__ import annotations

import base64
from ipaddress import ip_address

import pytest

from sessions.preview.errors import MAX_BYTES, FileTooLarge, InvalidSource
from sessions.preview.hosts import is_public
from sessions.preview.source import Git, GitHub, Inline, Source, content, filename, location, normalised

HUB = "https://github.com/o/r"


def git(remote: str = HUB, ref: str = "main", path: str = "a/s.jsonl") -> Git:
    return Git(remote, ref, path)


def hub(owner: str = "o", repo: str = "r", ref: str = "main", path: str = "a/s.jsonl") -> GitHub:
    return GitHub(owner, repo, ref, path)


def inline(filename: str = "s.jsonl", data: bytes = b"hello") -> Inline:
    return Inline(filename, base64.b64encode(data).decode())


@pytest.mark.parametrize(
    ("source", "url"),
    [
        (hub(), "https://raw.githubusercontent.com/o/r/main/a/s.jsonl"),
        (git(), "https://raw.githubusercontent.com/o/r/main/a/s.jsonl"),
        (git("http://GitHub.com/o/r.git/"), "https://raw.githubusercontent.com/o/r/main/a/s.jsonl"),
        (git("https://gitlab.com/g/sub/p"), "https://gitlab.com/g/sub/p/-/raw/main/a/s.jsonl"),
        (git("http://my.gitlab.example.com:8443/g/p"), "http://my.gitlab.example.com:8443/g/p/-/raw/main/a/s.jsonl"),
        (git("https://codeberg.org:443/o/r"), "https://codeberg.org/o/r/raw/main/a/s.jsonl"),
        (git("https://code.example.com/o/my%20r"), "https://code.example.com/o/my%20r/raw/main/a/s.jsonl"),
        (git("https://[2606:4700::1111]/o/r"), "https://[2606:4700::1111]/o/r/raw/main/a/s.jsonl"),
        (git("https://8.8.8.8/o/r"), "https://8.8.8.8/o/r/raw/main/a/s.jsonl"),
        (hub(ref="feature/x", path="a%20b/s.jsonl"), "https://raw.githubusercontent.com/o/r/feature/x/a%20b/s.jsonl"),
        (hub(path="a+b?c#d.jsonl"), "https://raw.githubusercontent.com/o/r/main/a%2Bb%3Fc%23d.jsonl"),
        (hub(path="%C3%BC/ü.jsonl"), "https://raw.githubusercontent.com/o/r/main/%C3%BC/%C3%BC.jsonl"),
    ],
)
def test_it_knows_where_the_file_is_served(source: Git | GitHub, url: str) -> None:
    found = normalised(source)
    assert isinstance(found, Git | GitHub)
    assert str(location(found)) == url


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (git(" https://github.com/o/r.git/ ", " main ", " a/s.jsonl "), git("https://github.com/o/r.git")),
        (git("https%3A%2F%2Fgithub.com%2Fo%2Fr"), git()),
        (hub(" o ", "r%2D1", path="a%20b"), hub("o", "r-1", path="a b")),
        (inline("C:\\logs\\a%20b.jsonl"), inline("a b.jsonl")),
        (inline("..%2F..%2Fpasswd"), inline("passwd")),
        (Inline("a.jsonl", " aGk= \n"), Inline("a.jsonl", "aGk=")),
    ],
)
def test_it_decodes_once_and_trims(source: Source, found: Source) -> None:
    assert normalised(source) == found


@pytest.mark.parametrize(
    "source",
    [
        *(hub(owner=name) for name in ("", "a b", "o/x", "a" * 101, "..", "ö", "%FF")),
        *(hub(repo=name) for name in ("", "r%2Fx", ".")),
        *(hub(ref=ref) for ref in ("", "a..b", "a~1", "a^", "a:b", "a\\b", "a//b", "/a", "a/", "a b", "a" * 256)),
        *(
            hub(path=path)
            for path in ("", " ", "/a", "a/", "a//b", "../a", "a/../b", "a/./b", "a\\b", "%2e%2e/a", "%ff")
        ),
        *(inline(name) for name in ("", " ", "..", "a/..", "a/", "ü" * 128)),
    ],
)
def test_it_refuses_what_names_no_file(source: Source) -> None:
    with pytest.raises(InvalidSource):
        normalised(source)


@pytest.mark.parametrize(
    "remote",
    [
        "",
        "github.com/o/r",
        "ftp://github.com/o/r",
        "file:///etc/passwd",
        "https:///o/r",
        "https://user@github.com/o/r",
        "https://user:word@github.com/o/r",
        "https://@github.com/o/r",
        "https://github.com%40127.0.0.1/o/r",
        "https://github.com/o/r?x=1",
        "https://github.com/o/r#x",
        "https://github.com/o/r%3Fx",
        "https://github.com",
        "https://github.com/",
        "https://github.com/o",
        "https://github.com/o/.git",
        "https://gitlab.com/o//r",
        "https://gitlab.com/o/../r",
        "https://gitlab.com/o/%252e%252e/r",
        "https://gitlab.com/o\\r/x",
        "https://gitlab.com/o/r\nx",
        "https://git\tlab.com/o/r",
        "https://gitlab.com:0/o/r",
        "https://gitlab.com:99999/o/r",
        "https://gitlab.com:/o/r",
        "https://gitlab.com:22x/o/r",
    ],
)
def test_it_refuses_what_is_no_repository(remote: str) -> None:
    with pytest.raises(InvalidSource):
        normalised(git(remote))


def test_it_takes_only_owner_and_repository_on_github() -> None:
    with pytest.raises(InvalidSource, match="OWNER/REPO"):
        location(git("https://github.com/o/r/x"))


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST",
        "localhost.",
        "x.localhost",
        "example.com.",
        "127.0.0.1",
        "127.1",
        "127.0.0.1.",
        "0177.0.0.1",
        "0x7f.0.0.1",
        "0x7f000001",
        "0x",
        "2130706433",
        "017700000001",
        "example.0x7f",
        "8.8.8.8.8",
        "8.8.8.08",
        "256.1.1.1",
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.2.1",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:8.8.8.8]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::7f00:1]",
        "[2001::7f00:1]",
        "[2002:7f00:1::]",
        "[2001:db8::1]",
        "[3fff::1]",
        "[fc00::1]",
        "[fe80::1]",
        "[fe80::1%25eth0]",
        "[2606:4700::1111%25eth0]",
        "[fec0::1]",
        "[ff02::1]",
        "[::1",
        "::1",
        "[localhost]",
        "１２７.0.0.1",
        "exämple.com",
        "example..com",
        ".example.com",
        "example。com",
    ],
)
def test_it_refuses_a_host_that_is_not_on_the_internet(host: str) -> None:
    with pytest.raises(InvalidSource):
        normalised(git(f"http://{host}/o/r"))


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00::1"])
def test_it_knows_public_addresses(address: str) -> None:
    assert is_public(ip_address(address))


def test_it_takes_the_content_that_comes_along() -> None:
    assert content(inline(data=b"x" * MAX_BYTES)) == b"x" * MAX_BYTES


@pytest.mark.parametrize("size", [MAX_BYTES + 1, MAX_BYTES + 4])
def test_it_refuses_content_that_is_too_large(size: int) -> None:
    with pytest.raises(FileTooLarge):
        content(inline(data=b"x" * size))


@pytest.mark.parametrize("text", ["", "aGk", "aGk=\n", "aG k=", "a-_=", "aGk==", "hé=="])
def test_it_refuses_content_that_is_no_base64(text: str) -> None:
    with pytest.raises(InvalidSource):
        content(Inline("a", text))


@pytest.mark.parametrize(("source", "name"), [(hub(), "s.jsonl"), (git(path="x"), "x"), (inline("y.json"), "y.json")])
def test_it_knows_the_name_of_the_file(source: Source, name: str) -> None:
    assert filename(source) == name
