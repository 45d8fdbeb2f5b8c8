"""Blobs as they come with transactions (EIP-4844, EIP-7594): both forms are read, and believed only if commitments and proofs are right."""

import dataclasses
import functools
import hashlib
import pathlib
import sys

import ckzg
import rlp

from .failures import Rejected

BLOB_BYTES, COMMITMENT_BYTES, CELLS = 2**17, 48, 128
# Put beside the library by Deploy/setup.
TRUSTED_SETUP = pathlib.Path(sys.prefix) / "lib" / "kzg_trusted_setup.txt"


@functools.cache
def trusted_setup():
    """Takes two seconds, so it waits for the first blob."""
    return ckzg.load_trusted_setup(str(TRUSTED_SETUP), 0)


def versioned_hash(commitment: bytes) -> bytes:
    return b"\x01" + hashlib.sha256(commitment).digest()[1:]


@dataclasses.dataclass
class Sidecar:
    """What a blob transaction brings along and blocks do not hold."""

    blobs: list[bytes]
    commitments: list[bytes]
    # One a blob, or one a cell (EIP-7594).
    proofs: list[bytes]
    has_cell_proofs: bool

    @property
    def pairs(self) -> list[tuple[bytes, bytes]]:
        """Commitment and blob, in the order of the transaction."""
        return list(zip(self.commitments, self.blobs))

    def check(self, hashes: list[bytes]) -> None:
        """Raises `Rejected` unless these are the blobs of these versioned hashes, with proofs."""
        if not len(self.blobs) == len(self.commitments) == len(hashes):
            raise Rejected(f"invalid number of {len(self.blobs)} blobs, {len(self.commitments)} commitments, {len(hashes)} blob hashes")
        for size, name, values in (
            (BLOB_BYTES, "blob", self.blobs), (COMMITMENT_BYTES, "commitment", self.commitments), (COMMITMENT_BYTES, "proof", self.proofs)
        ):
            if any(len(value) != size for value in values):
                raise Rejected(f"a {name} has not {size} bytes")
        if [versioned_hash(c) for c in self.commitments] != hashes:
            raise Rejected("blob hash mismatch: a commitment does not have the versioned hash")
        per_blob = CELLS if self.has_cell_proofs else 1
        if len(self.proofs) != per_blob * len(self.blobs):
            raise Rejected(f"invalid number of {len(self.proofs)} blob proofs, want {per_blob} a blob")
        try:
            good = self._proofs_hold()
        except (RuntimeError, ValueError) as error:  # no field elements, no points of the curve
            raise Rejected(f"invalid blob: {error}") from None
        if not good:
            raise Rejected("invalid blob proof")

    def _proofs_hold(self) -> bool:
        if not self.has_cell_proofs:
            return ckzg.verify_blob_kzg_proof_batch(b"".join(self.blobs), b"".join(self.commitments), b"".join(self.proofs), trusted_setup())
        cells = [cell for blob in self.blobs for cell in ckzg.compute_cells(blob, trusted_setup())]
        commitments = [c for c in self.commitments for _ in range(CELLS)]
        indices = list(range(CELLS)) * len(self.blobs)
        return ckzg.verify_cell_kzg_proof_batch(commitments, indices, cells, self.proofs, trusted_setup())


def split(raw: bytes) -> tuple[bytes, Sidecar]:
    """A blob transaction as it is sent: the transaction that blocks hold, and what comes with it. Raises `Rejected`."""
    try:
        parts = rlp.decode(raw[1:])
    except rlp.exceptions.RLPException as error:
        raise Rejected(f"transaction does not decode: {error}") from None
    match parts:
        case [list() as body, list() as blobs, list() as commitments, list() as proofs]:
            sidecar = Sidecar(blobs, commitments, proofs, has_cell_proofs=False)
        case [list() as body, b"\x01", list() as blobs, list() as commitments, list() as proofs]:
            sidecar = Sidecar(blobs, commitments, proofs, has_cell_proofs=True)
        case [list(), bytes(), list(), list(), list()]:
            raise Rejected("unknown version of blob sidecar")
        case _:
            raise Rejected("missing sidecar in blob transaction")
    if any(isinstance(value, list) for values in (blobs, commitments, proofs) for value in values):
        raise Rejected("transaction does not decode: a list among blobs, commitments or proofs")
    return raw[:1] + rlp.encode(body), sidecar
