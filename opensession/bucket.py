"""Which bucket to keep bodies in. Decided without loading what speaks to it."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from django.core.exceptions import ImproperlyConfigured


def configured(
    name: str, *, is_local: bool, endpoint: str, region: str, access_key: str, secret_key: str
) -> dict[str, Any]:
    """Return Django's description of the bucket. Without keys, the machine's own identity is used."""
    if is_local:
        raise ImproperlyConfigured(
            "OPENSESSION_S3_BUCKET is for servers: the local profile appends to logs that grow, which a bucket cannot;"
            " unset it, or set OPENSESSION_PROFILE=server"
        )
    if bool(access_key) != bool(secret_key):
        raise ImproperlyConfigured("OPENSESSION_S3_ACCESS_KEY and OPENSESSION_S3_SECRET_KEY go together; set both")
    if find_spec("storages") is None:
        raise ImproperlyConfigured(
            "OPENSESSION_S3_BUCKET is set; first type: pip install --require-hashes -r requirements-server.txt"
        )
    options = {
        "bucket_name": name,
        "endpoint_url": endpoint or None,
        "region_name": region,
        "access_key": access_key or None,
        "secret_key": secret_key or None,
        "location": "bodies",
    }
    return {"BACKEND": "sessions.s3.Bucket", "OPTIONS": options}
