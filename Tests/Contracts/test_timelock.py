"""The few parameters that may change: within bounds, after the delay, put in force by anyone; and who dislikes it is gone by then."""

import pytest

import reference as ref
from evm import compiled
from world import *

CLAIM_BOND, MESSAGE_PRICE, GUEST_PROGRAM, MARKET_FEES, FEE_TIER = 1, 2, 3, 4, 5
EXECUTION_PERIOD = 14 * 86_400
ETHER = 10**18


@pytest.fixture
def market(world):
    """Market 1 with fees of 1 and 5 basis points."""
    return world.rollup.list_market(GOOD, ETH, 3, 1, 5, CAROL, 0, 0, sender=LISTER).value


def fees(maker: int, taker: int) -> int:
    return maker | taker << 16


def number(owner: bytes) -> int:
    return int.from_bytes(owner, "big")


def propose(world, *arguments):
    return world.rollup.propose(*arguments, sender=GOVERNOR)


def execute(world, *arguments):
    return world.rollup.execute(*arguments, sender=MALLORY)


def keep_alive(world, seconds: int) -> None:
    """Lets time pass while the sequencer goes on posting and claiming an unchanged state."""
    end = world.evm.time + seconds
    while world.evm.time < end:
        world.sleep(min(BATCH_DEADLINE, end - world.evm.time))
        world.settle(ref.GENESIS_ROOT)


def test_a_claim_bond_changes_after_the_delay(world):
    world.settle(b"\1" * 32)
    result = propose(world, CLAIM_BOND, 0, 2 * ETHER)
    due = world.evm.time + DELAY
    assert result.events == [("Proposed", {"kind": CLAIM_BOND, "key": 0, "value": 2 * ETHER, "executable_at": due})]
    assert world.rollup.proposals(CLAIM_BOND, 0) == (2 * ETHER, due)
    world.sleep(DELAY - 1)
    with reverts("timelock: too early"):
        execute(world, CLAIM_BOND, 0)
    world.post()
    world.claim(b"\2" * 32, value=BOND)
    world.sleep(1)
    assert execute(world, CLAIM_BOND, 0).events == [("Executed", {"kind": CLAIM_BOND, "key": 0, "value": 2 * ETHER})]
    assert world.rollup.parameters()[6] == 2 * ETHER
    world.post()
    with reverts("batches: wrong bond"):
        world.claim(b"\3" * 32, value=BOND)
    world.claim(b"\3" * 32, value=2 * ETHER)
    # Each claim gives back what was bound by it.
    world.finalize()
    before = world.evm.balance(SEQUENCER)
    for claim in range(3):
        world.rollup.reclaim_bond(claim, sender=MALLORY)
    assert world.evm.balance(SEQUENCER) - before == BOND + BOND + 2 * ETHER


def test_claims_made_before_the_bond_was_given_up_give_theirs_back(world):
    """To their claimant, whoever asks; the sequencer's node may not, once the parameter is 0."""
    world.settle(b"\1" * 32)
    propose(world, CLAIM_BOND, 0, 0)
    world.sleep(DELAY)
    world.settle(b"\2" * 32)
    execute(world, CLAIM_BOND, 0)
    world.post()
    world.claim(b"\3" * 32, value=0)
    world.finalize()
    before = world.evm.balance(SEQUENCER)
    for claim in range(2):
        world.rollup.reclaim_bond(claim, sender=MALLORY)
    assert world.evm.balance(SEQUENCER) - before == 2 * BOND
    with reverts("batches: no bond to give back"):
        world.rollup.reclaim_bond(2, sender=MALLORY)
    world.check_solvent()


def test_the_price_of_a_message_changes_after_the_delay(world):
    propose(world, MESSAGE_PRICE, 0, 3 * PRICE)
    world.sleep(DELAY)
    world.force(ALICE, b"x")
    execute(world, MESSAGE_PRICE, 0)
    assert world.rollup.parameters()[7] == 3 * PRICE
    with reverts("forced: wrong price"):
        world.force(ALICE, b"x", PRICE)
    world.force(ALICE, b"x", 3 * PRICE)
    assert world.rollup.message_fees() == 4 * PRICE


def test_the_guest_program_changes_after_the_delay(world):
    other = b"\x48" * 32
    propose(world, GUEST_PROGRAM, 0, int.from_bytes(other, "big"))
    world.sleep(DELAY)
    assert world.rollup.parameters()[12] == GUEST_ROOT
    execute(world, GUEST_PROGRAM, 0)
    assert world.rollup.parameters()[12] == other


def test_fees_of_a_market_change_after_the_delay(world, market):
    propose(world, MARKET_FEES, market, fees(100, 99))
    world.sleep(DELAY)
    before = world.rollup.inbox_accumulator(world.rollup.inbox_count())
    result = execute(world, MARKET_FEES, market)
    assert [name for name, _ in result.events] == ["Executed", "InboxMessage"]
    assert world.rollup.inbox_accumulator(world.rollup.inbox_count()) == ref.chain(before, ref.market_fees_message(market, 100, 99))
    assert world.rollup.markets(market)[:5] == (GOOD, ETH, 3, 100, 99)


def test_a_tier_is_taken_back_after_the_delay(world):
    world.rollup.set_fee_tier(ALICE, 7, sender=LISTER)
    propose(world, FEE_TIER, number(ALICE), 2)
    # The lister may still give more; what was proposed remains lower than that.
    world.rollup.set_fee_tier(ALICE, 9, sender=LISTER)
    world.sleep(DELAY)
    before = world.rollup.inbox_accumulator(world.rollup.inbox_count())
    execute(world, FEE_TIER, number(ALICE))
    assert world.rollup.fee_tier(ALICE) == 2
    assert world.rollup.inbox_accumulator(world.rollup.inbox_count()) == ref.chain(before, ref.fee_tier_message(ALICE, 2))


def test_only_the_governor_proposes_and_cancels(world):
    propose(world, CLAIM_BOND, 0, ETHER)
    for person in (SEQUENCER, LISTER, MALLORY):
        with reverts("timelock: not the governor"):
            world.rollup.propose(CLAIM_BOND, 0, 1, sender=person)
        with reverts("timelock: not the governor"):
            world.rollup.cancel(CLAIM_BOND, 0, sender=person)
    assert world.rollup.proposals(CLAIM_BOND, 0)[0] == ETHER


def test_without_a_governor_nothing_ever_changes(world):
    rollup = world.deploy_rollup(governor=bytes(20))
    for person in PEOPLE:
        with reverts("timelock: not the governor"):
            rollup.propose(CLAIM_BOND, 0, 1, sender=person)


@pytest.mark.parametrize(
    "kind, key, value",
    [
        (CLAIM_BOND, 0, 100 * ETHER + 1),
        (CLAIM_BOND, 1, ETHER),
        (MESSAGE_PRICE, 0, 10**17 + 1),
        (MESSAGE_PRICE, 1, 1),
        (GUEST_PROGRAM, 0, 0),
        (GUEST_PROGRAM, 1, 5),
        (MARKET_FEES, 0, 0),
        (MARKET_FEES, 2, 0),
        (MARKET_FEES, 1 + 2**32, 0),
        (MARKET_FEES, 1, fees(101, 0)),
        (MARKET_FEES, 1, fees(0, 101)),
        (MARKET_FEES, 1, 1 << 32),
        (MARKET_FEES, 1, 2**256 - 1),
        (FEE_TIER, number(ALICE), 7),
        (FEE_TIER, number(ALICE), 2**256 - 1),
        (FEE_TIER, number(ALICE) + 2**160, 3),
        (FEE_TIER, number(BOB), 0),
        (FEE_TIER, 0, 0),
        (0, 0, 0),
        (6, 0, 1),
        (2**256 - 1, 0, 1),
    ],
)
def test_nothing_out_of_bounds_can_be_proposed(world, market, kind, key, value):
    world.rollup.set_fee_tier(ALICE, 7, sender=LISTER)
    with reverts("timelock: out of bounds"):
        propose(world, kind, key, value)


def test_bounds_themselves_can_be_proposed(world, market):
    world.rollup.set_fee_tier(ALICE, 7, sender=LISTER)
    for arguments in (
        (CLAIM_BOND, 0, 100 * ETHER), (CLAIM_BOND, 0, 0), (MESSAGE_PRICE, 0, 10**17), (MESSAGE_PRICE, 0, 0), (GUEST_PROGRAM, 0, 2**256 - 1), (MARKET_FEES, market, fees(100, 100)),
        (MARKET_FEES, market, 0), (FEE_TIER, number(ALICE), 6), (FEE_TIER, number(ALICE), 0),
    ):
        propose(world, *arguments)


def test_bounds_are_checked_again_when_executed(world):
    """A tier that is no longer lower when its day comes, as the governor has taken back more in between."""
    world.rollup.set_fee_tier(ALICE, 7, sender=LISTER)
    propose(world, FEE_TIER, number(ALICE), 3)
    world.sleep(DELAY)
    execute(world, FEE_TIER, number(ALICE))
    # No second time: the proposal is gone.
    with reverts("timelock: no proposal, or expired"):
        execute(world, FEE_TIER, number(ALICE))
    propose(world, FEE_TIER, number(ALICE), 2)
    layout = compiled(CONTRACTS / "Rollup.vy")["layout"]["storage_layout"]["Listings"]["fee_tier"]["slot"]
    slot = int.from_bytes(ref.keccak(layout.to_bytes(32, "big") + ALICE.rjust(32, b"\0")), "big")
    assert world.evm.state.get_storage(world.rollup.address, slot) == 3
    world.evm.state.set_storage(world.rollup.address, slot, 2)
    world.sleep(DELAY)
    with reverts("timelock: out of bounds"):
        execute(world, FEE_TIER, number(ALICE))


def test_a_proposal_expires(world):
    propose(world, CLAIM_BOND, 0, 5)
    world.sleep(DELAY + EXECUTION_PERIOD)
    saved = world.evm.save()
    execute(world, CLAIM_BOND, 0)
    world.evm.load(saved)
    world.sleep(1)
    with reverts("timelock: no proposal, or expired"):
        execute(world, CLAIM_BOND, 0)


def test_a_new_proposal_waits_anew(world):
    propose(world, CLAIM_BOND, 0, 5)
    world.sleep(DELAY)
    propose(world, CLAIM_BOND, 0, 6)
    with reverts("timelock: too early"):
        execute(world, CLAIM_BOND, 0)
    world.sleep(DELAY)
    execute(world, CLAIM_BOND, 0)
    assert world.rollup.parameters()[6] == 6


def test_a_cancelled_proposal_is_gone(world, market):
    propose(world, MARKET_FEES, market, fees(9, 9))
    assert world.rollup.cancel(MARKET_FEES, market, sender=GOVERNOR).events == [
        ("Proposed", {"kind": MARKET_FEES, "key": market, "value": 0, "executable_at": 0})
    ]
    world.sleep(DELAY)
    with reverts("timelock: no proposal, or expired"):
        execute(world, MARKET_FEES, market)
    assert world.rollup.proposals(MARKET_FEES, market) == (0, 0)


def test_nothing_changes_after_a_halt(world):
    propose(world, CLAIM_BOND, 0, 5)
    world.sleep(DELAY)
    world.rollup.halt(sender=MALLORY)
    with reverts("halting: halted"):
        execute(world, CLAIM_BOND, 0)
    with reverts("halting: halted"):
        propose(world, CLAIM_BOND, 0, 5)


def test_who_dislikes_a_proposal_withdraws_before_it_is_in_force(world, market):
    """Alice sees new fees proposed and withdraws in the ordinary way: paid long before they can be in force."""
    world.deposit_eth(ALICE, 1_000)
    propose(world, MARKET_FEES, market, fees(100, 100))
    proposed = world.evm.time
    tree = withdrawal_tree((ALICE, ETH, 1_000))
    batch = world.settle(tree.root)
    world.finalize()
    before = world.evm.balance(ALICE)
    world.withdraw(batch, tree, 1, ALICE, ETH, 1_000)
    assert world.evm.balance(ALICE) == before + 1_000 * GWEI
    keep_alive(world, proposed + DELAY - 1 - world.evm.time)
    with reverts("timelock: too early"):
        execute(world, MARKET_FEES, market)


def test_the_slowest_way_out_is_shorter_than_the_shortest_delay(world, monkeypatch):
    """The sequencer does as little as it may, then nothing: Alice, who began when the change was proposed, is still out in time."""
    delay = WINDOW + INBOX_DEADLINE + BATCH_DEADLINE + 1
    rollup = world.deploy_rollup(delay=delay)
    monkeypatch.setattr(world, "rollup", rollup)
    world.deposit_eth(ALICE, 1_000)
    tree = balance_tree((ALICE, ETH, 600, 400))
    world.settle(tree.root)

    propose(world, CLAIM_BOND, 0, 5)
    due = world.evm.time + delay
    # Any message of Alice's would do; it is consumed at the last moment, and that batch never claimed.
    late = world.deposit_eth(ALICE, 1)
    sent = world.evm.time
    world.sleep(BATCH_DEADLINE)
    world.settle(tree.root, inbox_end=late)
    world.evm.time = sent + INBOX_DEADLINE
    world.post()
    world.sleep(BATCH_DEADLINE)
    with reverts("rollup: nothing is overdue"):
        rollup.halt(sender=ALICE)
    world.sleep(1)
    rollup.halt(sender=ALICE)
    with reverts("halting: halted"):
        execute(world, CLAIM_BOND, 0)
    # The last claim was before the halt: final a window later at the latest.
    world.evm.time = due - 1
    before = world.evm.balance(ALICE)
    world.exit(tree, 1, ALICE, ETH, 600, 400)
    rollup.refund_deposit(late, ALICE, ETH, 1, sender=ALICE)
    assert world.evm.balance(ALICE) == before + 1_001 * GWEI
