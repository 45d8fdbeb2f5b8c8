"""A deployed rollup with tokens, the actors around it, and the reference state tree that its sequencer claims."""

from collections.abc import Sequence
from contextlib import contextmanager

import reference as ref
from evm import CONTRACTS, ROOT, Contract, Evm, Reverted, compiled

TOKENS = ROOT / "Tests" / "Contracts" / "tokens"
ACTORS = ROOT / "Tests" / "Contracts" / "actors"

WINDOW, INBOX_DEADLINE, BATCH_DEADLINE, DRIFT, BOND = 1_000, 5_000, 3_000, 4_000, 10**18
PRICE = 10**14
DELAY = 30 * 86_400
GUEST_ROOT = b"\x47" * 32
GWEI = 10**9
ETH, GOOD = 1, 2
# The first token born on the exchange.
BORN = 2_048
# 18 decimals on L1, atoms of 10^12 units: 6 decimals inside.
GOOD_UNIT = 10**12
ATOMS_MAX = 2**63 - 1
# What a contract sees of a blob: a version byte, then of a hash.
BLOB_HASH = b"\x01" + bytes(range(1, 32))

SEQUENCER, LISTER, ALICE, BOB, CAROL, MALLORY, GOVERNOR = (bytes([0xA0 + i]) * 20 for i in range(7))
PEOPLE = [SEQUENCER, LISTER, ALICE, BOB, CAROL, MALLORY, GOVERNOR]

# What the constructor is given, in its order; the blueprint of born tokens is deployed first.
DEPLOYMENT = {
    "sequencer": SEQUENCER, "lister": LISTER, "window": WINDOW, "inbox_deadline": INBOX_DEADLINE, "batch_deadline": BATCH_DEADLINE, "drift": DRIFT,
    "bond": BOND, "price": PRICE, "blueprint": None, "governor": GOVERNOR, "delay": DELAY, "guest_root": GUEST_ROOT,
}

# Every revert reason that a test has seen; `test_zz_reasons` compares them with the sources.
SEEN_REASONS: set[str] = set()


@contextmanager
def reverts(reason: str):
    """The block must revert with exactly this reason."""
    try:
        yield
    except Reverted as error:
        SEEN_REASONS.add(error.reason)
        assert error.reason == reason
    else:
        raise AssertionError(f"did not revert with {reason!r}")


def symbol(text: str) -> bytes:
    return text.encode().ljust(32, b"\0")


def address(text: str) -> bytes:
    return bytes.fromhex(text[2:])


class World:
    def __init__(self, **changes):
        self.evm = Evm(PEOPLE)
        self.blueprint = self.evm.deploy_blueprint(LISTER, CONTRACTS / "BornToken.vy")
        self.rollup = self.deploy_rollup(**changes)
        self.good = self.evm.deploy(LISTER, TOKENS / "GoodToken.vy")
        assert self.list(self.good, 6, 12, "GOOD") == GOOD
        for person in PEOPLE:
            self.good.mint(person, 10**30, sender=LISTER)
            self.good.approve(self.rollup.address, 2**256 - 1, sender=person)

    def arguments(self, **changes) -> list:
        """What the constructor is given, but for some changes."""
        assert changes.keys() <= DEPLOYMENT.keys()
        return list((DEPLOYMENT | {"blueprint": self.blueprint.address} | changes).values())

    def deploy_rollup(self, **changes) -> Contract:
        return self.evm.deploy(LISTER, CONTRACTS / "Rollup.vy", *self.arguments(**changes))

    # Time.

    def sleep(self, seconds: int) -> None:
        self.evm.time += seconds

    @property
    def now_ms(self) -> int:
        return self.evm.time * 1000

    # Actors.

    def list(self, token: Contract, decimals: int, unit_exponent: int, name: str) -> int:
        return self.rollup.list_token(token.address, decimals, unit_exponent, symbol(name), sender=LISTER).value

    def deposit_eth(self, owner: bytes, atoms: int, sender: bytes | None = None) -> int:
        return self.rollup.deposit_eth(owner, sender=sender or owner, value=atoms * GWEI).value

    def deposit(self, owner: bytes, atoms: int, token: int = GOOD, unit: int = GOOD_UNIT) -> int:
        return self.rollup.deposit(token, atoms * unit, owner, sender=owner).value

    def force(self, sender: bytes, payload: bytes, value: int = PRICE) -> int:
        return self.rollup.force(payload, sender=sender, value=value).value

    def post(self, inbox_end: int | None = None, data: bytes = b"batch", **overrides):
        """Posts the next batch as calldata; consumes the whole inbox unless told otherwise."""
        return self._post(self.rollup.post_batch, {"inbox_end": inbox_end, "content": data} | overrides)

    def post_blob(self, inbox_end: int | None = None, size: int = 5, hashes: Sequence[bytes] = (BLOB_HASH,), **overrides):
        """Posts the next batch in a blob; consumes the whole inbox unless told otherwise."""
        return self._post(self.rollup.post_blob, {"inbox_end": inbox_end, "content": size, "blob_hashes": hashes} | overrides)

    def _post(self, function, given: dict):
        next = {
            "number": self.rollup.batch_count(), "inbox_end": self.rollup.inbox_count(), "first": self.now_ms, "last": self.now_ms,
            "sender": SEQUENCER,
        } | {name: value for name, value in given.items() if value is not None}
        arguments = [next.pop(name) for name in ("number", "inbox_end", "first", "last", "content")]
        return function(*arguments, **next)

    def claim(self, root: bytes, number: int | None = None, value: int = BOND, sender: bytes = SEQUENCER):
        number = self.rollup.claim_count() if number is None else number
        return self.rollup.claim_state(number, root, sender=sender, value=value)

    def settle(self, root: bytes, inbox_end: int | None = None) -> int:
        """Posts a batch and claims a root after it; returns its number."""
        self.post(inbox_end)
        self.claim(root)
        return self.rollup.claim_count() - 1

    def finalize(self) -> None:
        self.sleep(WINDOW)

    def halt(self) -> None:
        """Lets the batch deadline pass and halts."""
        self.sleep(BATCH_DEADLINE + 1)
        self.rollup.halt(sender=MALLORY)

    # Claims on money.

    def withdraw(self, batch: int, tree: ref.Tree, id: int, owner: bytes, token: int, amount: int, block: int = 1, **options):
        return self.rollup.withdraw(batch, id, owner, token, amount, block, tree.path(ref.withdrawal_index(id)), sender=MALLORY, **options)

    def exit(self, tree: ref.Tree, slot: int, owner: bytes, token: int, free: int, locked: int, account: int = 1, **options):
        index = ref.BALANCE_CELLS_START + slot
        return self.rollup.exit_balance(index, owner, token, free, locked, account, tree.path(index), sender=MALLORY, **options)

    def pay_many(self, batch: int, tree: ref.Tree, cells, siblings=None, **options):
        """`cells` as the contract takes them: (index, owner, token, first, second, third)."""
        siblings = tree.multiproof([c[0] for c in cells]) if siblings is None else siblings
        return self.rollup.pay_many(batch, cells, siblings, **{"sender": MALLORY} | options)

    def create_token(self, batch: int, tree: ref.Tree, id: int, supply: int, decimals: int, symbol: bytes, **options) -> Contract:
        """Creates the ERC-20 of a token born on the exchange."""
        path = tree.path(ref.TOKEN_CELLS_START + id)
        self.rollup.create_token(batch, id, supply, decimals, symbol.ljust(16, b"\0"), path, sender=MALLORY, **options)
        return Contract(self.evm, address(self.rollup.tokens(id)[0]), compiled(CONTRACTS / "BornToken.vy")["abi"])

    # Invariants.

    def bonds(self) -> int:
        return sum(self.rollup.claims(n)[3] for n in range(self.rollup.claim_count()))

    def check_solvent(self, *more: tuple[int, Contract, int]) -> None:
        """The contract holds for every token exactly what its books say."""
        assert self.evm.balance(self.rollup.address) == self.rollup.held_atoms(ETH) * GWEI + self.bonds() + self.rollup.message_fees()
        for token, contract, unit in [(GOOD, self.good, GOOD_UNIT), *more]:
            assert contract.balanceOf(self.rollup.address) == self.rollup.held_atoms(token) * unit


def withdrawal_tree(*records: tuple[bytes, int, int]) -> ref.Tree:
    """A state with withdrawal records (owner, token, atoms) of block 1, ids from 1."""
    tree = ref.Tree()
    for id, (owner, token, atoms) in enumerate(records, start=1):
        tree.set(ref.withdrawal_index(id), ref.withdrawal_cell(owner, token, atoms, id, 1))
    return tree


def balance_tree(*balances: tuple[bytes, int, int, int]) -> ref.Tree:
    """A state with balances (owner, token, free, locked) of account 1, in slots from 1."""
    tree = ref.Tree()
    for slot, (owner, token, free, locked) in enumerate(balances, start=1):
        tree.set(ref.BALANCE_CELLS_START + slot, ref.balance_cell(owner, token, free, locked, 1))
    return tree
