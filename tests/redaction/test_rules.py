from __future__ import annotations

import json

import pytest

from opensession.redaction.engine import Redactor
from opensession.redaction.rules import KEYS as RULES_OF_KEYS
from tests.redaction import samples
from tests.redaction.samples import HOMES, IN_CONTEXT, KEYS, PEM, PEM_BODY

REDACTOR = Redactor()

AROUND = (
    "{}",
    "the key is {}, keep it",
    'call("{}")',
    "KEY={}\n",
    r"first\n{}\nlast",
    "\x1b[1;32m{}\x1b[0m",
    "https://example.org/?q=%20{}&x",
    "({})",
    "- {}\n+ {}",
)


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize(("rule", "key"), KEYS)
def test_it_names_the_maker_of_a_key(rule: str, key: str, around: str) -> None:
    text, report = REDACTOR.text(around.replace("{}", key))
    assert key not in text
    assert text == around.replace("{}", f"[REDACTED:{rule}]")
    assert dict(report.counts) == {rule: around.count("{}")}


def test_it_has_a_sample_of_every_key() -> None:
    assert {rule.name for rule in RULES_OF_KEYS} == {name for name, _ in KEYS}


@pytest.mark.parametrize(("rule", "text", "secret"), IN_CONTEXT)
def test_it_finds_what_only_its_place_makes_a_secret(rule: str, text: str, secret: str) -> None:
    redacted, report = REDACTOR.text(text)
    assert secret not in redacted
    assert dict(report.counts) == {rule: 1}


@pytest.mark.parametrize(("rule", "text", "secret"), IN_CONTEXT)
def test_it_leaves_the_text_around_a_secret(rule: str, text: str, secret: str) -> None:
    redacted, _ = REDACTOR.text(text)
    if rule != "cookie":
        assert redacted.replace(f"[REDACTED:{rule}]", secret) == text


@pytest.mark.parametrize(("text", "expected"), HOMES)
def test_it_shortens_home_folders(text: str, expected: str) -> None:
    redacted, report = REDACTOR.text(text)
    assert redacted == expected
    assert set(report.counts) == {"home"}


@pytest.mark.parametrize("escape", [0, 1, 2])
def test_it_takes_private_keys_out_also_of_json(escape: int) -> None:
    text = PEM
    for _ in range(escape):
        text = json.dumps(text)[1:-1]
    redacted, report = REDACTOR.text(f"cat key.pem: {text} done")
    assert redacted.startswith(f"cat key.pem: -----BEGIN RSA {'PRIVATE'} KEY-----[REDACTED:private-key]-----END RSA")
    assert dict(report.counts) == {"private-key": 1}


@pytest.mark.parametrize("mark", ["", "+", "-", "> ", "   12→", "  12: ", "    "])
def test_it_takes_out_half_of_a_private_key(mark: str) -> None:
    text = "\n".join(mark + line for line in PEM.splitlines()[:4])
    redacted, report = REDACTOR.text(text)
    assert not any(line in redacted for line in PEM_BODY.splitlines())
    assert dict(report.counts) == {"private-key": 1}


def test_it_takes_out_a_private_key_in_a_diff() -> None:
    redacted, _ = REDACTOR.text("\n".join("-" + line for line in PEM.splitlines()) + "\n+nothing")
    assert not any(line in redacted for line in PEM_BODY.splitlines())
    assert redacted.endswith("\n+nothing")


def test_it_finds_two_secrets_side_by_side() -> None:
    one, two = KEYS[5][1], KEYS[0][1]
    assert REDACTOR.text(f"{one} {two},{one}\\n{two}")[0] == (
        "[REDACTED:github-token] [REDACTED:anthropic-key],[REDACTED:github-token]\\n[REDACTED:anthropic-key]"
    )


def test_it_lets_the_maker_speak_before_the_assignment() -> None:
    assert REDACTOR.text(f"GITHUB_TOKEN={samples.KEYS[5][1]}")[0] == "GITHUB_TOKEN=[REDACTED:github-token]"
