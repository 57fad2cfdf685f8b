"""Bodies in a bucket of an object store that speaks S3. Imported only where one is configured: boto3 is slow to load.

Whole bodies only: a body is written once under a key of its own, read by ranges, and removed. Logs that still grow are
appended to on the local disk.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from storages.backends.s3 import S3Storage
from storages.utils import clean_name

_MISSING = ("NoSuchKey", "NoSuchBucket", "InvalidRange", "404", "416")


class Bucket(S3Storage):  # type: ignore[misc]
    def get_default_settings(self) -> dict[str, Any]:
        # A server waits for a page; the defaults would have it wait for minutes.
        config = Config(
            connect_timeout=5,
            max_pool_connections=32,
            read_timeout=30,
            retries={"max_attempts": 3, "mode": "standard"},
            s3={"addressing_style": "path"},
        )
        return {**super().get_default_settings(), "client_config": config, "file_overwrite": True, "default_acl": None}

    @cached_property
    def client(self) -> Any:
        """One for all threads, which it allows; the base class would make one for each."""
        return self.connection.meta.client

    def read_part(self, name: str, offset: int, length: int) -> bytes:
        if not length:
            return b""
        place = {"Bucket": self.bucket_name, "Key": self._normalize_name(clean_name(name))}
        try:
            answer = self.client.get_object(**place, Range=f"bytes={offset}-{offset + length - 1}")
            data: bytes = answer["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in _MISSING:
                raise FileNotFoundError(name) from error
            raise OSError(f"the bucket {self.bucket_name} refused {name}: {error}") from error
        except BotoCoreError as error:
            raise OSError(f"the bucket {self.bucket_name} cannot be reached: {error}") from error
        return data

    def path(self, name: str) -> str:
        raise NotImplementedError("a body in a bucket is written whole; logs that grow need bodies on the local disk")

    def problem(self) -> str:
        try:
            self.client.head_bucket(Bucket=self.bucket_name)
        except (BotoCoreError, ClientError) as error:
            return f"the bucket {self.bucket_name} cannot be used: {error}"
        return ""

    def prepare(self) -> None:
        try:
            self.client.head_bucket(Bucket=self.bucket_name)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _MISSING:
                raise OSError(f"the bucket {self.bucket_name} cannot be used: {error}") from error
            self.client.create_bucket(Bucket=self.bucket_name, **self._place())
        except BotoCoreError as error:
            raise OSError(f"the bucket {self.bucket_name} cannot be reached: {error}") from error

    def _place(self) -> dict[str, Any]:
        # Amazon refuses to be told its first region.
        is_elsewhere = self.region_name and self.region_name != "us-east-1"
        return {"CreateBucketConfiguration": {"LocationConstraint": self.region_name}} if is_elsewhere else {}
