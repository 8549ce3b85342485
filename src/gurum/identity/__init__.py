"""Who is asking, and whether we still believe it.

The region must accept the very tokens that the private cloud's Keystone issues; a second user
directory would be a second truth. So everything here speaks to a real Keystone: the embedded one
(`gurum.identity.keystone`, a process of its own) or the company's, by URL. The rest of the project
sees only a `Principal` (`gurum.identity.tokens`) and a declared catalogue
(`gurum.identity.catalogue`).
"""
