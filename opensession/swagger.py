"""The files of Swagger UI that a page needs, of all those that its package brings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import drf_spectacular_sidecar
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

_FOLDER = Path(drf_spectacular_sidecar.__file__).parent / "static/drf_spectacular_sidecar/swagger-ui-dist"
_PREFIX = "swagger-ui"
# The style sheet names its map, and whoever hashes names of files wants to see it.
_NEEDED = ("swagger-ui-bundle.js", "swagger-ui.css", "swagger-ui.css.map")


class SwaggerFinder(BaseFinder):
    """Finds them below `swagger-ui/`."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._storage = FileSystemStorage(_FOLDER)
        self._storage.prefix = _PREFIX  # type: ignore[attr-defined]  # Django's own finders say so in the same way.
        super().__init__(*arguments, **options)

    def check(self, **options: Any) -> list[Any]:
        return []

    def list(self, ignore_patterns: Any) -> Iterator[tuple[str, FileSystemStorage]]:
        return ((name, self._storage) for name in _NEEDED)

    def find(self, path: str, find_all: bool = False, **options: Any) -> Any:
        prefix, _, name = path.partition("/")
        found = [str(_FOLDER / name)] if prefix == _PREFIX and name in _NEEDED else []
        return found if find_all else "".join(found)
