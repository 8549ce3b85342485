"""What a newcomer needs to go on alone, said once everything runs: where things are, and what of it is simulated."""

from __future__ import annotations

from gurum.ops.config import Config
from gurum.supervisor import federation, people
from gurum.supervisor.places import Places


def text(config: Config, places: Places, *, staying: bool) -> str:
    """Return the last words before the run stays, or stops."""
    lines = ["", "Endpoints"]
    lines += [f"  {'Keystone':<18} {config.identity.url}"]
    for region in config.regions:
        root = people.base_url(region)
        lines += [f"  {region.name:<18} {root}/compute/v2.1  {root}/network  {root}/image"]
        lines += [f"  {'':<18} {root}/healthz  {root}/readyz  {root}/metrics"]
    for one, url in federation.developing(config):
        lines += [f"  {one.domain:<18} {url}  (OpenID provider, for development)"]
    engine = f"http://{config.engine.metrics_host}:{config.engine.metrics_port}"
    lines += [f"  {'engine':<18} {engine}/healthz  {engine}/readyz  {engine}/metrics"]
    lines += ["", "Files"]
    clouds = [p.cloud for p in people.PEOPLE]
    clouds += [p.cloud for one, _ in federation.developing(config) for p in one.people if p.cloud]
    lines += [f"  {'clouds.yaml':<18} {places.clouds}  (clouds: {', '.join(clouds)})"]
    lines += [f"  {'configuration':<18} {places.config}"]
    lines += [f"  {'logs':<18} {config.log.directory or 'standard error'}"]
    lines += [f"  {'secrets':<18} {places.secrets}"]
    simulated = [f"  {region.name:<18} {region.simulated}" for region in config.regions if region.simulated]
    if simulated:
        lines += ["", "Simulated", *simulated]
    if staying:
        lines += [
            "",
            "Everything stays up until Ctrl-C. In another terminal:",
            f"  export OS_CLIENT_CONFIG_FILE={places.clouds} OS_CLOUD={people.PEOPLE[0].cloud}",
            f"  openstack --os-region-name {config.regions[-1].name} server list",
        ]
    return "\n".join(lines) + "\n"
