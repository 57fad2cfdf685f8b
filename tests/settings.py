"""The product's settings, with everything that belongs to the person at the keyboard moved out of reach first."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_AWAY = Path(tempfile.mkdtemp(prefix="opensession-tests-"))
_OWNER = os.getpid()


def _remove() -> None:
    # A forked child runs this too when it ends.
    if os.getpid() == _OWNER:
        shutil.rmtree(_AWAY, ignore_errors=True)


atexit.register(_remove)
for _name in [name for name in os.environ if name.startswith(("OPENSESSION_", "XDG_", "CLAUDE_", "CODEX_"))]:
    del os.environ[_name]
# The tests run on this database, in one of its own; what they start runs on SQLite in its own data directory.
_DATABASE_URL = os.environ.get("DATABASE_URL", "")
for _name in ("BASE_URL", "DATABASE_URL", "DATABASE_URL_FILE", "PORT"):
    os.environ.pop(_name, None)
os.environ["HOME"] = str(_AWAY / "home")
os.environ["OPENSESSION_DATA_DIR"] = str(_AWAY / "data")
(_AWAY / "home").mkdir()
# Apps cannot be added later: those for logins are installed, and the login is off until a test turns it on.
os.environ["JWT_SECRET"] = "only for the list of apps, which it turns on"

from opensession import database
from opensession.settings import *

del os.environ["JWT_SECRET"]
JWT_SECRET, AUTH_ENABLED, AXES_ENABLED = "", False, False

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
# Without this, whitenoise looks for collected files, of which tests have none.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
if _DATABASE_URL:
    DATABASES["default"] = database.configured(_DATABASE_URL, _AWAY, connections=64)
else:
    # A file, as in real use: an in-memory database locks in another way, and knows no WAL.
    DATABASES["default"]["TEST"] = {"NAME": str(_AWAY / "test.db")}
