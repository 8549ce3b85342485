"""What the API server itself refuses to people: what only Gurum's processes may say of an object.

Rights (RBAC) end at the object; a person who may create servers could write another server's id into theirs, or name
somebody else as the one who asked. So an admission policy of the server's own keeps these fields to whoever has the
verb `assign` on `identities.gurum.cloud`, which is no resource but a right by itself. It needs no webhook, and works
when none of our processes does.

A second policy writes down who it was: whoever makes an object or changes its spec finds their own name in its cause,
whatever they wrote there, and what the API makes of it is put down to them. How an object stands to what is in a cloud
already (`import`, `managementPolicy`, `onDelete`) is said by those who may `decide` on `adoptions.gurum.cloud`.
"""

from __future__ import annotations

from gurum.store.kubernetes import shape
from gurum.store.kubernetes.admission import Document, everything, policy
from gurum.store.kubernetes.kinds import DOMAIN
from gurum.store.kubernetes.people import STAMP

NAME, CAUSE = f"identity.{DOMAIN}", f"cause.{DOMAIN}"
RIGHT = {"apiGroups": [DOMAIN], "resources": ["identities"], "verbs": ["assign"]}
OURS = f"authorizer.group('{DOMAIN}').resource('identities').check('assign').allowed()"
_CREATING = "oldObject == null"
ADOPTING = {"apiGroups": [DOMAIN], "resources": ["adoptions"], "verbs": ["decide"]}
_DECIDES = f"authorizer.group('{DOMAIN}').resource('adoptions').check('decide').allowed()"
ADOPTION = ("import", "managementPolicy", "onDelete")


def all() -> list[Document]:  # noqa: A001 - read as guard.all()
    """Return the policies and their bindings."""
    spec = {
        "matchConstraints": everything("*"),
        "matchConditions": [{"name": "people", "expression": f"!({OURS})"}],
        "variables": [{"name": "stamp", "expression": STAMP}],
        "validations": [
            *(_field(name) for name in (*shape.IDENTITY, shape.SEALED)),
            _annotations(),
            _finalizers(),
            _adoption(),
        ],
    }
    return [*policy(NAME, spec, {"validationActions": ["Deny"]}), *_stamps()]


def _stamps() -> list[Document]:
    """Return the policy that writes down whose wish an object is, and its binding."""
    changed = f"{_CREATING} || object.?spec != oldObject.?spec"
    # A JSON patch: an apply would need the kind's schema, which the API server has only seconds after its definition.
    key = f"'/metadata/annotations/' + jsonpatch.escapeKey('{shape.CAUSE}')"
    one = f"JSONPatch{{op: 'add', path: {key}, value: {STAMP}}}"
    first = f"JSONPatch{{op: 'add', path: '/metadata/annotations', value: {{'{shape.CAUSE}': {STAMP}}}}}"
    noted = f"has(object.metadata.annotations) ? [{one}] : [{first}]"
    spec = {
        "reinvocationPolicy": "Never",
        "matchConstraints": everything("*"),
        "matchConditions": [
            {"name": "people", "expression": f"!({OURS})"},
            {"name": "wishes", "expression": changed},
        ],
        "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": noted}}],
    }
    return policy(CAUSE, spec, {}, "Mutating")


def _field(name: str) -> Document:
    # A region is chosen by whoever makes the object, and stays: the definition's own rule says so.
    free = f"{_CREATING} || " if name == "region" else ""
    return {
        "expression": f"{free}object.spec[?'{name}'] == ({_CREATING} ? optional.none() : oldObject.spec[?'{name}'])",
        "message": f"spec.{name} is given by Gurum and by nobody else",
        "reason": "Forbidden",
    }


def _finalizers() -> Document:
    new, old = "object.metadata.?finalizers.orValue([])", "oldObject.metadata.?finalizers.orValue([])"
    return {
        "expression": f"{_CREATING} || {old}.all(f, !f.startsWith('{DOMAIN}/') || f in {new})",
        "message": f"finalizers of {DOMAIN} are Gurum's: what they hold may still be in a cloud",
        "reason": "Forbidden",
    }


def _adoption() -> Document:
    said = {name: f"object.spec.?{name}" for name in ADOPTION}
    said["import"] = "object.spec[?'import']"  # a word of CEL's own
    default = {"managementPolicy": "managed", "onDelete": "delete"}

    def usual(name: str) -> str:
        free = f" || {said[name]}.orValue('') == '{default[name]}'" if name in default else ""
        return f"(!{said[name]}.hasValue(){free})"

    same = " && ".join(f"{text} == {text.replace('object', 'oldObject', 1)}" for text in said.values())
    fresh = " && ".join(usual(name) for name in said)
    return {
        "expression": f"{_DECIDES} || ({_CREATING} ? ({fresh}) : ({same}))",
        "message": "import, managementPolicy and onDelete are decided by who runs the cloud",
        "reason": "Forbidden",
    }


def _annotations() -> Document:
    new, old = "object.metadata.?annotations.orValue({})", "oldObject.metadata.?annotations.orValue({})"
    stamped = f"k == '{shape.CAUSE}' && {new}[k] == variables.stamp"
    kept = f"({stamped}) || (!({_CREATING}) && {old}[?k] == {new}[?k])"
    lost = f"{_CREATING} || {old}.all(k, !k.startsWith('{DOMAIN}/') || k in {new})"
    return {
        "expression": f"{new}.all(k, !k.startsWith('{DOMAIN}/') || ({kept})) && ({lost})",
        "message": f"annotations of {DOMAIN} are Gurum's",
        "reason": "Forbidden",
    }
