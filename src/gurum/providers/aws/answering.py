"""What the library raises of a call to AWS, said as the three ways in which a call fails (`errors`)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
)
from botocore.parsers import ResponseParserError

from gurum.providers.aws.errors import AwsError, LostError, NotSentError

_UNSENT = (EndpointConnectionError, ConnectTimeoutError, NoCredentialsError)
_FAILED = (ClientError, BotoCoreError, ResponseParserError, aiohttp.ClientError, TimeoutError, OSError)


@contextmanager
def answering(*, secret: bool = False) -> Iterator[None]:
    """Raise AwsError, NotSentError or LostError of a call that is made inside.

    secret: its answer has keys. A parser's error quotes the answer, so then neither its text nor itself is told.
    """
    try:
        yield
    except _FAILED as error:
        raise _told(error, secret=secret) from (None if secret else error)


def _told(error: Exception, *, secret: bool) -> Exception:
    if isinstance(error, ClientError):
        meta, said = error.response.get("ResponseMetadata", {}), error.response.get("Error", {})
        status, request = int(meta.get("HTTPStatusCode", 500)), meta.get("RequestId", "")
        return AwsError(said.get("Code", ""), said.get("Message", ""), status, request)
    if isinstance(error, _UNSENT):
        return NotSentError(str(error))
    # A body that is not AWS's (a proxy's page, a crash) proves nothing about what was done.
    return LostError(type(error).__name__ if secret else f"{type(error).__name__}: {error}")
