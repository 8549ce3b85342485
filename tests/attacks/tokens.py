"""Bearer tokens: forged, of somebody else, for somebody else, of another kind, of another time."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from tests.attacks.forge import FOREIGN, Site, claims, own_key, signed, text, unsigned
from tests.attacks.rows import BEARER, Result, Row, bearer, judged
from tests.support.browser import Browser

Make = Callable[[Site], str]


def rows() -> Iterator[Row]:
    """Every forged token at the private provider's path, and some at the public one's."""
    for name, make, guard in (*_signatures(), *_headers(), *_claims(), *_who()):
        yield Row(name, partial(_at, "private", make), guard)
    for name, provider, make in _crossed():
        yield Row(name, partial(_at, provider, make))
    for name, attempt in _elsewhere():
        yield Row(name, attempt)


def _at(provider: str, make: Make, site: Site) -> Result:
    return bearer(site, make(site), provider)


def _signatures() -> Iterator[tuple[str, Make, str]]:
    for algorithm in ("none", "None", "NONE", "nOnE"):
        yield f"alg {algorithm}", partial(_unsigned, algorithm, ""), ""
        yield f"alg {algorithm} with a signature", partial(_unsigned, algorithm, "AAAA"), ""
    for algorithm in ("HS256", "HS384", "HS512"):
        for form in ("pem", "der", "jwk"):
            yield f"{algorithm} keyed with the public key ({form})", partial(_confused, algorithm, form), ""
    for algorithm in ("RS384", "RS512", "PS256"):
        yield f"{algorithm}, which is not allowed here", partial(_by, algorithm), "algorithms"
    yield "a foreign key under the known kid", lambda s: signed(s, claims(s), key=FOREIGN), "signature"
    yield "a damaged signature", lambda s: signed(s, claims(s))[:-6] + "AAAAAA", "signature"
    yield "another token's signature", _swapped, "signature"
    yield "no signature", lambda s: signed(s, claims(s)).rpartition(".")[0] + ".", ""
    yield "a part more", lambda s: signed(s, claims(s)) + ".AAAA", ""
    yield "two parts", lambda s: signed(s, claims(s)).rpartition(".")[0], ""
    yield "the form of an encrypted token", lambda s: "a.b.c.d.e", ""
    yield "not a token at all", lambda s: "secret", ""
    yield "nothing", lambda s: "", ""
    yield "20,000 letters", lambda s: signed(s, claims(s)) + "A" * 20_000, ""


def _by(algorithm: str, site: Site) -> str:
    return signed(site, claims(site), alg=algorithm)


def _unsigned(algorithm: str, signature: str, site: Site) -> str:
    header = {"alg": algorithm, "typ": "at+jwt", "kid": own_key(site, "private").kid}
    return unsigned(header, claims(site), signature)


def _confused(algorithm: str, form: str, site: Site) -> str:
    own = own_key(site, "private")
    public = {
        "pem": lambda: own.as_pem(private=False),
        "der": lambda: own.as_der(private=False),
        "jwk": lambda: json.dumps(own.as_dict(private=False)).encode(),
    }[form]()
    data = unsigned({"alg": algorithm, "typ": "at+jwt", "kid": own.kid}, claims(site)).rpartition(".")[0]
    digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}[algorithm]
    return f"{data}.{text(hmac.new(public, data.encode(), digest).digest())}"


def _swapped(site: Site) -> str:
    data = signed(site, claims(site)).rpartition(".")[0]
    return f"{data}.{signed(site, claims(site, sub='another')).rpartition('.')[2]}"


def _headers() -> Iterator[tuple[str, Make, str]]:
    def header(**changed: Any) -> Make:
        return lambda site: signed(site, claims(site), **changed)

    def foreign(**changed: Any) -> Make:
        return lambda site: signed(site, claims(site), key=FOREIGN, **changed)

    public = FOREIGN.as_dict(private=False)
    yield "a key in the header", foreign(jwk=public), "signature"
    yield "keys at a URL of the header", foreign(jku="http://127.0.0.1:1/keys"), "signature"
    yield "a certificate at a URL of the header", foreign(x5u="http://127.0.0.1:1/cert"), "signature"
    yield "a foreign key under its own kid", foreign(kid=FOREIGN.thumbprint()), ""
    yield "a kid that is a path", header(kid="../../../../dev/null"), ""
    yield "a kid that is SQL", header(kid="' OR '1'='1"), ""
    yield "a kid that is a list", header(kid=["a"]), ""
    yield "no kid", header(kid=None), ""
    yield "a kid of 1,000 letters", header(kid="k" * 1000), ""
    yield "crit", header(crit=["exp"]), ""
    yield "b64 false", header(b64=False, crit=["b64"]), ""
    yield "typ JWT, as of an ID token", header(typ="JWT"), "kind"
    yield "typ logout+jwt", header(typ="logout+jwt"), "kind"
    yield "no typ", header(typ=None), "kind"
    yield "typ that is a number", lambda s: unsigned({"alg": "RS256", "typ": 1}, claims(s), "AAAA"), ""
    yield "a header that is a list", lambda s: f"{text(b'[]')}.{text(b'{}')}.AAAA", ""
    yield "a header that is no JSON", lambda s: f"{text(b'{')}.{text(b'{}')}.AAAA", ""
    yield "a header nested 5,000 deep", lambda s: f"{text(b'[' * 5000)}.{text(b'{}')}.AAAA", ""


def _claims() -> Iterator[tuple[str, Make, str]]:
    now = int(time.time())

    def changed(**values: Any) -> Make:
        return lambda site: signed(site, claims(site, **values))

    yield "the other provider's issuer", lambda s: signed(s, claims(s, iss=s.issuer("public"))), "issuer"
    yield "an issuer with a slash more", lambda s: signed(s, claims(s, iss=s.issuer("private") + "/")), "issuer"
    yield "an issuer in large letters", lambda s: signed(s, claims(s, iss=s.issuer("private").upper())), "issuer"
    yield "issuers in a list", lambda s: signed(s, claims(s, iss=[s.issuer("private")])), ""
    yield "no issuer", changed(iss=None), ""
    for name, audience in {
        "another audience": "https://elsewhere.test",
        "a client's audience": "openstack",
        "an empty audience": "",
        "audiences without ours": ["a", "b"],
        "an empty list of audiences": [],
    }.items():
        yield name, changed(aud=audience), "audience"
    yield "no audience", changed(aud=None), "audience"
    yield "an audience that begins as ours", lambda s: signed(s, claims(s, aud=s.auth_url + "/x")), "audience"
    yield "an audience that holds ours", lambda s: signed(s, claims(s, aud=f"x {s.auth_url}")), "audience"
    yield "an audience in a map", lambda s: signed(s, claims(s, aud={s.auth_url: 1})), ""
    yield "expired an hour ago", changed(exp=now - 3600), "expired"
    yield "expired beyond the leeway", changed(exp=now - 40), "expired"
    for value in (None, "tomorrow", str(now + 300), True, [now + 300], -1, 1e300):
        yield f"exp {value!r}"[:40], changed(exp=value), ""
    yield "nbf beyond the leeway", changed(nbf=now + 3600), "future"
    yield "iat beyond the leeway", changed(iat=now + 3600), "future"
    yield "nbf that is a text", changed(nbf="now"), ""
    yield "no iat", changed(iat=None), ""
    yield "an ID token's nonce", changed(nonce="n"), "nonce of an ID token"
    yield "an ID token's at_hash", changed(at_hash="n"), "nonce of an ID token"
    yield "claims that are a list", lambda s: signed(s, b"[]"), ""
    yield "claims that are no JSON", lambda s: signed(s, b"{"), ""
    yield "claims that are a text", lambda s: signed(s, b'"x"'), ""


# What Keystone's mapping would split, read as Python, fill in, crash on, or cut off.
UNPLAIN = {
    "a list by ;": "a;media-leads",
    "a Python list": "['a', 'b']",
    "a place to fill in": "{0}",
    "an attribute to fill in": "{0.__class__}",
    "an open brace": "{",
    "a backslash": "a\\b",
    "a line end": "a\nb",
    "a NUL": "a\0b",
    "a direction mark": "a\u202eb",
    "spaces around": " admin ",
    "nothing": "",
    "256 letters": "a" * 256,
}


def _who() -> Iterator[tuple[str, Make, str]]:
    odd: dict[str, Any] = {"a number": 1, "a list": ["admin"], "a map": {"a": 1}, "null": None, "true": True}
    for claim in ("sub", "preferred_username"):
        for name, value in (UNPLAIN | odd).items():
            guard = "plain" if name in ("a list by ;", "a place to fill in", "spaces around") else ""
            yield f"{claim} is {name}", partial(_claim, claim, value), guard


def _claim(claim: str, value: Any, site: Site) -> str:
    return signed(site, claims(site, **{claim: value}))


def _crossed() -> Iterator[tuple[str, str, Make]]:
    yield "a public token at the private path", "private", lambda s: signed(s, claims(s, "public"), provider="public")
    yield "a private token at the public path", "public", lambda s: signed(s, claims(s), provider="private")
    yield (
        "a public key's token that names the private issuer",
        "private",
        lambda s: signed(s, claims(s), provider="public"),
    )
    yield (
        "the same under the private kid",
        "private",
        lambda s: signed(s, claims(s), provider="public", kid=own_key(s, "private").kid),
    )
    yield "a robot's token of the public provider at the private path", "private", partial(_robot, "public")


def _robot(provider: str, site: Site) -> str:
    form = {"grant_type": "client_credentials", "client_id": "robot", "client_secret": site.secret(f"{provider}-robot")}
    page = Browser().post(f"{site.issuer(provider)}/token", form)
    return str(json.loads(page.text)["access_token"])


def _elsewhere() -> Iterator[tuple[str, Callable[[Site], Result]]]:
    def path(site: Site) -> str:
        return site.auth_url + BEARER.format("private")

    yield (
        "a good token in the query",
        lambda s: judged(Browser().post(f"{path(s)}?access_token={signed(s, claims(s))}", {})),
    )
    yield "a good token in the form", lambda s: judged(Browser().post(path(s), {"access_token": signed(s, claims(s))}))
    yield (
        "a good token as a password",
        lambda s: judged(Browser().post(path(s), {}, Authorization=f"Basic {signed(s, claims(s))}")),
    )
    yield (
        "a good token as X-Auth-Token",
        lambda s: judged(Browser().post(path(s), {}, X_Auth_Token=signed(s, claims(s)))),
    )
    yield (
        "a good token at Keystone's own login",
        lambda s: judged(Browser().post(f"{s.auth_url}/auth/tokens", {}, Authorization="Bearer " + _by("RS256", s))),
    )
    yield "two tokens", lambda s: bearer(s, f"{signed(s, claims(s))}, Bearer {signed(s, claims(s))}")
