"""Random actors against a model: the contract stays solvent at every step, and at the end everyone gets back every atom.

Fixed seed; `MEMEX_FUZZ=1000` runs that many random histories instead.
"""

import os

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

import reference as ref
from world import *

OWNERS = [ALICE, BOB, CAROL]
UNITS = {ETH: GWEI, GOOD: GOOD_UNIT}
owners, tokens, amounts = st.sampled_from(OWNERS), st.sampled_from([ETH, GOOD]), st.integers(1, 10**6)


class State:
    """What the exchange knows: balances by (owner, token), withdrawal records, inbox messages consumed."""

    def __init__(self, other: "State | None" = None):
        self.balances = {k: list(v) for k, v in other.balances.items()} if other else {(o, t): [0, 0] for o in OWNERS for t in UNITS}
        self.records = list(other.records) if other else []
        self.consumed = other.consumed if other else 0

    @staticmethod
    def slot(owner, token) -> int:
        return 1 + 2 * OWNERS.index(owner) + (token - 1)

    def tree(self) -> ref.Tree:
        tree = ref.Tree()
        for (owner, token), (free, locked) in self.balances.items():
            if free or locked:
                tree.set(ref.BALANCE_CELLS_START + self.slot(owner, token), ref.balance_cell(owner, token, free, locked, 1))
        for id, (owner, token, atoms) in enumerate(self.records, start=1):
            tree.set(ref.WITHDRAWAL_CELLS_START + id, ref.withdrawal_cell(owner, token, atoms, id, 1))
        return tree


class Histories(RuleBasedStateMachine):
    prepared = None  # (world, saved state), set by the test
    finished = {"halted": 0, "balance": 0, "refund": 0, "record": 0, "histories": 0}

    @initialize()
    def start(self):
        self.world, saved = self.prepared
        self.world.evm.load(saved)
        self.rollup = self.world.rollup
        self.now = State()
        self.posted: list[State] = []  # after each batch
        self.trees: list[ref.Tree] = []
        self.inbox = [None] * self.rollup.inbox_count()  # deposits (owner, token, atoms), None for what moves no money
        self.inbox_times = [self.world.evm.time] * len(self.inbox)
        self.claimed_at: list[int] = []
        self.posted_at: list[int] = []
        self.paid: set = set()
        self.held = {ETH: 0, GOOD: 0}
        self.got = {(o, t): 0 for o in OWNERS for t in UNITS}
        self.fees = 0  # of forced messages, not collected
        self.halted = False

    # Before a halt.

    running = precondition(lambda self: not self.halted)

    @running
    @rule(owner=owners, token=tokens, atoms=amounts)
    def deposit(self, owner, token, atoms):
        index = self.world.deposit_eth(owner, atoms) if token == ETH else self.world.deposit(owner, atoms)
        assert index == len(self.inbox)
        self.inbox.append((owner, token, atoms))
        self.inbox_times.append(self.world.evm.time)
        self.held[token] += atoms

    @running
    @rule(owner=owners, payload=st.binary(min_size=1, max_size=96))
    def force(self, owner, payload):
        assert self.world.force(owner, payload) == len(self.inbox)
        self.inbox.append(None)
        self.inbox_times.append(self.world.evm.time)
        self.fees += PRICE

    @precondition(lambda self: hasattr(self, "fees") and self.fees)
    @rule()
    def collect(self):
        before = self.world.evm.balance(SEQUENCER)
        self.rollup.collect_message_fees(sender=MALLORY)
        assert self.world.evm.balance(SEQUENCER) == before + self.fees
        self.fees = 0

    @rule(seller=owners, buyer=owners, token=tokens, atoms=amounts, lock=st.booleans())
    def trade(self, seller, buyer, token, atoms, lock):
        source, target = self.now.balances[seller, token], self.now.balances[buyer, token]
        atoms = min(atoms, source[0])
        source[0] -= atoms
        target[1 if lock else 0] += atoms

    @precondition(lambda self: any(free for free, _ in self.now.balances.values()))
    @rule(data=st.data(), atoms=amounts)
    def record_withdrawal(self, data, atoms):
        owner, token = data.draw(st.sampled_from([k for k, (free, _) in self.now.balances.items() if free]), label="balance")
        balance = self.now.balances[owner, token]
        atoms = min(atoms, balance[0])
        balance[0] -= atoms
        self.now.records.append((owner, token, atoms))

    @running
    @rule(consume=st.integers(0, 9), claim=st.booleans())
    def batch(self, consume, claim):
        end = min(len(self.inbox), self.now.consumed + consume)
        for message in self.inbox[self.now.consumed : end]:
            if message is not None:
                owner, token, atoms = message
                self.now.balances[owner, token][0] += atoms
        self.now.consumed = end
        self.world.post(end)
        self.posted.append(State(self.now))
        self.trees.append(self.now.tree())
        self.posted_at.append(self.world.evm.time)
        if claim:
            self.claim()

    @running
    @precondition(lambda self: len(self.claimed_at) < len(self.posted))
    @rule()
    def claim(self):
        while len(self.claimed_at) < len(self.posted):
            self.world.claim(self.trees[len(self.claimed_at)].root)
            self.claimed_at.append(self.world.evm.time)

    @rule(seconds=st.sampled_from([1, 100, WINDOW // 2, WINDOW, BATCH_DEADLINE // 2, BATCH_DEADLINE]))
    def sleep(self, seconds):
        self.world.sleep(seconds)

    def overdue(self) -> bool:
        now = self.world.evm.time
        consumed = self.posted[-1].consumed if self.posted else 0
        last = self.posted_at[-1] if self.posted else self.rollup.parameters()[-1]
        unclaimed = self.posted_at[len(self.claimed_at) :]
        return (
            (consumed < len(self.inbox) and now - self.inbox_times[consumed] > INBOX_DEADLINE)
            or now - last > BATCH_DEADLINE
            or (bool(unclaimed) and now - unclaimed[0] > BATCH_DEADLINE)
        )

    @running
    @rule()
    def halt(self):
        if self.overdue():
            self.rollup.halt(sender=MALLORY)
            self.halted = True
            Histories.finished["halted"] += 1
        else:
            with reverts("rollup: nothing is overdue"):
                self.rollup.halt(sender=MALLORY)

    # Ways out.

    def final(self, number: int) -> bool:
        return number < len(self.claimed_at) and self.world.evm.time - self.claimed_at[number] >= WINDOW

    def pay(self, key, owner, token, atoms, call) -> None:
        """`call` must pay exactly `atoms` to `owner`, if `key` was not paid before."""
        if key in self.paid:
            with reverts("rollup: already refunded" if key[0] == "refund" else "payouts: already paid"):
                call()
            return
        call()
        Histories.finished[key[0]] += 1
        self.paid.add(key)
        self.held[token] -= atoms
        self.got[owner, token] += atoms

    @precondition(lambda self: self.now.records and self.claimed_at)
    @rule(data=st.data())
    def withdraw(self, data):
        number = data.draw(st.integers(0, len(self.claimed_at) - 1), label="batch")
        id = data.draw(st.integers(1, len(self.now.records)), label="record")
        self.try_withdraw(number, id)

    def try_withdraw(self, number, id):
        owner, token, atoms = self.now.records[id - 1]
        call = lambda: self.world.withdraw(number, self.trees[number], id, owner, token, atoms)
        if not self.final(number):
            with reverts("batches: not final"):
                call()
        elif ("record", id) not in self.paid and id > len(self.posted[number].records):
            with reverts("payouts: wrong path"):
                call()
        else:
            self.pay(("record", id), owner, token, atoms, call)

    @precondition(lambda self: self.claimed_at)
    @rule(owner=owners, token=tokens)
    def exit(self, owner, token):
        last = len(self.claimed_at) - 1
        free, locked = self.posted[last].balances[owner, token]
        slot = State.slot(owner, token)
        call = lambda: self.world.exit(self.trees[last], slot, owner, token, free, locked)
        if not self.halted:
            with reverts("halting: not halted"):
                call()
        elif not self.final(last):
            with reverts("batches: not final"):
                call()
        elif free + locked:
            self.pay(("balance", slot), owner, token, free + locked, call)

    @precondition(lambda self: any(self.inbox))
    @rule(data=st.data())
    def refund(self, data):
        index = data.draw(st.sampled_from([i for i, message in enumerate(self.inbox) if message]), label="deposit")
        self.try_refund(index)

    def try_refund(self, index):
        owner, token, atoms = self.inbox[index]
        last = len(self.claimed_at) - 1
        call = lambda: self.rollup.refund_deposit(index, owner, token, atoms, sender=MALLORY)
        if not self.halted:
            with reverts("halting: not halted"):
                call()
        elif last >= 0 and not self.final(last):
            with reverts("batches: not final"):
                call()
        elif last >= 0 and index < self.posted[last].consumed:
            with reverts("rollup: deposit was consumed"):
                call()
        else:
            self.pay(("refund", index), owner, token, atoms, call)

    @precondition(lambda self: self.claimed_at)
    @rule(data=st.data())
    def reclaim(self, data):
        number = data.draw(st.integers(0, len(self.claimed_at) - 1))
        if not self.final(number):
            with reverts("batches: not final"):
                self.rollup.reclaim_bond(number, sender=MALLORY)
        elif self.rollup.claims(number)[3]:
            self.rollup.reclaim_bond(number, sender=MALLORY)
        else:
            with reverts("batches: no bond to give back"):
                self.rollup.reclaim_bond(number, sender=MALLORY)

    @invariant()
    def solvent(self):
        if hasattr(self, "held"):
            self.world.check_solvent()
            assert self.rollup.message_fees() == self.fees
            assert {t: self.rollup.held_atoms(t) for t in UNITS} == self.held

    def teardown(self):
        """Ends every history the hard way: the operator is gone, everyone leaves, nothing remains."""
        if not hasattr(self, "held"):
            return
        while not self.halted:
            self.world.sleep(BATCH_DEADLINE + 1)
            self.halt()
        self.world.sleep(WINDOW)
        last = len(self.claimed_at) - 1
        expected = {(o, t): 0 for o in OWNERS for t in UNITS}
        if last >= 0:
            for owner in OWNERS:
                for token in UNITS:
                    self.exit(owner, token)
                    expected[owner, token] += sum(self.posted[last].balances[owner, token])
            for id, (owner, token, atoms) in enumerate(self.posted[last].records, start=1):
                self.try_withdraw(last, id)
                expected[owner, token] += atoms
        for index, message in enumerate(self.inbox):
            if message:
                self.try_refund(index)
                if last < 0 or index >= self.posted[last].consumed:
                    expected[message[0], message[1]] += message[2]
        self.solvent()
        assert self.got == expected
        assert self.held == {ETH: 0, GOOD: 0}
        for number in range(len(self.claimed_at)):
            if self.rollup.claims(number)[3]:
                self.rollup.reclaim_bond(number, sender=MALLORY)
        if self.fees:
            self.collect()
        assert self.world.evm.balance(self.rollup.address) == 0
        Histories.finished["histories"] += 1


def test_random_histories(prepared):
    Histories.prepared = prepared
    fuzz = int(os.environ.get("MEMEX_FUZZ", "0"))
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=fuzz or 40, stateful_step_count=60, deadline=None, derandomize=not fuzz, suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
    # The histories went everywhere: a test whose every call reverts would show nothing.
    assert all(count > 4 for count in Histories.finished.values()), Histories.finished
