"""Writes signatures.json with eth_account and eth_keys: the independent implementation that the Swift tests compare with.

Run: /work/.venv/bin/python Tests/Vectors/signatures.py > Tests/Vectors/signatures.json
"""
import json

from eth_account import Account
from eth_keys import keys
from eth_utils import keccak

vectors = []
for i in range(24):
    secret = keccak(b"memex signing vector %d" % i)
    digest = keccak(b"memex digest %d" % i)
    signature = keys.PrivateKey(secret).sign_msg_hash(digest)
    vectors.append({
        "secret": "0x" + secret.hex(),
        "address": Account.from_key(secret).address,
        "digest": "0x" + digest.hex(),
        "r": "0x%064x" % signature.r,
        "s": "0x%064x" % signature.s,
        "recoveryId": signature.v,
    })
print(json.dumps({"signatures": vectors}, indent=1))
