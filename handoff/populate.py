"""Other agents as writers of `HANDOFF.md`: which command they are called by, and what they are asked."""

from __future__ import annotations

from dataclasses import dataclass

from handoff.errors import HandoffError

TARGET = "HANDOFF.md"
PROVIDERS = {
    "claude": ("claude", "-c"),
    "codex": ("codex", "exec"),
    "opencode": ("opencode", "run"),
    "gemini": ("gemini", "-p"),
    "amp": ("amp", "-x"),
}
PROMPT = (
    f"Fill in {TARGET} in this folder from the handoff that stands as JSON on stdin, for whoever goes on with the"
    " work. Where a key ends in `_undefined_reason` or `_missing_reason`, or `undefined_fields` lists it, find out what"
    " is missing and complete it. Leave every point that stays open visible as such. Every claim has its evidence in"
    " the JSON: state nothing that it does not support. If you cannot write files, answer with its text alone."
)


@dataclass(frozen=True, slots=True)
class Populate:
    """A provider, and the model it is asked to use if it can."""

    provider: str
    model: str = ""

    @property
    def program(self) -> str:
        return PROVIDERS[self.provider][0]

    def command(self) -> list[str]:
        """Return the command line; the model is only a wish in the prompt, as not every program has a flag for it."""
        wish = f"Model preference: `{self.model}`, if this CLI supports it. " if self.model else ""
        return [*PROVIDERS[self.provider], wish + PROMPT]


def parse(value: str) -> Populate:
    """Read `provider[:model]`. Raises HandoffError."""
    name, _, model = value.strip().partition(":")
    provider = name.strip().lower()
    if provider not in PROVIDERS:
        raise HandoffError(f"--populate {value}: name one of {', '.join(PROVIDERS)}, with :MODEL behind it if you like")
    return Populate(provider, model.strip())
