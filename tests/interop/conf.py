"""tempest.conf: facts of the site, everything on, and the switches that are listed. Nothing else can be off."""

from __future__ import annotations

import configparser
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.interop.site import COMPLIANCE, Site
from tests.interop.switches import Switch

Sections = dict[str, dict[str, object]]

# Where off means that nothing is hidden.
SHOWS_WHEN_OFF = frozenset({("identity-feature-enabled", "immutable_user_source")})
BUILD_SECONDS = 180  # our cloud builds a server in a few; a busy machine in more


def sections(site: Site, booleans: Mapping[str, Sequence[str]], switches: Sequence[Switch], place: Path) -> Sections:
    """Return the options by section. `booleans`: Tempest's own, all on; then the switches; then the facts."""
    made: Sections = {
        section: {name: (section, name) not in SHOWS_WHEN_OFF for name in names} for section, names in booleans.items()
    }
    for switch in switches:
        made.setdefault(switch.section, {})[switch.name] = switch.value
    for section, options in facts(site, place).items():
        made.setdefault(section, {}).update(options)
    return made


def facts(site: Site, place: Path) -> Sections:
    """Return what is so: addresses, ids, names, numbers."""
    here = {"region": site.region}
    return {
        "DEFAULT": {"log_dir": place, "log_file": "tempest.log", "debug": False},
        "oslo_concurrency": {"lock_path": place / "lock"},
        "auth": {
            "use_dynamic_credentials": False,
            "test_accounts_file": place / "accounts.yaml",
            "default_credentials_domain_name": "Default",
        },
        "identity": here
        | {
            "uri_v3": site.identity,
            "auth_version": "v3",
            "v3_endpoint_type": "public",
            "user_lockout_failure_attempts": COMPLIANCE["lockout_failure_attempts"],
            "user_lockout_duration": COMPLIANCE["lockout_duration"],
            "user_unique_last_password_count": COMPLIANCE["unique_last_password_count"],
        },
        "compute": here
        | {
            "image_ref": site.images[0],
            "image_ref_alt": site.images[-1],
            "flavor_ref": site.flavors[0],
            "flavor_ref_alt": site.flavors[-1],
            "build_interval": 1,
            "build_timeout": BUILD_SECONDS,
            "max_microversion": site.newest,  # what the region says itself: newer tests are about another Nova
        },
        "image": dict(here),
        "network": here
        | {
            "public_network_id": site.network,
            "floating_network_name": "public",
            "project_network_cidr": "10.100.0.0/16",
            "project_network_mask_bits": 28,
            "build_interval": 1,
            "build_timeout": BUILD_SECONDS,
        },
        "network-feature-enabled": {"api_extensions": ",".join(site.extensions)},
    }


def text(made: Sections) -> str:
    """Return the file."""
    parser = configparser.RawConfigParser(default_section="", interpolation=None)
    for section, options in made.items():
        parser[section] = {name: str(value) for name, value in options.items()}
    out = io.StringIO()
    parser.write(out)
    return out.getvalue()
