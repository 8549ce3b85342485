"""User data in intents of earlier releases, and whether two stores that keep it differently say the same."""

from __future__ import annotations

import pytest
from tests.support.sealing import SealingStore
from tests.support.store import make_server

from gurum.model import codec
from gurum.model.base import Intent
from gurum.model.server import USER_DATA, Server
from gurum.store.contract import NotFoundError, Sealing
from gurum.store.memory import MemoryStore
from gurum.store.moving.compare import digest
from gurum.store.userdata import quoted, text_of

TEXT = "UGFzc3dvcmQ="


def launched(request: str, text: str = TEXT) -> Server:
    server = make_server()
    server.metadata.id = server.metadata.key = "f3b3f3a5-1f0e-4ef2-8f3a-3f0b8ad7a001"
    server.spec.user_data = text
    server.status.intents = {"instance": Intent(step="instance", request=request), "other": Intent(step="other")}
    return server


def test_an_intent_refers_to_the_text() -> None:
    old = launched(f'{{"ImageId":"ami","UserData":"{TEXT}"}}')
    before = codec.encode(old)
    new = quoted(old)
    assert new.status.intents["instance"].request == f'{{"ImageId":"ami","UserData":"{USER_DATA}"}}'
    assert codec.encode(old) == before, "it is not changed itself"
    assert quoted(new) is new
    assert digest(old) == digest(new)


@pytest.mark.parametrize("text", ["Tags", "name", "UserData", "true"])
def test_only_the_parameter_is_the_text(text: str) -> None:
    """What looks like a word of the request is base64 as well."""
    request = f'{{"Tags":[{{"Key":"name","Value":"true"}}],"UserData":"{text}"}}'
    wanted = f'{{"Tags":[{{"Key":"name","Value":"true"}}],"UserData":"{USER_DATA}"}}'
    assert quoted(launched(request, text)).status.intents["instance"].request == wanted


def test_another_text_is_another_server() -> None:
    one, other = launched("{}"), launched("{}", "b3RoZXI=")
    assert digest(one) != digest(other)
    assert digest(one) != digest(launched("{}", ""))


async def test_it_is_read_where_it_is_kept() -> None:
    plain, sealing = MemoryStore(), SealingStore()
    assert isinstance(sealing, Sealing)
    assert not isinstance(plain, Sealing)
    server = launched("{}")
    assert await text_of(plain, await plain.create(server)) == TEXT
    kept = await sealing.create(server)
    assert (kept.spec.user_data, kept.spec.user_data_secret) == ("", server.id)
    assert await text_of(sealing, kept) == TEXT
    with pytest.raises(NotFoundError, match="keeps no user data apart"):
        await text_of(plain, kept)
