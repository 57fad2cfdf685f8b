"""The user's configuration file, `opensession.toml`. Keys that are not known here are left to others."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated

import msgspec
from django.core.exceptions import ImproperlyConfigured
from msgspec import Meta, Struct

Words = Annotated[str, Meta(min_length=1)]


class Watchers(Struct, frozen=True):
    """`[watchers]`: further homes, or folders of homes, whose sessions are indexed too."""

    custom_paths: tuple[Words, ...] = ()


class SourceFolder(Struct, frozen=True):
    """`[[sources]]`: a folder that holds the logs of one tool."""

    tool: Words
    path: Words


class OwnParser(Struct, frozen=True):
    """`[[parsers]]`: a command that reads the logs that `glob` names; see `docs/adding-a-parser.md`."""

    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    command: Annotated[tuple[Words, ...], Meta(min_length=1)] | Words
    glob: Annotated[str, Meta(pattern=r"^(~/|/).")]
    seconds: Annotated[float, Meta(gt=0, le=3600)] = 60.0


class Server(Struct, frozen=True):
    """`[server]`: where sessions are uploaded to, and the key for it."""

    url: str = ""
    api_key: str = ""


class Config(Struct, frozen=True):
    """What the file says, defaults where it says nothing."""

    watchers: Watchers = Watchers()
    sources: tuple[SourceFolder, ...] = ()
    parsers: tuple[OwnParser, ...] = ()
    server: Server = Server()


def load(file: Path) -> Config:
    """Return the configuration. Raises ImproperlyConfigured, which names the file and the key."""
    try:
        told = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Config()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ImproperlyConfigured(f"{file} cannot be read: {error}") from error
    try:
        return msgspec.convert(told, Config)
    except msgspec.ValidationError as error:
        raise ImproperlyConfigured(f"{file} is not right: {error}") from error
