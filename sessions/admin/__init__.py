"""The admin site: `index` holds sessions and what they were read from, `publishing` what a server adds."""

from __future__ import annotations

from sessions.admin import index, publishing

__all__ = ["index", "publishing"]
