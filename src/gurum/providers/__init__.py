"""The clouds: small drivers behind one contract, with one suite that every provider passes.

It exists so that a controller decides what must be so in OpenStack's words, and a provider knows only how its cloud is
told. Providers know neither the store nor HTTP requests.
"""
