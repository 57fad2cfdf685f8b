"""What a command checks: tests, lint or build. Recognised by the program that it runs, in any part of a shell line."""

from __future__ import annotations

import re
from functools import lru_cache

TEST = "test"
LINT = "lint"
BUILD = "build"

# What stands before the program itself: assignments, and programs that only start another one. Each is taken in one way
# only: `python -m` could be one starter or two, and a line of them would take for ever.
_STARTERS = (
    r"(?:(?>(?:[A-Za-z_]\w*=\S*|sudo|time|env|nohup|exec|command|xvfb-run|-\S+|timeout \S+|nice|npx|bunx|uvx|pipx run"
    r"|(?:uv|poetry|pdm|hatch|pipenv|rye|pixi|conda) run|bundle exec|pnpm (?:exec|dlx)|yarn (?:exec|dlx)|npm exec"
    r"|docker(?:-compose| compose)? exec \S+|(?:\S*/)?python[\d.]* -m|(?:\S*/)?python[\d.]*|(?:ba|z)?sh) +))*"
)
_FOLDER = r"(?:\S*/)?"
_SCRIPT = r"(?:npm|pnpm|yarn|bun)(?: run(?:-script)?)?(?: -\S+)* "
_END = r"(?![\w.-])"

_PROGRAMS = {
    TEST: (
        r"(?:pytest|py\.test|tox|nox|unittest|nose2|jest|vitest|mocha|ava|karma|rspec|cucumber|behat|phpunit|pest|ctest"
        r"|gotestsum|bats|busted|trial|stestr|cypress run|playwright test|robot)"
        r"|cargo(?: \+\S+)? (?:test|nextest)|go test|node --test|(?:mix|sbt|dotnet|swift|flutter|dart|deno|bazel"
        r"|bazelisk|stack|cabal|lein|crystal|gleam|forge|anchor|meson|buck2?|zig build|rails|rake|invoke|hatch"
        r"|django-admin|manage\.py) (?:\S+ )?test"
        r"|mvnw? (?:\S+ )*(?:test|verify)|gradlew? (?:\S+ )*\S*(?:test|check)|xcodebuild (?:\S+ )*test"
        r"|(?:make|just|task) (?:\S+ )*(?:test|tests|check|unittest|e2e)(?:[-:]\S+)?"
        rf"|{_SCRIPT}(?:t|test|tests|e2e|spec)(?::\S+)?"
    ),
    LINT: (
        r"(?:ruff|flake8|pylint|mypy|pyright|basedpyright|ty|bandit|eslint|biome|oxlint|stylelint|tslint|golangci-lint"
        r"|staticcheck|shellcheck|hadolint|rubocop|standardrb|phpstan|psalm|phpcs|ktlint|detekt|swiftlint|checkstyle"
        r"|clang-tidy|cppcheck|actionlint|yamllint|markdownlint|credo|dialyzer|vulture|pyflakes)"
        r"|(?:black|isort|prettier|rustfmt|yapf|autopep8|clang-format) (?:\S+ )*-(?:-check|-diff|l|c)"
        r"|go vet|gofmt -l|cargo(?: \+\S+)? clippy|cargo(?: \+\S+)? fmt (?:\S+ )*--check|tsc (?:\S+ )*--noEmit"
        r"|pre-commit run|(?:make|just|task) (?:\S+ )*(?:lint|typecheck|fmt-check|format-check)"
        r"|mix (?:credo|format --check-formatted)|terraform validate"
        rf"|{_SCRIPT}(?:lint|typecheck|type-check|check|format:check|check-types)(?::\S+)?"
    ),
    BUILD: (
        r"cargo(?: \+\S+)? (?:build|check)|go build|(?:dotnet|swift|zig|bazel|bazelisk|stack|cabal|flutter|docker"
        r"|docker-compose|docker compose|vite|next|nuxt|astro|gatsby|ng|parcel|hugo) build"
        r"|mvnw? (?:\S+ )*(?:package|install|compile)|gradlew? (?:\S+ )*\S*(?:build|assemble)|xcodebuild|mix compile"
        r"|cmake --build|ninja|meson compile|webpack|rollup|esbuild|tsc|gcc|g\+\+|clang|clang\+\+|javac|rustc|build"
        r"|(?:make|just|task)(?: (?:all|build|compile))?(?= *$)"
        rf"|{_SCRIPT}(?:build|compile)(?::\S+)?"
    ),
}
_KINDS = {
    kind: re.compile(rf"(?:cd \S+ +)?{_STARTERS}['\"]?{_FOLDER}(?:{programs}){_END}")
    for kind, programs in _PROGRAMS.items()
}
# Words in quotes that only look like parts: `rg "pytest|ruff"`. A shell runs what it is given behind `-c`.
_QUOTED = re.compile(r"""(?<!c )(?:"[^"]*[;|&()\n][^"]*"|'[^']*[;|&()\n][^']*')""")
_PARTS = re.compile(r"&&|\|\||[;|&\n]|\$\(|[()]")
_LONGEST = 500


@lru_cache(maxsize=4096)
def kind_of(command: str) -> str | None:
    """Return `test`, `lint` or `build`, the first of them that a part of the shell line runs; else None."""
    parts = [part.strip() for part in _PARTS.split(_QUOTED.sub("''", command[:_LONGEST]))]
    return next((kind for kind, pattern in _KINDS.items() if any(map(pattern.match, parts))), None)
