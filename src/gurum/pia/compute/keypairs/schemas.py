"""What requests about key pairs must look like."""

from __future__ import annotations

from gurum.pia.compute import fields as f

_NAME: f.Doc = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[_\- a-zA-Z0-9]+$"}
_NAME_92: f.Doc = {**_NAME, "pattern": r"^[@\._\- a-zA-Z0-9]+$"}
_TYPE: f.Doc = {"type": "string", "enum": ["ssh", "x509"]}

_V1: f.Doc = {"name": _NAME, "public_key": f.STRING}
_V2: f.Doc = {"name": _NAME, "type": _TYPE, "public_key": f.STRING}
_V10: f.Doc = {**_V2, "user_id": f.STRING}
CREATE = f.versions(
    (1, f.wrapped("keypair", f.obj(_V1, ["name"]))),
    (2, f.wrapped("keypair", f.obj(_V2, ["name"]))),
    (10, f.wrapped("keypair", f.obj(_V10, ["name"]))),
    (92, f.wrapped("keypair", f.obj({**_V10, "name": _NAME_92}, ["name", "public_key"]))),
)

_USER: f.Doc = {"user_id": f.multi(f.STRING)}
LIST = f.versions(
    (1, f.query({})),
    (10, f.query(_USER)),
    (35, f.query({**_USER, **f.PAGING})),
    (75, f.query({**_USER, **f.PAGING}, strict=True)),
)
ONE = f.versions((1, f.query({})), (10, f.query(_USER)), (75, f.query(_USER, strict=True)))
