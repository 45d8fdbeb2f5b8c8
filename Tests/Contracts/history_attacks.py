"""What the malicious try in a random history: tokens and owners that misbehave, forged paths, calls that are not theirs."""

from history_births import *


class Attacks(Births):
    # Tokens and owners change how they behave.

    @rule(
        receiver_fee=st.sampled_from([100, 1, 0]), sender_fee=st.sampled_from([0, 1]), word=st.sampled_from([0, 2, 1]),
        refuses=st.booleans(), reenters=st.booleans(),
    )
    def misbehave(self, receiver_fee, sender_fee, word, refuses, reenters):
        self.behave(receiver_fee, sender_fee, word, refuses, reenters)

    @rule(token=st.sampled_from([FEE, FALSE, REENTRANT, NO_RETURN]), atoms=amounts)
    def give(self, token, atoms):
        """A gift is nobody's: no books change."""
        self.stage.contracts[token].mint(self.rollup.address, atoms, sender=LISTER)
        self.gifts[token] += atoms
        self.did("gift")

    # Forged payments.

    def forged(self, arguments: tuple, field: int, new) -> tuple:
        return *arguments[:field], new, *arguments[field + 1 :]

    @precondition(lambda self: self.final(0) and self.unpaid_records())
    @rule(data=st.data())
    def forge_withdrawal(self, data):
        number, id = data.draw(st.sampled_from(self.unpaid_records()), label="record")
        self.forge(data, "withdraw", self.withdrawal(number, id), owner=2, amounts=[4, 5])

    @precondition(lambda self: self.halted and self.unpaid_balances())
    @rule(data=st.data())
    def forge_exit(self, data):
        owner, token = data.draw(st.sampled_from(self.unpaid_balances()), label="balance")
        self.forge(data, "exit_balance", self.balance_exit(len(self.claimed_at) - 1, owner, token), owner=1, amounts=[3, 4, 5])

    def forge(self, data, name: str, arguments: tuple, owner: int, amounts: list[int]) -> None:
        """Calls with one thing changed that the leaf or the path holds: another owner or token, more atoms, one bit of the path."""
        field = data.draw(st.sampled_from([owner, owner + 1, *amounts, len(arguments) - 1]), label="field")
        if field == owner:
            new = MALLORY
        elif field == len(arguments) - 1:
            new = list(arguments[field])
            height, bit = data.draw(st.integers(0, 28), label="height"), data.draw(st.integers(0, 255), label="bit")
            new[height] = (int.from_bytes(new[height], "big") ^ 1 << bit).to_bytes(32, "big")
        else:
            new = arguments[field] + 1
        with reverts("payouts: wrong path"):
            getattr(self.rollup, name)(*self.forged(arguments, field, new), sender=MALLORY)
        self.did(f"forged {name}")

    @precondition(lambda self: self.final(0))
    @rule(data=st.data())
    def forge_many(self, data):
        """One thing changed in a multiproof that would pay, or not: never taken."""
        number = max(n for n in range(len(self.claimed_at)) if self.final(n))
        cells = sorted(self.cells(number).values())[:32]
        if not cells:
            return
        siblings = self.trees[number].multiproof([cell[0] for cell in cells])
        if data.draw(st.booleans(), label="cell"):
            place, field = data.draw(st.integers(0, len(cells) - 1), label="place"), data.draw(st.integers(2, 5), label="field")
            cells[place] = self.forged(cells[place], field, cells[place][field] + 1)
        else:
            place = data.draw(st.integers(0, len(siblings) - 1), label="place")
            siblings = [*siblings[:place], siblings[place][::-1], *siblings[place + 1 :]]
        misplaced = any(index >= ref.WITHDRAWAL_CELLS_START and index != ref.withdrawal_index(id) for index, _, _, _, id, _ in cells)
        with reverts("payouts: not a cell that is paid" if misplaced else "payouts: wrong proof"):
            self.rollup.pay_many(number, cells, siblings, sender=MALLORY)
        self.did("forged pay_many")

    def unpaid_records(self) -> list[tuple[int, int]]:
        """(batch, id) of what a true path would pay now."""
        finals = [n for n in range(len(self.claimed_at)) if self.final(n)]
        return [(n, id) for n in finals for id in self.posted[n].records if self.posted[n].holds(id) and ("record", id) not in self.paid]

    def unpaid_balances(self) -> list[tuple[bytes, int]]:
        last = len(self.claimed_at) - 1
        if not self.final(last):
            return []
        return [key for key, pair in self.posted[last].balances.items() if sum(pair) and ("balance", *key) not in self.paid]

    def leave(self) -> None:
        """Before anybody leaves, one path is forged, in every history at another height, one is of an older state, and somebody comes too late."""
        self.try_too_late(ALICE, 0)
        last = len(self.claimed_at) - 1
        for number in [n for n in range(last) if self.trees[n].root != self.trees[last].root][-1:]:
            for key in [key for key, pair in self.posted[number].balances.items() if sum(pair) and ("balance", *key) not in self.paid][:1]:
                with reverts("payouts: wrong path"):
                    self.rollup.exit_balance(*self.balance_exit(number, *key), sender=MALLORY)
                self.did("exit under an older state refused")
        for owner, token in self.unpaid_balances()[:1]:
            *rest, path = self.balance_exit(last, owner, token)
            height = self.done["history"] % len(path)
            with reverts("payouts: wrong path"):
                self.rollup.exit_balance(*rest, [*path[:height], path[height][::-1], *path[height + 1 :]], sender=MALLORY)
            self.did("forged exit_balance")
        super().leave()

    # Calls that are not theirs.

    @rule(data=st.data())
    def usurp(self, data):
        now = self.stage.now_ms
        calls = [
            ("batches: not the sequencer", "post_batch", len(self.posted), 0, now, now, b"x"),
            ("batches: not the sequencer", "post_blob", len(self.posted), 0, now, now, 1),
            ("batches: not the sequencer", "claim_state", len(self.claimed_at), bytes(32)),
            ("listings: not the lister", "list_token", self.stage.good.address, 6, 0, symbol("X")),
            ("listings: not the lister", "list_market", ETH, GOOD, 1, 1, 1, MALLORY, 0, 0),
            ("listings: not the lister", "set_fee_tier", MALLORY, 10),
            ("timelock: not the governor", "propose", CLAIM_BOND, 0, 0),
        ]
        reason, name, *arguments = data.draw(st.sampled_from(calls), label="call")
        sender = data.draw(st.sampled_from([MALLORY, ALICE]), label="sender")
        with reverts("halting: halted" if self.halted else reason):
            getattr(self.rollup, name)(*arguments, sender=sender, blob_hashes=[BLOB_HASH])  # only `post_blob` looks at it
        with reverts("timelock: not the governor"):
            self.rollup.cancel(CLAIM_BOND, 0, sender=sender)
        self.did("usurping refused")

    @precondition(lambda self: self.halted)
    @rule(sender=senders, who=whose)
    def too_late(self, sender, who):
        self.try_too_late(sender, who)

    def try_too_late(self, sender, who) -> None:
        """Nothing but leaving works after a halt."""
        now = self.stage.now_ms
        for sender, name, *arguments in [
            (sender, "deposit", GOOD, GOOD_UNIT, self.owner(who)), (sender, "force", b"x"), (sender, "halt"),
            (SEQUENCER, "post_batch", len(self.posted), self.now.consumed, now, now, b"x"),
            (SEQUENCER, "post_blob", len(self.posted), self.now.consumed, now, now, 1), (SEQUENCER, "claim_state", 0, bytes(32)),
            (GOVERNOR, "propose", CLAIM_BOND, 0, 0), (LISTER, "set_fee_tier", ALICE, 10),
            *[(MALLORY, "execute", *change) for change in self.proposals],
        ]:
            with reverts("halting: halted"):
                getattr(self.rollup, name)(*arguments, sender=sender, blob_hashes=[BLOB_HASH])
        self.did("too late")
