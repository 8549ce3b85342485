"""PIA, the Public Infra API: a region's OpenStack-compatible APIs, answered from the store.

It exists so that stock OpenStack clients can use a region that is not OpenStack. It never calls a cloud: what a user
asks for is written to the store, and what is answered was read from it, so an answer costs the same whether the cloud
is fast, throttled or down.
"""
