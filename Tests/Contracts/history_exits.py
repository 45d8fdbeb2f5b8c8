"""The ways out in a random history, with tokens and owners in whatever mood they are; at its end everybody leaves, and nobody is stuck."""

from history import *


class Exits(History):
    def final(self, number: int) -> bool:
        return number < len(self.claimed_at) and self.stage.evm.time - self.claimed_at[number] >= WINDOW

    def refusal(self, owner: bytes, token: int, atoms: int) -> str | None:
        """Why paying this now is refused by the token or the owner; None if it is not."""
        units = atoms * UNITS[token]
        if token == ETH and owner == self.stage.house.address and self.refuses:
            return "custody: receiver refused"
        fee = units * self.sender_fee // 100
        if token == FEE and fee:
            # More than there is cannot be charged: the token itself reverts.
            there = self.held[FEE] + self.gifts[FEE]
            return "custody: wrong amount sent" if units + fee <= there else ""
        if token == FALSE and self.word != 1:
            return "custody: transfer refused" if self.word == 0 else ""
        return None

    def pay(self, key, owner, token, atoms, name, *arguments) -> None:
        """The call must pay exactly `atoms` to `owner`, if `key` was not paid before and nobody in its way refuses."""
        call = lambda: getattr(self.rollup, name)(*arguments, sender=MALLORY)
        if key in self.paid:
            with reverts("rollup: already refunded" if key[0] == "refund" else "payouts: already paid"):
                call()
            return self.did(f"{name} refused")
        reason = self.refusal(owner, token, atoms)
        if reason is not None:
            with reverts(reason):
                call()
            return self.did("payment refused")
        thief = None
        if self.reenters and token == REENTRANT:
            thief = self.stage.contracts[REENTRANT]
            thief.arm(self.rollup.address, self.rollup.calldata(name, *arguments), sender=MALLORY)
        elif self.reenters and token == ETH and owner == self.stage.house.address:
            thief = self.stage.house
            thief.arm(3, self.rollup.address, self.rollup.calldata(name, *arguments), sender=MALLORY)
        call()
        if thief is not None:
            assert thief.called() and not thief.succeeded()
            thief.arm(*([0] if thief is self.stage.house else []), bytes(20), b"", sender=MALLORY)
            self.did("re-entry refused")
        self.was_paid(key, owner, token, atoms)
        self.did(name)

    def was_paid(self, key, owner, token, atoms) -> None:
        self.paid.add(key)
        self.held[token] -= atoms
        units = atoms * UNITS[token]
        self.balances[owner, token] += units - (units * self.receiver_fee // 100 if token == FEE else 0)

    # Each way out.

    def withdrawal(self, number: int, id: int) -> tuple:
        owner, token, atoms = self.posted[-1].records[id]
        return number, id, owner, token, atoms, 1, self.trees[number].path(ref.withdrawal_index(id))

    def balance_exit(self, number: int, owner: bytes, token: int) -> tuple:
        state = self.posted[number]
        index = ref.BALANCE_CELLS_START + state.slots[owner, token]
        return index, owner, token, *state.balances[owner, token], 1, self.trees[number].path(index)

    def try_withdraw(self, number: int, id: int) -> None:
        arguments = self.withdrawal(number, id)
        _, _, owner, token, atoms, *_ = arguments
        if not self.final(number):
            with reverts("batches: not final"):
                self.rollup.withdraw(*arguments, sender=MALLORY)
        elif not self.posted[number].holds(id):
            with reverts("payouts: wrong path"):
                self.rollup.withdraw(*arguments, sender=MALLORY)
            self.did("withdraw under a state without the record refused")
        else:
            self.pay(("record", id), owner, token, atoms, "withdraw", *arguments)

    def try_exit(self, owner: bytes, token: int) -> None:
        last = len(self.claimed_at) - 1
        atoms = sum(self.posted[last].balances.get((owner, token), [0]))
        if atoms == 0:
            return
        arguments = self.balance_exit(last, owner, token)
        if not self.halted:
            with reverts("halting: not halted"):
                self.rollup.exit_balance(*arguments, sender=MALLORY)
        elif not self.final(last):
            with reverts("batches: not final"):
                self.rollup.exit_balance(*arguments, sender=MALLORY)
        else:
            self.pay(("balance", owner, token), owner, token, atoms, "exit_balance", *arguments)

    def try_refund(self, index: int) -> None:
        _, owner, token, atoms = self.inbox[index]
        last = len(self.claimed_at) - 1
        reason = None
        if not self.halted:
            reason = "halting: not halted"
        elif not self.final(last):
            reason = "batches: not final"
        elif index < self.posted[last].consumed:
            reason = "rollup: deposit was consumed"
        if reason is None:
            self.pay(("refund", index), owner, token, atoms, "refund_deposit", index, owner, token, atoms)
        else:
            with reverts(reason):
                self.rollup.refund_deposit(index, owner, token, atoms, sender=MALLORY)

    def deposits(self) -> list[int]:
        return [i for i, message in enumerate(self.inbox) if message and message[0] == "deposit"]

    @precondition(lambda self: self.posted[-1].records)
    @rule(data=st.data())
    def withdraw(self, data):
        number = data.draw(st.integers(0, len(self.claimed_at) - 1), label="batch")
        self.try_withdraw(number, data.draw(st.sampled_from(sorted(self.posted[-1].records)), label="record"))

    def cells(self, number: int) -> dict:
        """What `pay_many` takes under a final batch: by key of payment, (index, owner, token, first, second, third)."""
        state = self.posted[number]
        cells = {
            ("record", id): (ref.withdrawal_index(id), owner, token, atoms, id, 1)
            for id, (owner, token, atoms) in state.records.items()
            if state.holds(id)
        }
        if self.halted and number == len(self.claimed_at) - 1:
            for (owner, token), (free, locked) in state.balances.items():
                if free + locked:
                    index = ref.BALANCE_CELLS_START + state.slots[owner, token]
                    cells["balance", owner, token] = (index, owner, token, free, locked, 1)
        return cells

    @precondition(lambda self: self.final(0))
    @rule(data=st.data())
    def pay_many(self, data):
        number = data.draw(st.sampled_from([n for n in range(len(self.claimed_at)) if self.final(n)]), label="batch")
        cells = self.cells(number)
        if not cells:
            return
        keys = data.draw(st.sets(st.sampled_from(sorted(cells, key=cells.get)), min_size=1, max_size=8), label="cells")
        self.try_pay_many(number, cells, sorted(keys, key=cells.get))

    def try_pay_many(self, number: int, cells: dict, chosen: list) -> None:
        """Pays those of the chosen cells, in their order, that can be paid now, and no other."""
        arguments = number, self.trees[number], [cells[key] for key in chosen]
        payable = []
        for key in chosen:
            _, owner, token, first, second, _ = cells[key]
            atoms = first + (second if key[0] == "balance" else 0)
            if key not in self.paid and self.refusal(owner, token, atoms) is None:
                payable.append((key, owner, token, atoms))
                self.was_paid(*payable[-1])
        if not payable:
            with reverts("payouts: nothing was paid"):
                self.stage.pay_many(*arguments)
            return self.did("pay_many refused")
        assert self.stage.pay_many(*arguments).value == len(payable)
        self.did("pay_many")
        if len(payable) < len(chosen):
            self.did("pay_many skipped")

    @rule(who=whose, token=any_token)
    def exit(self, who, token):
        self.try_exit(self.owner(who), token)

    @precondition(lambda self: self.deposits())
    @rule(data=st.data())
    def refund(self, data):
        self.try_refund(data.draw(st.sampled_from(self.deposits()), label="deposit"))

    @rule(data=st.data())
    def reclaim(self, data):
        number = data.draw(st.integers(0, len(self.claimed_at) - 1), label="claim")
        if not self.final(number):
            with reverts("batches: not final"):
                self.rollup.reclaim_bond(number, sender=MALLORY)
        elif self.bonds[number]:
            self.rollup.reclaim_bond(number, sender=MALLORY)
            self.bonds[number] = 0
            self.did("reclaim_bond")
        else:
            with reverts("batches: no bond to give back"):
                self.rollup.reclaim_bond(number, sender=MALLORY)

    # The end.

    def leave(self) -> None:
        """Everybody takes what there is for him, as far as tokens and owners let it happen."""
        last = len(self.claimed_at) - 1
        for owner, token in self.posted[last].balances:
            self.try_exit(owner, token)
        for id in self.posted[last].records:
            # Any final state that has the record will do: the first one, or the last.
            holding = [n for n in range(last + 1) if self.posted[n].holds(id)]
            self.try_withdraw(holding[0 if id % 2 else -1], id)
            if holding[-1] != last:
                self.did("record written over")
                self.try_withdraw(last, id)
        for index in self.deposits():
            if index >= self.posted[last].consumed:
                self.try_refund(index)

    def teardown(self):
        """Every history ends the hard way: the operator is gone, everyone leaves, nothing remains."""
        if not hasattr(self, "held"):
            return
        if not self.halted:
            self.stage.sleep(BATCH_DEADLINE + 1)
            self.rollup.halt(sender=MALLORY)
            self.halted = True
            self.did("halt")
        self.stage.sleep(WINDOW)
        # What tokens and owners do that misbehave touches nobody else; a part leaves under one proof.
        self.behave(sender_fee=1, word=0, refuses=True)
        last = len(self.claimed_at) - 1
        cells = self.cells(last)
        some = sorted(cells, key=cells.get)[::3][:8]
        if some:
            self.try_pay_many(last, cells, some)
            self.try_pay_many(last, cells, some)
        self.leave()
        assert self.held[GOOD] == self.held[NO_RETURN] == 0
        # When they behave, but for trying to be paid twice, the rest leaves; what is paid already is refused.
        self.behave(reenters=True)
        self.leave()
        self.solvent()
        assert set(self.held.values()) == {0}
        for (owner, token), units in self.balances.items():
            assert self.stage.balance(owner, token) == units
        for number, bond in enumerate(self.bonds):
            if bond:
                self.rollup.reclaim_bond(number, sender=MALLORY)
        if self.fees:
            self.rollup.collect_message_fees(sender=MALLORY)
        assert self.stage.evm.balance(self.rollup.address) == 0
        self.did("history")

    def behave(self, receiver_fee=0, sender_fee=0, word=1, refuses=False, reenters=False) -> None:
        """Sets how tokens and owners behave: as they should, but for what is said."""
        self.stage.contracts[FEE].set_fees(receiver_fee, sender_fee, sender=MALLORY)
        self.stage.contracts[FALSE].set_word(word, sender=MALLORY)
        self.stage.house.arm(1 if refuses else 0, bytes(20), b"", sender=MALLORY)
        self.receiver_fee, self.sender_fee, self.word = receiver_fee, sender_fee, word
        self.refuses, self.reenters = refuses, reenters and not refuses
