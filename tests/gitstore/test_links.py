"""Where a forge shows what lies on the sessions branch."""

from __future__ import annotations

import subprocess
import sys

import pytest

from opensession.gitstore.links import raw_url
from tests.base import REPOSITORY

PATH = "v1/ab/abcdef.hail.jsonl"
GITHUB = f"https://raw.githubusercontent.com/ann/shop/opensession/sessions/{PATH}"
GITLAB = f"https://gitlab.com/team/sub/shop/-/raw/opensession/sessions/{PATH}"


@pytest.mark.parametrize(
    "remote",
    [
        "git@github.com:ann/shop.git",
        "git@github.com:/ann/shop.git/",
        "github.com:ann/shop",
        "https://github.com/ann/shop",
        "https://github.com/ann/shop.git/",
        "https://www.github.com/ann/shop.git",
        "https://GitHub.com:443/ann/shop.git",
        "http://github.com/ann/shop.git",
        "https://ann:secret@github.com/ann/shop.git",
        "https://x-access-token:secret@github.com/ann/shop.git?secret#secret",
        "ssh://git@github.com/ann/shop.git",
        "ssh://git@github.com:22/ann/shop.git",
        "ssh://git@ssh.github.com:443/ann/shop.git",
        "git+ssh://git@github.com/ann/shop.git",
        "git://github.com/ann/shop.git",
        "  https://github.com/ann/shop.git\n",
    ],
)
def test_it_knows_github(remote: str) -> None:
    assert raw_url(remote, PATH) == GITHUB


@pytest.mark.parametrize(
    "remote",
    [
        "git@gitlab.com:team/sub/shop.git",
        "https://oauth2:secret@gitlab.com/team/sub/shop.git",
        "ssh://git@altssh.gitlab.com:443/team/sub/shop.git",
    ],
)
def test_it_knows_gitlab(remote: str) -> None:
    assert raw_url(remote, PATH) == GITLAB


@pytest.mark.parametrize(
    ("remote", "base"),
    [
        ("git@github.com.example.org:ann/shop.git", "https://github.com.example.org/ann/shop"),
        ("https://notgithub.com/ann/shop.git", "https://notgithub.com/ann/shop"),
        ("https://example.org/github.com/shop.git", "https://example.org/github.com/shop"),
        ("https://github.com@example.org/ann/shop", "https://example.org/ann/shop"),
        ("git@github.com@example.org:ann/shop", "https://example.org/ann/shop"),
        ("ssh://git@gitlab.example.org:2222/ann/shop.git", "https://gitlab.example.org/ann/shop"),
        ("https://ann:p%40ss@git.example.org:8443/ann/shop.git", "https://git.example.org:8443/ann/shop"),
        ("http://git.example.org:3000/ann/shop", "http://git.example.org:3000/ann/shop"),
        ("git@code.example.org:~ann/shop.git", "https://code.example.org/~ann/shop"),
        ("ann:secret@code.example.org:shop", "https://code.example.org/shop"),
        ("https://[2001:db8::1]:8443/shop.git", "https://[2001:db8::1]:8443/shop"),
        ("git@[2001:db8::1]:shop.git", "https://[2001:db8::1]/shop"),
        ('git@code.example.org:a"><script>/b c', "https://code.example.org/a%22%3E%3Cscript%3E/b%20c"),
        ("https://code.example.org/a%20b/shop", "https://code.example.org/a%20b/shop"),
    ],
)
def test_it_serves_any_other_host(remote: str, base: str) -> None:
    assert raw_url(remote, PATH) == f"{base}/raw/opensession/sessions/{PATH}"


@pytest.mark.parametrize(
    "remote",
    [
        "",
        "shop",
        "/srv/git/shop.git",
        "../shop.git",
        "./a:b",
        "file:///srv/git/shop.git",
        "C:/git/shop.git",
        "C:\\git\\shop",
        "ext::sh -c evil",
        "https://github.com",
        "https://github.com:port/ann/shop",
        "https://[::1/ann/shop",
        "https:///ann/shop",
        "javascript://github.com/ann/shop",
        "git@exa mple.org:shop",
    ],
)
def test_it_has_no_address_for_what_is_none(remote: str) -> None:
    assert raw_url(remote, PATH) is None


def test_it_quotes_the_path() -> None:
    assert (raw_url("https://github.com/ann/shop", "v1/a#/a#%25.hail.jsonl") or "").endswith(
        "/v1/a%23/a%23%2525.hail.jsonl"
    )


def test_it_needs_no_git() -> None:
    code = "import sys, opensession.gitstore.links; assert 'dulwich' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=True)
