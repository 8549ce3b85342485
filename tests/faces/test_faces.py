"""What kubectl made is OpenStack's, and what it may not do is refused in OpenStack's words."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.faces.site import NAMESPACE, PERSON, PROJECT, Site, prepared, site, wish
from tests.support.kubernetes import control_plane

from gurum.supervisor.kubernetes.plane import ControlPlane

pytestmark = [pytest.mark.real, pytest.mark.kubernetes]


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    with control_plane() as made:
        prepared(made)
        yield made


@pytest.fixture
async def here(plane: ControlPlane, tmp_path: Path) -> AsyncIterator[Site]:
    async with site(plane, tmp_path) as made:
        yield made


async def test_a_network_of_kubectl_is_a_network(here: Site) -> None:
    await here.kubectl("apply", document=wish("Network", "front", description="from kubectl"))
    found = await here.admitted("network", "front")
    uid = found["spec"]["id"]
    shown = (await here.call("GET", f"/network/v2.0/networks/{uid}")).json["network"]
    assert (shown["name"], shown["description"], shown["project_id"]) == ("front", "from kubectl", PROJECT)
    assert shown["revision_number"] == 1
    assert found["spec"]["projectID"] == PROJECT
    assert f'"user_id":"{PERSON}"' in found["metadata"]["annotations"]["gurum.cloud/cause"]
    assert NAMESPACE == found["metadata"]["namespace"]
