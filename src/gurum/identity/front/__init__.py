"""The trusted front of a Keystone: who logged in elsewhere is said to it here, and nowhere else.

Keystone believes what it finds under `OIDC-` in a request's environment, on every path. So there must be exactly one
place that writes there, and it must write only what it has verified. This is that place for the embedded Keystone, as
Apache with mod_auth_openidc is elsewhere: a WSGI application around Keystone's, in the same process, so that nothing
can come in between. It takes bearer tokens (`bearer`) and leads browsers through the code flow (`websso`) on the
protected paths of configured providers, and strips all other requests.
"""
