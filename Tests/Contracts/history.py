"""Random histories of a rollup against a model: what people and the operator do, and how money leaves. Attacks are in `history_attacks`.

Every rule says what it did by `did`, so that a test can require that each was of use.
"""

from collections import Counter

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from eth_utils import keccak

import reference as ref
from model import State, withdraw_command
from stage import *

CLAIM_BOND, MESSAGE_PRICE, MARKET_FEES, FEE_TIER = 1, 2, 4, 5
EXECUTION_PERIOD = 14 * 86_400

whose = st.integers(0, 2)  # index into the stage's owners
senders = st.sampled_from([ALICE, BOB])
tokens, amounts = st.sampled_from(list(LISTED)), st.integers(1, 10**6)
any_token = st.sampled_from(list(UNITS))
running = precondition(lambda self: not self.halted)


class History(RuleBasedStateMachine):
    stage: Stage  # set by the test
    done: Counter = Counter()

    @initialize()
    def start(self):
        self.stage.evm.load(self.stage.saved)
        self.rollup = self.stage.rollup
        self.now = State(self.stage.state)
        self.posted = [State(self.now)]  # after each batch
        self.trees = [self.now.tree()]
        self.chain = self.rollup.batches(0)[0]
        self.posted_at = [self.stage.evm.time]
        self.claimed_at = [self.stage.evm.time]
        self.bonds = [BOND]  # of each claim, what is still bound
        self.inbox = list(self.stage.inbox)
        self.inbox_times = [self.stage.evm.time] * len(self.inbox)
        self.paid: set = set()
        self.held = dict.fromkeys(UNITS, 0) | dict.fromkeys(LISTED, START_ATOMS * len(self.stage.owners))
        self.gifts = dict.fromkeys(UNITS, 0)  # sent to the rollup without a deposit
        self.balances = {(o, t): self.stage.balance(o, t) for o in self.stage.owners for t in UNITS}
        self.fees = 0  # of forced messages, not collected
        self.bond, self.price, self.tiers = BOND, PRICE, Counter()
        self.proposals: dict = {}  # (kind, key): (value, executable at)
        self.receiver_fee = self.sender_fee = 0
        self.word = 1
        self.refuses = self.reenters = False
        self.halted = False

    def did(self, what: str) -> None:
        History.done[what] += 1

    def owner(self, who: int) -> bytes:
        return self.stage.owners[who]

    def append(self, message: tuple | None, index: int) -> None:
        assert index == len(self.inbox)
        self.inbox.append(message)
        self.inbox_times.append(self.stage.evm.time)

    # Before a halt.

    @running
    @rule(sender=senders, who=whose, token=tokens, atoms=amounts)
    def deposit(self, sender, who, token, atoms):
        owner, units = self.owner(who), atoms * UNITS[token]
        reason = None
        if token == FEE and units * self.receiver_fee // 100:
            reason = "custody: wrong amount received"
        elif token == FALSE and self.word != 1:
            reason = "custody: transfer refused" if self.word == 0 else ""
        if reason is not None:
            with reverts(reason):
                self.rollup.deposit(token, units, owner, sender=sender)
            return self.did("deposit refused")
        if token == ETH:
            result = self.rollup.deposit_eth(owner, sender=sender, value=units)
        else:
            result = self.rollup.deposit(token, units, owner, sender=sender)
        self.append(("deposit", owner, token, atoms), result.value)
        self.held[token] += atoms
        self.balances[sender, token] -= units + (units * self.sender_fee // 100 if token == FEE else 0)
        self.did("deposit")

    @running
    @rule(sender=senders, token=any_token, atoms=amounts, noise=st.none() | st.binary(min_size=1, max_size=96))
    def force(self, sender, token, atoms, noise):
        index = self.stage.force(sender, noise or withdraw_command(token, atoms), self.price)
        # Noise that happens to be a command is none: its first byte would have to be 4, and its amount small.
        self.append(None if noise else ("force", sender, token, atoms), index)
        self.fees += self.price
        self.balances[sender, ETH] -= self.price
        self.did("force")

    @precondition(lambda self: self.fees)
    @rule()
    def collect(self):
        before = self.stage.evm.balance(SEQUENCER)
        self.rollup.collect_message_fees(sender=MALLORY)
        assert self.stage.evm.balance(SEQUENCER) == before + self.fees
        self.fees = 0
        self.did("collect")

    @rule(seller=whose, buyer=whose, token=any_token, atoms=amounts, lock=st.booleans())
    def trade(self, seller, buyer, token, atoms, lock):
        source, target = self.now.balance(self.owner(seller), token), self.now.balance(self.owner(buyer), token)
        atoms = min(atoms, source[0])
        source[0] -= atoms
        target[1 if lock else 0] += atoms

    @rule(wishes=st.lists(st.tuples(whose, any_token, amounts), min_size=1, max_size=5))
    def record_withdrawals(self, wishes):
        for who, token, atoms in wishes:
            self.now.withdraw(self.owner(who), token, min(atoms, self.now.balance(self.owner(who), token)[0]))

    @running
    @rule(
        consume=st.integers(0, 9), size=st.sampled_from([None, None, 1, 126_976]), then=st.sampled_from(["post", "claim", "finalize", "finalize"]),
        reuse=st.sampled_from([None, 0, 1, 5]),
    )
    def batch(self, consume, size, then, reuse):
        """As calldata, or with a size in a blob. `reuse`: how many of the last slots of records will be written again after so many withdrawals of
        somebody else; None: no such."""
        for message in self.inbox[self.now.consumed :][:consume]:
            self.now.consume(message)
        if size is None:
            self.stage.post(self.now.consumed)
        else:
            self.stage.post_blob(self.now.consumed, size)
            self.did("batch in a blob")
        data_hash = keccak(b"batch") if size is None else BLOB_HASH
        arguments = len(self.posted), self.now.consumed, self.rollup.inbox_accumulator(self.now.consumed), self.stage.now_ms, self.stage.now_ms
        self.chain = ref.chain_batch(self.chain, *arguments, data_hash, size or 0)
        assert self.rollup.batches(len(self.posted))[0] == self.chain
        self.posted.append(State(self.now))
        self.trees.append(self.now.tree())
        self.posted_at.append(self.stage.evm.time)
        self.did("batch")
        if reuse is not None and self.now.last_id:
            self.now.last_id += ref.WITHDRAWAL_SLOTS - min(reuse, self.now.last_id)
        if then != "post":
            self.claim()
        if then == "finalize":
            self.stage.finalize()

    @running
    @precondition(lambda self: len(self.claimed_at) < len(self.posted))
    @rule()
    def claim(self):
        """All that is posted; a new batch has no other way to its claim."""
        while len(self.claimed_at) < len(self.posted):
            self.stage.claim(self.trees[len(self.claimed_at)].root, value=self.bond)
            self.claimed_at.append(self.stage.evm.time)
            self.bonds.append(self.bond)
            self.did("claim")

    @rule(seconds=st.sampled_from([1, 100, WINDOW // 2, WINDOW, BATCH_DEADLINE // 2, BATCH_DEADLINE + 1, SHORTEST_DELAY]))
    def sleep(self, seconds):
        self.stage.sleep(seconds)

    def overdue(self) -> bool:
        now = self.stage.evm.time
        consumed, last = self.posted[-1].consumed, self.posted_at[-1]
        unclaimed = self.posted_at[len(self.claimed_at) :]
        return (
            (consumed < len(self.inbox) and now - self.inbox_times[consumed] > INBOX_DEADLINE)
            or now - last > BATCH_DEADLINE
            or (bool(unclaimed) and now - unclaimed[0] > BATCH_DEADLINE)
        )

    @running
    @rule(patience=st.integers(0, 1))
    def halt(self, patience):
        if not self.overdue():
            with reverts("rollup: nothing is overdue"):
                self.rollup.halt(sender=MALLORY)
        elif patience == 0:  # else every history would be halted early
            self.rollup.halt(sender=MALLORY)
            self.halted = True
            self.did("halt")

    # Governance.

    @running
    @rule(
        change=st.sampled_from([(CLAIM_BOND, 0), (MESSAGE_PRICE, 0), (MARKET_FEES, 1), (FEE_TIER, int.from_bytes(ALICE, "big"))]),
        wished=st.integers(0, 10),
    )
    def propose(self, change, wished):
        kind, key = change
        value = {CLAIM_BOND: wished * 10**17, MESSAGE_PRICE: wished * 10**13, MARKET_FEES: wished | 5 << 16, FEE_TIER: wished}[kind]
        if kind == FEE_TIER and value >= self.tiers[ALICE]:
            with reverts("timelock: out of bounds"):
                self.rollup.propose(kind, key, value, sender=GOVERNOR)
            return self.did("propose refused")
        self.rollup.propose(kind, key, value, sender=GOVERNOR)
        self.proposals[kind, key] = value, self.stage.evm.time + SHORTEST_DELAY
        self.did("propose")

    @running
    @rule(tier=st.integers(0, 10))
    def set_fee_tier(self, tier):
        if tier < self.tiers[ALICE]:
            with reverts("listings: tier lower than before"):
                self.rollup.set_fee_tier(ALICE, tier, sender=LISTER)
        else:
            self.rollup.set_fee_tier(ALICE, tier, sender=LISTER)
            self.append(None, len(self.inbox))
            self.tiers[ALICE] = tier
            self.did("set_fee_tier")

    @precondition(lambda self: self.proposals)
    @rule(data=st.data())
    def cancel(self, data):
        if data.draw(st.integers(0, 2)) == 0:
            change = data.draw(st.sampled_from(sorted(self.proposals)), label="proposal")
            self.rollup.cancel(*change, sender=GOVERNOR)
            del self.proposals[change]
            self.did("cancel")

    @running
    @precondition(lambda self: self.proposals)
    @rule(data=st.data())
    def execute(self, data):
        change = data.draw(st.sampled_from(sorted(self.proposals)), label="proposal")
        value, due = self.proposals[change]
        if data.draw(st.booleans(), label="wait"):
            self.stage.evm.time = max(self.stage.evm.time, due)
        if self.stage.evm.time < due:
            with reverts("timelock: too early"):
                self.rollup.execute(*change, sender=MALLORY)
        elif self.stage.evm.time > due + EXECUTION_PERIOD:
            with reverts("timelock: no proposal, or expired"):
                self.rollup.execute(*change, sender=MALLORY)
        else:
            self.rollup.execute(*change, sender=MALLORY)
            del self.proposals[change]
            if change[0] in (MARKET_FEES, FEE_TIER):
                self.append(None, len(self.inbox))
            self.bond = value if change[0] == CLAIM_BOND else self.bond
            self.price = value if change[0] == MESSAGE_PRICE else self.price
            self.tiers[ALICE] = value if change[0] == FEE_TIER else self.tiers[ALICE]
            self.did("execute")

    @invariant()
    def solvent(self):
        """For every token the rollup has at least what its books say, and its books say what the model does."""
        if not hasattr(self, "held"):
            return
        beside = {ETH: sum(self.bonds) + self.fees}
        for token, (held, there) in enumerate(self.stage.auditor.audit(self.rollup.address), start=1):
            assert held == self.held[token]
            assert there == held * UNITS[token] + beside.get(token, 0) + self.gifts[token]
