"""Golden vectors of blobs: from the bytes of a batch to what L1 calls them by, and the transactions that carry them.

The commitments and proofs come from the Python package ckzg, the transactions from eth_account. Blobs are long: what is easily made again
is given by its keccak256.
"""

import functools

import ckzg
from eth_account import Account
from eth_account.typed_transactions import base
from eth_utils import keccak, to_checksum_address

import reference as ref

# eth_account loads it, for two seconds, for everything that it computes.
base.load_trusted_setup = functools.cache(base.load_trusted_setup)
PATTERN = bytes(i * 167 % 251 for i in range(251))  # no period of 31
SIZES = [1, 31, 32, 100_000, ref.BATCH_BYTES_MAX]


def _hex(value: bytes) -> str:
    return "0x" + value.hex()


def trusted_setup():
    return base.load_trusted_setup(base.TRUSTED_SETUP, 0)


def patterned(size: int) -> bytes:
    return (PATTERN * (size // len(PATTERN) + 1))[:size]


@functools.cache
def blob(size: int) -> dict:
    content = ref.blob(patterned(size))
    assert ref.batch_in_blob(content, size) == patterned(size)
    commitment = ckzg.blob_to_kzg_commitment(content, trusted_setup())
    _, cell_proofs = ckzg.compute_cells_and_kzg_proofs(content, trusted_setup())
    return {
        "size": size,
        "blobKeccak": _hex(keccak(content)),
        "commitment": _hex(commitment),
        "versionedHash": _hex(ref.versioned_hash(commitment)),
        "proof": _hex(ckzg.compute_blob_kzg_proof(content, commitment, trusted_setup())),
        "cellProofsKeccak": _hex(keccak(b"".join(cell_proofs))),
    }


def transaction(nonce: int, sizes: list[int], key: bytes, chain_id: int, rollup: bytes) -> dict:
    """`raw` is what the hash is of; what is sent to L1, with blobs, commitments and cell proofs, is given by its length and keccak256."""
    fields = {
        "chainId": chain_id, "nonce": nonce, "maxPriorityFeePerGas": 10**9, "maxFeePerGas": 3 * 10**9, "gas": 200_000,
        "to": to_checksum_address(rollup), "value": 0, "data": bytes(range(164)), "type": 3, "maxFeePerBlobGas": 10**9 + nonce,
    }
    signed = Account.sign_transaction(fields, key, blobs=[ref.blob(patterned(size)) for size in sizes])
    pooled = bytes(signed.raw_transaction)
    hashes = [bytes.fromhex(blob(size)["versionedHash"][2:]) for size in sizes]
    alone = Account.sign_transaction(fields | {"blobVersionedHashes": hashes}, key)
    raw = bytes(alone.raw_transaction)  # eth_account's `hash` of the other is that of all its bytes
    assert raw[1:] in pooled
    return fields | {
        "to": _hex(rollup), "value": "0", "data": _hex(fields["data"]), "sizes": sizes, "blobVersionedHashes": [_hex(h) for h in hashes],
        "raw": _hex(raw), "hash": _hex(keccak(raw)), "pooledSize": len(pooled), "pooledKeccak": _hex(keccak(pooled)),
    }


def batch_hashes() -> list[dict]:
    """The batch chain of the rollup: a batch as calldata, then one in a blob, then one as calldata."""
    steps, previous = [], bytes(32)
    for number, size in enumerate([0, 100_000, 0]):
        data_hash = bytes.fromhex(blob(size)["versionedHash"][2:]) if size else keccak(patterned(number + 1))
        accumulator, first, last = keccak(bytes([number])), 1_700_000_000_000 + number * 12_000, 1_700_000_011_000 + number * 12_000
        hash = ref.chain_batch(previous, number, 5 * number, accumulator, first, last, data_hash, size)
        steps.append(
            {
                "previous": _hex(previous), "number": number, "inboxEnd": 5 * number, "inboxAccumulator": _hex(accumulator), "firstTimeMs": first,
                "lastTimeMs": last, "dataHash": _hex(data_hash), "blobSize": size, "batchHash": _hex(hash),
            }
        )
        previous = hash
    return steps


def post_blob() -> dict:
    types = ["uint256", "uint256", "uint64", "uint64", "uint256"]
    arguments = [7, 1_234, 1_700_000_000_000, 1_700_000_011_000, 100_000]
    data = keccak(f"post_blob({','.join(types)})".encode())[:4] + ref.encode(types, arguments)
    return dict(zip(["number", "inboxEnd", "firstTimeMs", "lastTimeMs", "size"], arguments)) | {"callData": _hex(data)}


def blobs(key: bytes, chain_id: int, rollup: bytes) -> dict:
    return {
        "pattern": _hex(PATTERN),
        "blobs": [blob(size) for size in SIZES],
        "transactions": [transaction(nonce, sizes, key, chain_id, rollup) for nonce, sizes in enumerate([[100_000], [ref.BATCH_BYTES_MAX], [32, 1]])],
        "batchHashes": batch_hashes(),
        "postBlob": post_blob(),
    }
