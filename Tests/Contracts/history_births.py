"""Tokens that are born on the exchange in a random history: their ERC-20 comes to be by proof, whenever anybody wants it, with the supply that was
proven; before that nothing of them can leave, afterwards they leave and come back like any other."""

from evm import compiled
from history_exits import *

SYMBOL = b"BORN".ljust(16, b"\0")


class Births(Exits):
    @initialize()
    def start(self):
        for token in BORN_TOKENS:  # of another history
            self.stage.contracts.pop(token, None)
        super().start()
        self.created: dict[int, int] = {}  # supply by token, of those that L1 knows
        self.left = False  # whether everybody tried to leave

    @rule(who=whose, token=st.sampled_from(BORN_TOKENS), supply=st.sampled_from([1, 10**6, 2**63 - 1]), decimals=st.integers(0, 18))
    def bear(self, who, token, supply, decimals):
        if token not in self.now.born:
            self.now.born[token] = supply, decimals
            self.now.balance(self.owner(who), token)[0] = supply
            self.did("token born")

    def refusal(self, owner: bytes, token: int, atoms: int) -> str | None:
        if token in BORN_TOKENS and token not in self.created:
            return "listings: call create_token first"
        return super().refusal(owner, token, atoms)

    @rule(data=st.data(), token=st.sampled_from(BORN_TOKENS))
    def create(self, data, token):
        number = data.draw(st.integers(0, len(self.claimed_at) - 1), label="batch")
        self.try_create(number, token, data.draw(st.sampled_from([0, 0, 0, 1, 10**6]), label="more"))

    def try_create(self, number: int, token: int, more: int = 0) -> None:
        """Creates the ERC-20 by the state after a batch; `more`: with so many atoms that nobody has."""
        supply, decimals = self.posted[number].born.get(token, (1, 0))
        path = self.trees[number].path(ref.TOKEN_CELLS_START + token)
        call = lambda: self.rollup.create_token(number, token, min(supply + more, 2**64 - 1), decimals, SYMBOL, path, sender=MALLORY)
        reason = None
        if not self.final(number):
            reason = "batches: not final"
        elif token not in self.posted[number].born or more:
            reason = "rollup: wrong path"
        elif token in self.created:
            reason = "listings: token already created"
        if reason is not None:
            with reverts(reason):
                call()
            return self.did("create_token refused")
        call()
        at = address(self.rollup.tokens(token)[0])
        self.stage.contracts[token] = Contract(self.stage.evm, at, compiled(CONTRACTS / "BornToken.vy")["abi"])
        self.created[token] = self.held[token] = supply
        self.did("create_token")

    @running
    @rule(who=st.integers(0, 1), token=st.sampled_from(BORN_TOKENS), atoms=amounts)
    def come_out(self, who, token, atoms):
        """Withdraws, and deposits a part again: all the steps that it takes, which would seldom come together by chance."""
        owner = self.owner(who)
        self.bear(who, token, 10**6, 6)
        if not self.now.withdraw(owner, token, min(atoms, self.now.balance(owner, token)[0])):
            return
        self.batch(consume=9, size=None, then="finalize", reuse=None)
        number = len(self.posted) - 1
        if token not in self.created:
            self.try_create(number, token)
        for key, cell in self.cells(number).items():
            if key[0] == "record" and cell[1:3] == (owner, token) and key not in self.paid:
                self.try_withdraw(number, key[1])
        self.bring_back(owner, token, atoms // 2 + 1)

    def bring_back(self, owner: bytes, token: int, atoms: int) -> None:
        atoms = min(atoms, self.balances[owner, token])
        if atoms:
            self.stage.contracts[token].approve(self.rollup.address, atoms, sender=owner)
            index = self.rollup.deposit(token, atoms, owner, sender=owner).value
            self.append(("deposit", owner, token, atoms), index)
            self.held[token] += atoms
            self.balances[owner, token] -= atoms
            self.did("born token deposited")

    @invariant()
    def supplies_are_as_proven(self):
        for token, supply in getattr(self, "created", {}).items():
            contract, holders = self.stage.contracts[token], [*self.stage.owners, self.rollup.address]
            assert contract.totalSupply() == supply == sum(contract.balanceOf(holder) for holder in holders)
            assert contract.balanceOf(self.rollup.address) == self.held[token] == self.rollup.held_atoms(token)

    def leave(self) -> None:
        """The first time some have not asked L1 to create their tokens; the second time all have."""
        last = len(self.claimed_at) - 1
        for token in self.posted[last].born:
            if self.left and token not in self.created:
                self.try_create(last, token)
        self.left = True
        super().leave()
