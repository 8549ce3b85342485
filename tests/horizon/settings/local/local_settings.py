"""Horizon's local settings, as an operator writes them: where Keystone is, and nothing that changes what pages do.

Run by Horizon's own interpreter. What a run decides comes by the environment.
"""

import os

OPENSTACK_KEYSTONE_URL = os.environ["HORIZON_KEYSTONE_URL"]
SECRET_KEY = os.environ["HORIZON_SECRET_KEY"]
ALLOWED_HOSTS = ["127.0.0.1"]

# Style sheets and scripts are served as they are: nobody looks at them here, and compiling them takes a minute.
COMPRESS_ENABLED = False
COMPRESS_PRECOMPILERS: tuple[tuple[str, str], ...] = ()

# Sessions in the one process that runs, instead of in a memcached.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# One line a record, its level first; tracebacks follow. What is below a warning is not kept.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {"django": {"handlers": [], "level": "WARNING", "propagate": True}},
}
