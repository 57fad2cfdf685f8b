"""Ordinary code and prose that speaks of secrets without telling one."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest

from opensession.redaction.engine import Redactor
from tests.base import REPOSITORY
from tests.source import PACKAGES, files

REDACTOR = Redactor()

CODE = r"""
def login(user: str, password: str, token: str | None = None, auth=None) -> Token:
password = input("Password: ")
password = getpass.getpass()
secret_key = os.environ["X"]
SECRET_KEY = env.secret("OPENSESSION_SECRET_KEY")
API_KEY = os.getenv("API_KEY")
api_key=settings.API_KEY, token=self.token, auth=auth
client = Client(token=token, password=password, api_key=api_key, secret=secret)
const token = await getToken(user2);
const { token, apiKey } = useAuth();
let secret: Vec<u8> = vec![];
token: string; apiKey?: string; password: string | undefined;
"max_tokens: 4096"  max_tokens=4096, "max_tokens": 4096, total_tokens: 123456789
"token_count": 12, tokenizer: "gpt2", tokens = tokenize(text)
{"type": "object", "properties": {"password": {"type": "string"}, "token": "string"}}
if not token: raise AuthenticationError("token: missing or invalid")
if token == "": return
if token.kind == TokenKind.STRING:
auth: required
auth=HTTPBasicAuth(user, password)
Authorization: Bearer $TOKEN
Authorization: Bearer ${API_TOKEN}
Authorization: Bearer <token>
headers = {"Authorization": f"Bearer {token}"}
headers: { Authorization: `Bearer ${token}` }
"Authorization: Bearer YOUR_API_KEY"
the Bearer authentication scheme; Basic authentication; bearer tokens expire
export TOKEN=$(cat token.txt) API_KEY="$API_KEY" SECRET=${SECRET:-}
API_KEY=your-api-key-here  OPENAI_API_KEY=<your key>  TOKEN=xxxxxxxx  PASSWORD=changeme
password: {{ vault_password }}  secret: %(secret)s  token=***  PASSWORD=********
password="${PASSWORD}" token="{token}" secret="<secret>" api_key="..."
PWD=/srv/app OLDPWD=/tmp  pwd: ~/shop
"passphrase": "string?"  SERVER_AUTH = '1.3.6.1.5.5.7.3.1'  user_pass = '%s:%s' % (user, password)
api_key = "[REDACTED]"  password: [hidden]
postgres://user:password@host:5432/name
postgres://${USER}:${PASSWORD}@db/x  https://user:<password>@example.org
https://example.org:8080/a@b  http://localhost:3000  ssh://git@github.com:22/x
git@github.com:anna/shop.git  anna@example.org  @scope/package@1.2.3
{{ csrf_token }} {% csrf_token %}  csrfmiddlewaretoken
document.cookie = "theme=dark; path=/"   cookies = request.cookies
import secrets; secrets.token_hex(16)
from app.auth import Token; auth.login(request, user)
oauth=1 unauth:2 author: Anna  authority=example
// TODO token: see issue 42
self.assertEqual(response.json()["token"], token)
token[0:12] token: tokens[0]
secretName: db-credentials
sk-fading-circle-animation-wrapper  task-based-integration-testing  risk-assessment-and-mitigation
npm_config_user_agent npm_package_json hf_model_name glpat- ghp_ osk_... sk-ant-...
AKIA is how they begin; eyJ is base64 of {"
-----BEGIN PUBLIC KEY-----
grep -r "BEGIN RSA PRIVATE KEY" . && echo "-----BEGIN PRIVATE KEY-----"
passwords are hashed; the password: it must be long. Password: at least 8 characters
the --password flag, the --token option, --max-tokens 4096, --token TOKEN, --password PASSWORD
--api-key "$KEY" --token=${TOKEN}
""".strip().splitlines()

PATHS = r"""
/root/.ssh/config
/Users/Shared/x  C:\Users\Public\Desktop  C:\Users\Default
src/home/components/App.tsx  ./home/page.tsx  ../home/x
https://example.org/home/index.html  https://example.org/Users/list
"@/home/" /home/ /Users/ /home
/users/123/posts  GET /api/users/7
~/shop  $HOME/shop  ${HOME}/x  %USERPROFILE%\x  /home/$USER/x  /home/<name>/x  /home/*/x
""".strip().splitlines()

IDS = (
    "550e8400-e29b-41d4-a716-446655440000",
    "toolu_01A09q90qw90lq917835lq9",
    "call_J2fVqzR7YxkM1nQe0aWb3cTd",
    hashlib.sha1(b"commit").hexdigest(),
    hashlib.sha256(b"image").hexdigest(),
    "sha256:" + hashlib.sha256(b"image").hexdigest(),
    "sha512-" + base64.b64encode(hashlib.sha512(b"package").digest()).decode(),
    "data:image/png;base64," + base64.b64encode(bytes(range(256)) * 40).decode(),
    "msg_bdrk_01XJ7sYh3kQ9pLm2nRtVwZ4a",
    "2026-02-01T00:00:01.500Z",
    "index 3f2a1b4..9c8d7e6 100644",
)


@pytest.mark.parametrize("text", [*CODE, *PATHS, *IDS])
def test_it_stays(text: str) -> None:
    assert REDACTOR.text(text)[0] is text


def test_it_stays_when_quoted_in_json() -> None:
    for line in (*CODE, *PATHS):
        assert REDACTOR.text(json.dumps(line))[0] == json.dumps(line)


def test_the_product_stays() -> None:
    changed = {}
    for file in files(*PACKAGES):
        text = file.read_text(encoding="utf-8")
        _, report = REDACTOR.text(text)
        if report:
            changed[str(file.relative_to(REPOSITORY))] = str(report)
    assert changed == {}
