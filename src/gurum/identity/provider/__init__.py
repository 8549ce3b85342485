"""A small OpenID provider for development, so that federation can be used and tested on one machine.

Federation that only works with a company's provider is tested by nobody and tried by no newcomer. This one is a real
provider on the wire (discovery, key rotation, code with PKCE, device, password, client credentials, refresh,
introspection, logout) with plain pages that need no JavaScript. What it lacks is what makes a provider one for
production: second factors, recovery, self-service, several processes. People come from a file. Nothing of the rest of
Gurum knows it: a real provider takes its place by configuration.
"""
