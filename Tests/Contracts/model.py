"""What the exchange knows, as far as money goes, and the Merkle tree over it: what an honest sequencer claims."""

import struct

import reference as ref

WITHDRAW = 4


def withdraw_command(token: int, atoms: int) -> bytes:
    """The wire's command to withdraw: what an owner forces who wants to leave."""
    return struct.pack("<BBHIQ", WITHDRAW, 0, 0, token, atoms)


class State:
    """Balances by (owner, token), withdrawal records, inbox messages consumed."""

    def __init__(self, other: "State | None" = None):
        self.balances = {key: list(pair) for key, pair in other.balances.items()} if other else {}
        self.slots = dict(other.slots) if other else {}
        # By id, all that were ever written; others have written those whose ids are missing.
        self.records = dict(other.records) if other else {}
        self.last_id = other.last_id if other else 0
        self.consumed = other.consumed if other else 0
        # Supply and decimals, by id, of tokens born here.
        self.born = dict(other.born) if other else {}

    def balance(self, owner: bytes, token: int) -> list[int]:
        """[free, locked], made when it is first asked for; its slot is its own for ever."""
        self.slots.setdefault((owner, token), len(self.slots) + 1)
        return self.balances.setdefault((owner, token), [0, 0])

    def withdraw(self, owner: bytes, token: int, atoms: int) -> bool:
        """Writes a record, if there is enough."""
        balance = self.balance(owner, token)
        if not 0 < atoms <= balance[0]:
            return False
        balance[0] -= atoms
        self.last_id += 1
        self.records[self.last_id] = owner, token, atoms
        return True

    def holds(self, id: int) -> bool:
        """Whether a record is there and no later one has taken its slot."""
        return id in self.records and self.last_id - id < ref.WITHDRAWAL_SLOTS

    def consume(self, message: tuple | None) -> None:
        """Applies the next inbox message: ("deposit" or "force", owner, token, atoms), or None for what moves no money."""
        self.consumed += 1
        match message:
            case ("deposit", owner, token, atoms):
                self.balance(owner, token)[0] += atoms
            case ("force", owner, token, atoms):
                self.withdraw(owner, token, atoms)

    def tree(self) -> ref.Tree:
        tree = ref.Tree()
        for id, (supply, decimals) in self.born.items():
            tree.set(ref.TOKEN_CELLS_START + id, ref.token_cell(ref.ZERO_ADDRESS, id, supply, decimals, 0, b"BORN"))
        for (owner, token), (free, locked) in self.balances.items():
            if free or locked:
                index = ref.BALANCE_CELLS_START + self.slots[owner, token]
                tree.set(index, ref.balance_cell(owner, token, free, locked, 1))
        for id, (owner, token, atoms) in self.records.items():
            if self.holds(id):
                tree.set(ref.withdrawal_index(id), ref.withdrawal_cell(owner, token, atoms, id, 1))
        return tree
