"""A federated login of a disabled user is refused; Keystone itself gives a token for it.

That token is dead on use as long as the user is disabled, and alive as soon as somebody enables them. So who has left
could keep one in the drawer. The other methods of authentication look by themselves.
"""

from __future__ import annotations

from typing import Any


class OnlyEnabled:
    """Keystone's plugin for mapped logins, with one more question after it."""

    def __init__(self, plugin: Any, assert_enabled: Any, refusal: Any) -> None:
        self._plugin, self._assert_enabled, self._refusal = plugin, assert_enabled, refusal

    def authenticate(self, auth_payload: dict[str, Any]) -> Any:
        """As the plugin. Raises Keystone's Unauthorized for who is disabled."""
        response = self._plugin.authenticate(auth_payload)
        if response.status:
            try:
                self._assert_enabled(user_id=response.response_data["user_id"])
            except AssertionError:
                raise self._refusal("the user is disabled") from None
        return response


def wrap(methods: dict[str, Any]) -> None:
    """Put it before each mapped method of those that Keystone has loaded. Called when its backends are there."""
    from keystone import exception
    from keystone.auth.plugins.mapped import Mapped
    from keystone.common import provider_api

    for name, plugin in methods.items():
        if isinstance(plugin, Mapped):
            enabled = provider_api.ProviderAPIs.identity_api.assert_user_enabled
            methods[name] = OnlyEnabled(plugin, enabled, exception.Unauthorized)
