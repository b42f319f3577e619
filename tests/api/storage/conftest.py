"""The tests' world with its photographs in a store that speaks S3."""

from typing import Any

import pytest

from api.core.settings import Settings
from tests.api.conftest import settings_for
from tests.s3 import bucket, s3_endpoint, store_settings

__all__ = ["bucket", "s3_endpoint"]


@pytest.fixture
def settings(settings: Settings, bucket: Any, s3_endpoint: str) -> Settings:
    """Those of every test, with photographs in the bucket."""
    return s3_settings(settings, bucket.name, s3_endpoint)


def s3_settings(settings: Settings, bucket: str, endpoint: str) -> Settings:
    return settings_for(
        str(settings.database_url), str(settings.redis_url), settings.data_dir, settings.keys,
        **store_settings(bucket, endpoint),
    )  # fmt: skip
