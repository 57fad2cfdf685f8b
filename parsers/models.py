"""Who makes a model, told by its name (`spec/parsers.md` R1)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

PROVIDERS: Mapping[str, str] = {
    "claude": "anthropic",
    "gpt": "openai",
    "codex": "openai",
    "gemini": "google",
    "grok": "xai",
    "kimi": "moonshot",
    "qwen": "alibaba",
    "mistral": "mistral",
    "devstral": "mistral",
    "deepseek": "deepseek",
    "llama": "meta",
}
_SERIES = ("o1", "o3", "o4")


@lru_cache(maxsize=256)
def provider_of(model: str) -> str:
    """Return the maker of a model, `unknown` when its name does not tell."""
    name = model.lower()
    if name.rpartition("/")[2].startswith(_SERIES):
        return "openai"
    return next((maker for word, maker in PROVIDERS.items() if word in name), "unknown")
