"""A store that speaks S3, on this machine: fixtures for whoever needs one."""

import itertools
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

_buckets = itertools.count(1)


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3_endpoint: str) -> Iterator[Any]:
    """An empty bucket, seen from its own side."""
    client = boto3.resource(
        "s3",
        endpoint_url=s3_endpoint,
        region_name="eu-1",
        aws_access_key_id="id",
        aws_secret_access_key="secret",
    )
    made = client.create_bucket(
        Bucket=f"photographs-{next(_buckets)}", CreateBucketConfiguration={"LocationConstraint": "eu-1"}
    )
    yield made
    client.meta.client.close()


def store_settings(bucket: str, endpoint: str) -> dict[str, str]:
    options = {"endpoint": endpoint, "region": "eu-1", "access_key_id": "id", "secret_access_key": "secret"}
    return {"store_url": f"s3://{bucket}/office", "store_options": json.dumps(options)}


def lying(bucket: Any, key: str) -> bytes:
    return bytes(bucket.Object(f"office/{key}").get()["Body"].read())
