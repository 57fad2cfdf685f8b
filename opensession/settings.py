"""All settings. Every value from outside comes through `opensession.env`; README lists the variables."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from django.utils.functional import SimpleLazyObject

from opensession import bucket, database, env, logs, secret_key

BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = (BASE_DIR / "CHANGELOG.md").read_text(encoding="utf-8").split("## v", 1)[1].split()[0]

# What this process is for

OPENSESSION_PROFILE = env.choice("OPENSESSION_PROFILE", "local", ("local", "server", "worker"))
IS_LOCAL = OPENSESSION_PROFILE == "local"
DEBUG = env.boolean("OPENSESSION_DEBUG", False)
BASE_URL = env.web_address("BASE_URL") or env.web_address("OPENSESSION_BASE_URL")
PORT = env.integer("PORT", 3000, 1, 65535)
WEB_CONCURRENCY = env.integer("WEB_CONCURRENCY", 1 if IS_LOCAL else os.cpu_count() or 1, 1, 64)

JWT_SECRET = env.signing_key("JWT_SECRET")
AUTH_ENABLED = bool(JWT_SECRET)
HAS_LOGINS = AUTH_ENABLED or not IS_LOCAL
OPENSESSION_FIRST_USER_IS_STAFF = env.boolean("OPENSESSION_FIRST_USER_IS_STAFF", True)
OPENSESSION_PROXIES = env.integer("OPENSESSION_PROXIES", 0, 0, 9)

OPENSESSION_KEEP_RAW = env.boolean("OPENSESSION_KEEP_RAW", False)
OPENSESSION_PUBLIC_FEED_ENABLED = env.boolean("OPENSESSION_PUBLIC_FEED_ENABLED", True)
OPENSESSION_DEFAULT_VISIBILITY = env.choice(
    "OPENSESSION_DEFAULT_VISIBILITY", "public", ("public", "unlisted", "private")
)
OPENSESSION_SESSION_SCORE_PLUGIN = env.text("OPENSESSION_SESSION_SCORE_PLUGIN", "heuristic_v1")
OPENSESSION_TASKS = env.choice("OPENSESSION_TASKS", "immediate", ("immediate", "database"))

# Apps. A command for people must start at once, and needs the tables but no pages.

APPS_FOR_DATA = ["django.contrib.contenttypes", "django.contrib.auth", "accounts", "sessions", "handoff"]
APPS_FOR_PAGES = [
    "opensession.apps.AdminConfig",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "csp",
    *(["django_tasks", "django_tasks_db"] if OPENSESSION_TASKS == "database" else []),
]
if HAS_LOGINS:
    APPS_FOR_PAGES.append("axes")
DATA_COMMANDS = ("discover", "fsck", "handoff", "index", "parse", "parsers", "rundaemon", "upload")
INSTALLED_APPS = APPS_FOR_DATA + ([] if env.runs_one_of(DATA_COMMANDS, sys.argv) else APPS_FOR_PAGES)

MIDDLEWARE = [
    "opensession.middleware.RequestLog",
    # What comes first is on every answer, also on those that a later one gives.
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    # Whoever is sent on to TLS is sent to a host, so that must be ours.
    "opensession.middleware.KnownHost",
    "django.middleware.security.SecurityMiddleware",
    "opensession.middleware.LoopbackOnly",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    # Its page shows who is logged in.
    "opensession.middleware.FormsOnly",
]
if HAS_LOGINS:
    MIDDLEWARE.append("axes.middleware.AxesMiddleware")
ROOT_URLCONF = "opensession.urls"
WSGI_APPLICATION = "opensession.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context.accounts",
            ]
        },
    }
]

# Data

OPENSESSION_DATA_DIR = env.folder(
    "OPENSESSION_DATA_DIR", env.user_data() / "opensession" if IS_LOCAL else BASE_DIR / "data"
)
OPENSESSION_CONFIG = env.user_config() / "opensession" / "opensession.toml"
DATABASES = {
    "default": database.configured(
        env.secret("DATABASE_URL"), OPENSESSION_DATA_DIR, env.integer("OPENSESSION_DATABASE_CONNECTIONS", 16, 2, 1000)
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# All processes, on all machines, count the same requests.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        "OPTIONS": {"MAX_ENTRIES": 5000},
    }
}
STATIC_URL = "/static/"
STATIC_ROOT = OPENSESSION_DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "opensession.swagger.SwaggerFinder",
]


def _private(folder: Path) -> dict[str, Any]:
    """Return a storage that only its owner can read."""
    options = {"location": folder, "file_permissions_mode": 0o600, "directory_permissions_mode": 0o700}
    return {"BACKEND": "sessions.stores.Files", "OPTIONS": options}


STORAGES: dict[str, Any] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "bodies": _private(OPENSESSION_DATA_DIR / "bodies"),
    "raw": _private(OPENSESSION_DATA_DIR / "raw"),
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
MEDIA_ROOT = OPENSESSION_DATA_DIR / "media"

OPENSESSION_S3_BUCKET = env.text("OPENSESSION_S3_BUCKET")
if OPENSESSION_S3_BUCKET:
    STORAGES["bodies"] = bucket.configured(
        OPENSESSION_S3_BUCKET,
        is_local=IS_LOCAL,
        endpoint=env.web_address("OPENSESSION_S3_ENDPOINT"),
        region=env.text("OPENSESSION_S3_REGION", "us-east-1"),
        access_key=env.secret("OPENSESSION_S3_ACCESS_KEY"),
        secret_key=env.secret("OPENSESSION_S3_SECRET_KEY"),
    )

# The API

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.Bearer"],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "sessions.api.schema.AutoSchema",
    "EXCEPTION_HANDLER": "sessions.api.errors.handler",
    "UNAUTHENTICATED_USER": None,
    "NUM_PROXIES": OPENSESSION_PROXIES,
    "DEFAULT_THROTTLE_CLASSES": ["accounts.throttling.Scoped"],
    "DEFAULT_THROTTLE_RATES": {
        "change": "20/hour",
        "keys": "30/hour",
        "login": "30/min",
        "oauth": "30/min",
        "preview": "30/min",
        "refresh": "60/min",
        "register": "20/hour",
    },
}
SPECTACULAR_SETTINGS = {
    "TITLE": "OpenSession",
    "VERSION": VERSION,
    "DESCRIPTION": "The sessions of coding agents: list, search, read, upload and remove them.",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api",
    "ENABLE_DJANGO_DEPLOY_CHECK": False,
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 << 20

# What may be done after a request was answered

TASK_BACKENDS = {
    "immediate": "django_tasks.backends.immediate.ImmediateBackend",
    "database": "django_tasks_db.DatabaseBackend",
}
TASKS = {"default": {"BACKEND": TASK_BACKENDS[OPENSESSION_TASKS]}}

# Language and time

LANGUAGE_CODE = "en-us"
USE_I18N = False
TIME_ZONE = "UTC"

# Accounts

AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": validator}
    for validator in (
        "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "django.contrib.auth.password_validation.MinimumLengthValidator",
        "accounts.passwords.MaximumLengthValidator",
        "django.contrib.auth.password_validation.CommonPasswordValidator",
        "django.contrib.auth.password_validation.NumericPasswordValidator",
    )
]
LOGIN_URL = "login"
AUTHENTICATION_BACKENDS = ["accounts.backends.NameAndPassword"]
if HAS_LOGINS:
    AUTHENTICATION_BACKENDS.insert(0, "axes.backends.AxesStandaloneBackend")

# Accounts elsewhere that people can log in with. GitHub is there for all; GitLab has an address of its own.

GITHUB_URL, GITHUB_API_URL = "https://github.com", "https://api.github.com"
GITHUB_CLIENT_ID = env.unwrapped_secret("GITHUB_CLIENT_ID")
GITHUB_CLIENT_SECRET = env.unwrapped_secret("GITHUB_CLIENT_SECRET")
GITLAB_URL = env.web_address("GITLAB_URL")
GITLAB_EXTERNAL_URL = env.web_address("GITLAB_EXTERNAL_URL")
GITLAB_CLIENT_ID = env.unwrapped_secret("GITLAB_CLIENT_ID")
GITLAB_CLIENT_SECRET = env.unwrapped_secret("GITLAB_CLIENT_SECRET")
if not IS_LOCAL:
    # On a machine of one's own they may be those of another program.
    env.need_all(GITHUB_CLIENT_ID=GITHUB_CLIENT_ID, GITHUB_CLIENT_SECRET=GITHUB_CLIENT_SECRET)
    env.need_all(GITLAB_URL=GITLAB_URL, GITLAB_CLIENT_ID=GITLAB_CLIENT_ID, GITLAB_CLIENT_SECRET=GITLAB_CLIENT_SECRET)

# Failed logins are counted by name and address together: nobody can lock another one out from elsewhere.

AXES_ENABLED = HAS_LOGINS
# Its lists ask for permissions that moderators have not; ours is in accounts/admin.py.
AXES_ENABLE_ADMIN = False
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "accounts.login.locked_out"
AXES_DISABLE_ACCESS_LOG = True
AXES_USERNAME_FORM_FIELD = "username"
AXES_USERNAME_CALLABLE = "accounts.login.counted_name"
AXES_CLIENT_IP_CALLABLE = "accounts.throttling.address_of"
AXES_VERBOSE = False

# Safety

# The key is read, or made, when something is signed: most commands sign nothing and must not write to the disk.
SECRET_KEY = env.secret("OPENSESSION_SECRET_KEY") or SimpleLazyObject(
    partial(secret_key.kept_in, OPENSESSION_DATA_DIR / "secret_key")
)
LOOPBACK_NAMES = ["127.0.0.1", "localhost", "[::1]"]
# Whoever checks a server's health on its own machine asks it by a loopback name.
ALLOWED_HOSTS = LOOPBACK_NAMES + ([] if IS_LOCAL else env.hosts("OPENSESSION_ALLOWED_HOSTS"))
CSRF_TRUSTED_ORIGINS = [BASE_URL] if BASE_URL else []
# A cookie knows no port, so other projects that run on this machine would overwrite Django's own names.
SESSION_COOKIE_NAME = "opensession_login"
CSRF_COOKIE_NAME = "opensession_csrf"

HAS_TLS = not IS_LOCAL and not BASE_URL.startswith("http://")
SESSION_COOKIE_SECURE = HAS_TLS
CSRF_COOKIE_SECURE = HAS_TLS
CSRF_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = HAS_TLS
SECURE_REDIRECT_EXEMPT = [r"^api/(health|ready)$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HAS_TLS else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Whether sister hosts have TLS too is known to the owner of the domain only.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "base-uri": ["'none'"],
        "connect-src": ["'self'"],
        "font-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "img-src": ["'self'", "data:"],
        "manifest-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
    }
}

# Logs hold ids and paths, never the content of sessions.

OPENSESSION_LOG_FORMAT = env.choice("OPENSESSION_LOG_FORMAT", "text", logs.FORMATS)
LOGGING = logs.configured(
    OPENSESSION_LOG_FORMAT,
    env.choice("OPENSESSION_LOG_LEVEL", "WARNING", ("DEBUG", "INFO", "WARNING", "ERROR")),
)
