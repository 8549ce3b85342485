"""keystone.conf, rendered from the settings.

Keystone reads only its own INI file. It is written at every start, so that editing it by hand has
no effect that could be forgotten; what is special is passed in `options`.
"""

from gurum.identity.keystone.cache import BACKEND
from gurum.identity.keystone.config import KeystoneConfig
from gurum.identity.keystone.state import State

# Keystone's own lines are wanted (it logs each refused login). Its libraries' are not: stevedore
# reports as an error that the memcached backend, which nobody asked for, is not installed; each use
# of a password warns that bcrypt looks at 72 bytes only; the policy's own defaults are deprecated.
LOG_LEVELS = (
    "alembic=WARNING",
    "dogpile=WARNING",
    "keystone.common.password_hashing=ERROR",
    "keystone.common.rbac_enforcer=ERROR",
    "oslo=WARNING",
    "oslo_messaging=WARNING",
    "oslo_policy=ERROR",
    "py.warnings=ERROR",
    "sqlalchemy=WARNING",
    "stevedore=CRITICAL",
)

# Keystone's own, without `external`: nobody before us says who a client is.
METHODS = ("password", "token", "oauth1", "application_credential", "ec2credential", "mapped")

# A list is an option that may be there several times.
Options = dict[str, dict[str, str | int | bool | list[str]]]


def options(config: KeystoneConfig, state: State) -> Options:
    """Give every option that differs from Keystone's own default, by section."""
    base: Options = {
        "DEFAULT": {
            "log_file": str(config.log_file or state.log_file),
            "use_stderr": False,
            "log_rotation_type": "size",
            "max_logfile_size_mb": 10,
            "max_logfile_count": 5,
            "default_log_levels": ",".join((f"keystone={config.log_level}", *LOG_LEVELS)),
        },
        "database": {"connection": f"sqlite:///{state.database}"},
        # Without a cache a validation costs 0.8 s of CPU.
        "cache": {"enabled": True, "backend": BACKEND},
        # The list of revocation events is read by pollers alone, each time with another `since`:
        # caching it would only fill memory.
        "revoke": {"caching": False},
        "token": {"provider": "fernet", "expiration": config.token_expiration_seconds},
        "fernet_tokens": {"key_repository": str(state.fernet_keys)},
        "fernet_receipts": {"key_repository": str(state.fernet_keys)},
        "credential": {"key_repository": str(state.credential_keys)},
        # Claims of a federated login are looked for where no client's header can be: a WSGI server
        # puts those under HTTP_.
        "federation": {
            "assertion_prefix": "OIDC-",
            "remote_id_attribute": "OIDC-iss",
            "trusted_dashboard": config.federation.dashboards,
            "sso_callback_template": str(state.callback_template),
        },
        "identity": {
            "password_hash_algorithm": "bcrypt",
            "password_hash_rounds": config.bcrypt_rounds,
        },
        # The default is looked for in /etc/keystone as well.
        "oslo_policy": {"policy_file": str(state.conf_dir / "policy.yaml")},
        "security_compliance": dict(config.security_compliance),
    }
    if config.public_url is not None:
        base["DEFAULT"]["public_endpoint"] = config.public_url
    if config.federation.trusted:
        protocols = sorted({one.protocol for one in config.federation.trusted})
        plugins = {name: "mapped" for name in protocols if name != "openid"}
        base["auth"] = {"methods": ",".join((*METHODS, *protocols)), **plugins}
        for name in protocols:
            base[name] = {"remote_id_attribute": "OIDC-iss"}
    for section, values in config.options.items():
        base.setdefault(section, {}).update(values)
    return base


def render(values: Options) -> str:
    """Give the INI text. Raises ValueError for a value that would begin another line."""
    lines: list[str] = []
    for section, entries in values.items():
        if not entries:
            continue
        lines.append(f"[{section}]")
        for key, value in entries.items():
            for text in map(str, value if isinstance(value, list) else [value]):
                if "\n" in text or "\r" in text:
                    raise ValueError(f"[{section}] {key} contains a line end")
                # oslo.config substitutes $name in values; a directory may contain a dollar sign.
                lines.append(f"{key} = {text.replace('$', '$$')}")
        lines.append("")
    return "\n".join(lines)
