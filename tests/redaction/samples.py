"""Made-up keys, put together when they are needed: a scanner of this repository should find none in its files."""

from __future__ import annotations

import base64
import hashlib

DIGITS = "7f3a9c1e5b2d8046"
LETTERS = "aB3dE5gH7jK9mN2pQ4rS6tU8vW1xY0zC"


def letters(count: int) -> str:
    return (LETTERS * (count // len(LETTERS) + 1))[:count]


def hexadecimal(count: int) -> str:
    return (DIGITS * (count // len(DIGITS) + 1))[:count]


def _encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


JWT = ".".join((_encoded('{"alg":"HS256"}'), _encoded('{"sub":"1234567890"}'), letters(43)))
PEM_BODY = "\n".join(base64.b64encode(hashlib.sha512(bytes([row])).digest()[:48]).decode() for row in range(4))
PEM = f"-----BEGIN RSA {'PRIVATE'} KEY-----\n{PEM_BODY}\n-----END RSA {'PRIVATE'} KEY-----"

KEYS: tuple[tuple[str, str], ...] = (
    ("anthropic-key", "sk-" + "ant-api03-" + letters(40)),
    ("openai-key", "sk-" + "proj-" + letters(40)),
    ("api-key", "sk-" + letters(48)),
    ("api-key", "sk-" + "or-v1-" + hexadecimal(64)),
    ("opensession-key", "osk" + "_" + hexadecimal(32)),
    *(("github-token", f"gh{kind}_" + letters(36)) for kind in "pousr"),
    ("github-token", "github" + "_pat_" + letters(22) + "_" + letters(40)),
    ("gitlab-token", "glpat" + "-" + letters(20)),
    ("aws-access-key", "AKIA" + "Q7" + "ABCD2345EFGH67"),
    ("google-key", "AIza" + letters(35)),
    ("google-token", "ya29" + "." + letters(40)),
    ("google-client-secret", "GOCSPX" + "-" + letters(28)),
    ("slack-token", "xoxb" + "-123456789012-" + letters(24)),
    ("slack-token", "xoxp" + "-" + letters(24)),
    ("slack-webhook", "hooks.slack.com" + "/services/T0AAAAAAA/B0AAAAAAA/" + letters(24)),
    ("discord-webhook", "discord.com" + "/api/webhooks/123456789012/" + letters(40)),
    ("stripe-key", "sk" + "_live_" + letters(24)),
    ("stripe-key", "rk" + "_live_" + letters(24)),
    ("npm-token", "npm" + "_" + letters(36)),
    ("pypi-token", "pypi" + "-AgEIcHlwaS5vcmc" + letters(60)),
    ("huggingface-token", "hf" + "_" + letters(34)),
    ("sendgrid-key", "SG" + "." + letters(22) + "." + letters(43)),
    ("twilio-key", "SK" + hexadecimal(32)),
    ("telegram-token", "123456789" + ":AA" + letters(33)),
    ("digitalocean-token", "dop" + "_v1_" + hexadecimal(64)),
    ("groq-key", "gsk" + "_" + letters(52)),
    ("xai-key", "xai" + "-" + letters(80)),
    ("perplexity-key", "pplx" + "-" + letters(48)),
    ("replicate-token", "r8" + "_" + letters(37)),
    ("linear-key", "lin" + "_api_" + letters(40)),
    ("notion-token", "ntn" + "_" + letters(46)),
    ("supabase-token", "sbp" + "_" + hexadecimal(40)),
    ("vault-token", "hvs" + "." + letters(90)),
    ("databricks-token", "dapi" + hexadecimal(32)),
    ("shopify-token", "shpat" + "_" + hexadecimal(32)),
    ("tailscale-key", "tskey" + "-auth-" + letters(40)),
    ("age-key", "AGE-SECRET-" + "KEY-1" + "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L" * 2),
    ("jwt", JWT),
)

AWS_SECRET = "/" + letters(38) + "+"
AZURE_KEY = letters(86) + "=="
PASSWORD = "hunter" + "2"
OPAQUE = letters(24)

# Rule, text, the secret in it.
IN_CONTEXT: tuple[tuple[str, str, str], ...] = (
    ("aws-secret-key", f"aws_secret_access_key = {AWS_SECRET}", AWS_SECRET),
    ("aws-secret-key", f'"SecretAccessKey": "{AWS_SECRET}",', AWS_SECRET),
    ("azure-key", f"AccountName=shop;AccountKey={AZURE_KEY};EndpointSuffix=x", AZURE_KEY),
    ("authorization", f"Authorization: Bearer {OPAQUE}", OPAQUE),
    ("authorization", f"curl -H 'Authorization: Basic {OPAQUE}='", f"{OPAQUE}="),
    ("authorization", f'{{"Authorization": "token {OPAQUE}"}}', OPAQUE),
    ("authorization", "auth: Bearer xyz", "xyz"),
    ("authorization", f"and then Bearer {OPAQUE} was sent", OPAQUE),
    ("cookie", f"Cookie: theme=dark; sessionid={OPAQUE}; a=b", OPAQUE),
    ("cookie", f"< set-cookie: sid={OPAQUE}; Path=/; HttpOnly", OPAQUE),
    ("cookie", f'"cookie": "sid={OPAQUE}"', OPAQUE),
    ("url-password", f"postgres://shop:{PASSWORD}@db.example.org:5432/shop", PASSWORD),
    ("url-password", f"redis://:{PASSWORD}@cache", PASSWORD),
    ("url-password", f"git clone https://me:{OPAQUE}@example.org/x.git", OPAQUE),
    ("url-password", f"curl -sS -u me:{PASSWORD} https://example.org", PASSWORD),
    ("credential", "API_KEY=sk-1", "sk-1"),
    ("credential", "export GITHUB_TOKEN=abc && run", "abc"),
    ("credential", f"DB_PASSWORD={PASSWORD}", PASSWORD),
    ("credential", f"PGPASSWORD={PASSWORD} psql", PASSWORD),
    ("credential", f'SECRET_KEY = "{OPAQUE}"', OPAQUE),
    ("credential", f'"password": "{PASSWORD}"', PASSWORD),
    ("credential", f'{{\\"password\\": \\"{PASSWORD}\\"}}', PASSWORD),
    ("credential", f'{{\\\\\\"apiKey\\\\\\":\\\\\\"{OPAQUE}\\\\\\"}}', OPAQUE),
    ("credential", f"password: '{PASSWORD}'", PASSWORD),
    ("credential", "password = 'it\"s;a,secret!'", 'it"s;a,secret!'),
    ("credential", f'const authToken: string = "{OPAQUE}";', OPAQUE),
    ("credential", f'config["api_key"] = "{OPAQUE}"', OPAQUE),
    ("credential", f"token => `{OPAQUE}`", OPAQUE),
    ("credential", f"token: {OPAQUE}", OPAQUE),
    ("credential", f"GET /x?access_token={OPAQUE}&page=2", OPAQUE),
    ("credential", f"password: {PASSWORD}", PASSWORD),
    ("credential", f"//registry.example.org/:_authToken={OPAQUE}", OPAQUE),
    ("credential", f"mysql --password={PASSWORD} -e x", PASSWORD),
    ("credential", f"tool --api-key {OPAQUE}", OPAQUE),
    ("credential", f"x-api-key: {OPAQUE}", OPAQUE),
    ("credential", f'if password == "{PASSWORD}":', PASSWORD),
    ("credential", f'"password": "{PASSWORD}', PASSWORD),
    ("credential", f'DB_PASS="{PASSWORD}"', PASSWORD),
    ("credential", f"machine example.org login anna password {PASSWORD}", PASSWORD),
    ("credential", f'token = "/{OPAQUE}"', f"/{OPAQUE}"),
    ("credential", 'api_key: "a1-B2-c3-D4-e5"', "a1-B2-c3-D4-e5"),
    ("credential", f"token: {OPAQUE}==", f"{OPAQUE}=="),
    ("credential", "JWT_SECRET=supersecretkey", "supersecretkey"),
    ("credential", f"Authorization: {OPAQUE}", OPAQUE),
    ("credential", f'os.environ.setdefault("API_KEY", "{OPAQUE}")', OPAQUE),
    ("credential", f"<password>{PASSWORD}</password>", PASSWORD),
    ("credential", f"ENV API_TOKEN {OPAQUE}", OPAQUE),
    ("credential", f"sshpass -p {PASSWORD} ssh box", PASSWORD),
    ("credential", f"PASSWORD_2={PASSWORD}", PASSWORD),
)

# Text, and what becomes of it.
HOMES: tuple[tuple[str, str], ...] = (
    ("/home/anna", "~"),
    ("/home/anna/shop/fees.py:12", "~/shop/fees.py:12"),
    ("/Users/anna.b/x", "~/x"),
    ("I looked into /home/anna.", "I looked into ~."),
    ('cat "/Users/john" (/home/al)', 'cat "~" (~)'),
    ("PATH=/home/al/bin:/home/al/.local/bin", "PATH=~/bin:~/.local/bin"),
    (r"C:\Users\Bob Smith\x", r"~\x"),
    (r"c:\users\bob\x", r"~\x"),
    (r'{"cwd": "C:\\Users\\bob\\x"}', r'{"cwd": "~\\x"}'),
    (r'"{\"cwd\": \"C:\\\\Users\\\\bob\"}"', r'"{\"cwd\": \"~\"}"'),
    ("C:/Users/bob/x", "~/x"),
    ("file:///c%3A/Users/bob/x", "file:///~/x"),
    ("file:///home/bob/x", "file://~/x"),
    ("vscode-remote://ssh-remote+box/home/bob/x", "vscode-remote://ssh-remote+box~/x"),
    (r"\/home\/bob\/x", r"~\/x"),
    (r"one\n/home/bob\ntwo", r"one\n~\ntwo"),
    ("\x1b[32m/home/bob\x1b[0m", "\x1b[32m~\x1b[0m"),
    ("/mnt/c/Users/bob/x", "~/x"),
    ("/mnt/home/bob/x", "~/x"),
    ("/var/home/bob/x", "~/x"),
    ("gcc -I/home/bob/include", "gcc -I~/include"),
    ("-/home/bob/x\n+/home/eva/x", "-~/x\n+~/x"),
    ("host:/home/bob/x", "host:~/x"),
    (r"\\wsl$\Ubuntu\home\bob\x", r"~\x"),
    ("~/.claude/projects/-Users-bob-code-shop/1.jsonl", "~/.claude/projects/~-code-shop/1.jsonl"),
    ("/home/анна/x", "~/x"),
    ("/Users/josé/x", "~/x"),
    ("/Users/wwl。然后", "~。然后"),
    ("/home/太郎/x", "~/x"),
)
