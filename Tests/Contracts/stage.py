"""Where random histories happen: a rollup with tokens of every character, an owner that is a contract, the shortest delay there may be."""

from model import State
from world import *

NO_RETURN, FEE, FALSE, REENTRANT = 3, 4, 5, 6
# L1 units of an atom, of the tokens that L1 listed, and of those as well that the exchange may create.
LISTED = {ETH: GWEI, GOOD: GOOD_UNIT, NO_RETURN: 1, FEE: 1, FALSE: 1, REENTRANT: 1}
BORN_TOKENS = [BORN, BORN + 1]
UNITS = LISTED | dict.fromkeys(BORN_TOKENS, 1)
# What every owner has of every listed token when a history begins.
START_ATOMS = 10**6
SHORTEST_DELAY = WINDOW + INBOX_DEADLINE + BATCH_DEADLINE + 1


class Stage(World):
    def __init__(self):
        super().__init__(delay=SHORTEST_DELAY)
        self.auditor = self.evm.deploy(LISTER, ACTORS / "Auditor.vy")
        # An owner that decides on receiving ETH what to do.
        self.house = self.evm.deploy(LISTER, ACTORS / "Receiver.vy")
        self.owners = [ALICE, BOB, self.house.address]
        self.contracts = {GOOD: self.good}
        for identifier, name in [(NO_RETURN, "NoReturnToken"), (FEE, "FeeToken"), (FALSE, "FalseToken"), (REENTRANT, "ReentrantToken")]:
            token = self.contracts[identifier] = self.evm.deploy(LISTER, TOKENS / f"{name}.vy")
            assert self.list(token, 6, 0, name[:16]) == identifier
            for person in (ALICE, BOB):
                token.mint(person, 10**15, sender=LISTER)
                if "approve" in token._functions:
                    token.approve(self.rollup.address, 2**256 - 1, sender=person)
        assert self.rollup.list_market(GOOD, ETH, 3, 1, 5, CAROL, 0, 0, sender=LISTER).value == 1
        # Everybody has something, under a claimed state.
        self.inbox = [None] * self.rollup.inbox_count()  # as `State.consume` takes them
        for token, unit in LISTED.items():
            for owner in self.owners:
                if token == ETH:
                    self.deposit_eth(owner, START_ATOMS, sender=ALICE)
                else:
                    self.rollup.deposit(token, START_ATOMS * unit, owner, sender=ALICE)
                self.inbox.append(("deposit", owner, token, START_ATOMS))
        self.state = State()
        for message in self.inbox:
            self.state.consume(message)
        self.settle(self.state.tree().root)
        self.saved = self.evm.save()

    def balance(self, owner: bytes, token: int) -> int:
        """What an owner has on L1, in L1 units."""
        if token != ETH and token not in self.contracts:
            return 0
        return self.evm.balance(owner) if token == ETH else self.contracts[token].balanceOf(owner)
