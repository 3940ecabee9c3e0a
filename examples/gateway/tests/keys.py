"""Keys and tokens for a broker with accounts: those of NATS, in the form that its own tools write."""

import base64
import hashlib
import json
import time
from dataclasses import dataclass

import nkeys
from nacl.signing import SigningKey

PREFIXES = {
    "operator": nkeys.PREFIX_BYTE_OPERATOR,
    "account": nkeys.PREFIX_BYTE_ACCOUNT,
    "user": nkeys.PREFIX_BYTE_USER,
}
UNLIMITED = {name: -1 for name in ("subs", "data", "payload", "imports", "exports", "conn", "leaf")}
STORE = {name: -1 for name in ("mem_storage", "disk_storage", "streams", "consumer")}
USER = {name: -1 for name in ("subs", "data", "payload")}
ACCOUNT = {"limits": {**UNLIMITED, **STORE, "wildcards": True}}


@dataclass
class Key:
    public: str
    seed: bytes
    pair: nkeys.KeyPair


def create(kind):
    raw = bytes(SigningKey.generate())
    seed = nkeys.encode_seed(raw, PREFIXES[kind])
    pair = nkeys.from_seed(bytearray(seed))
    return Key(pair.public_key.decode(), seed, pair)


def jwt(issuer, subject, kind, claims):
    """What `issuer` says about `subject`."""

    def part(value):
        text = (
            value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()
        )
        return base64.urlsafe_b64encode(text).rstrip(b"=")

    body = {
        "iat": int(time.time()),
        "iss": issuer.public,
        "sub": subject.public,
        "name": kind,
        "nats": {"type": kind, "version": 2, **claims},
    }
    body["jti"] = (
        base64.b32encode(hashlib.sha256(json.dumps(body).encode()).digest()).rstrip(b"=").decode()
    )
    signed = part({"typ": "JWT", "alg": "ed25519-nkey"}) + b"." + part(body)
    return (signed + b"." + part(issuer.pair.sign(signed))).decode()


def credentials(user, token):
    return (
        f"-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{user.seed.decode()}\n------END USER NKEY SEED------\n"
    )
