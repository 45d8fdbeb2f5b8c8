"""Posting batches as calldata (in blobs: `test_blobs`), claiming states, finality, bonds."""

from eth._utils.address import generate_contract_address
from eth_utils import keccak

import reference as ref
from world import *

ROOT_A, ROOT_B = keccak(b"a"), keccak(b"b")


def test_post_batch(world):
    world.deposit_eth(ALICE, 1)
    count = world.rollup.inbox_count()
    result = world.post(data=b"bytes", inbox_end=count - 1)
    accumulator = world.rollup.inbox_accumulator(count - 1)
    expected = ref.chain_batch(bytes(32), 0, count - 1, accumulator, world.now_ms, world.now_ms, keccak(b"bytes"))
    assert world.rollup.batches(0) == (expected, count - 1, world.evm.time)
    [(name, fields)] = result.events
    assert name == "BatchPosted"
    assert fields == {
        "number": 0, "inbox_start": 0, "inbox_end": count - 1, "inbox_accumulator": accumulator, "first_time_ms": world.now_ms,
        "last_time_ms": world.now_ms, "data_hash": keccak(b"bytes"), "data_size": 5, "batch_hash": expected, "in_blob": False,
    }
    assert world.rollup.batch_count() == 1 and world.rollup.inbox_consumed() == count - 1

    world.sleep(12)
    first, last = world.now_ms - 500, world.now_ms + 250
    world.post(data=b"more", first=first, last=last)
    accumulator = world.rollup.inbox_accumulator(count)
    second = ref.chain_batch(expected, 1, count, accumulator, first, last, keccak(b"more"))
    assert world.rollup.batches(1) == (second, count, world.evm.time)
    assert world.rollup.last_time_ms() == last
    assert world.rollup.batches(2) == (bytes(32), 0, 0)


def test_only_the_next_number_is_taken(world):
    for number in (1, 2**256 - 1):
        with reverts("batches: out of order"):
            world.post(number=number)
    world.post()
    for number in (0, 2):
        with reverts("batches: out of order"):
            world.post(number=number)


def test_only_the_sequencer_posts(world):
    for sender in (ALICE, LISTER):
        with reverts("batches: not the sequencer"):
            world.post(sender=sender)


def test_the_sequencer_must_be_a_plain_account(world):
    """Otherwise the bytes of a batch need not stand in the input of any transaction."""
    relay = world.evm.deploy(LISTER, ACTORS / "Receiver.vy")
    fresh = world.deploy_rollup(sequencer=relay.address)
    call = fresh.calldata("post_batch", 0, 1, world.now_ms, world.now_ms, b"batch")
    with reverts("batches: not a plain account"):
        relay.relay(fresh.address, call, sender=ALICE)
    # A contract under construction has no code yet.
    nonce = world.evm.state.get_nonce(ALICE)
    unborn = generate_contract_address(ALICE, nonce)
    fresh = world.deploy_rollup(sequencer=unborn)
    with reverts("batches: not a plain account"):
        world.evm.deploy(ALICE, ACTORS / "Constructing.vy", fresh.address, call)
    # An account that delegated its code (EIP-7702) could post out of another call.
    world.evm.state.set_code(SEQUENCER, bytes.fromhex("ef0100") + relay.address)
    with reverts("batches: not a plain account"):
        world.post()


def test_arguments_must_be_encoded_plainly(world):
    good = world.rollup.calldata("post_batch", 0, 1, world.now_ms, world.now_ms, b"batch")
    words = [good[4 + 32 * i :][:32] for i in range(7)]
    # The same arguments with a gap before the bytes: valid ABI, but not where a reader of transaction inputs looks.
    moved = good[:4] + b"".join([*words[:4], (192).to_bytes(32, "big"), bytes(32), *words[5:]])
    with reverts("batches: arguments not encoded plainly"):
        world.evm.transact(SEQUENCER, world.rollup.address, moved)
    world.evm.transact(SEQUENCER, world.rollup.address, good)


def test_size_of_a_batch(world):
    with reverts("batches: no data"):
        world.post(data=b"")
    with reverts(""):
        world.post(data=bytes(ref.BATCH_BYTES_MAX + 1))
    world.post(data=bytes(ref.BATCH_BYTES_MAX))


def test_inbox_only_moves_forward_and_not_too_far(world):
    world.deposit_eth(ALICE, 1)
    count = world.rollup.inbox_count()
    with reverts("batches: inbox message does not exist"):
        world.post(inbox_end=count + 1)
    world.post(inbox_end=count)
    with reverts("batches: inbox goes backwards"):
        world.post(inbox_end=count - 1)
    world.post(inbox_end=count)


def test_times_stay_near_l1_and_go_forward(world):
    now = world.now_ms
    with reverts("batches: too far ahead of L1 time"):
        world.post(last=now + DRIFT * 1000 + 1)
    with reverts("batches: too far behind L1 time"):
        world.post(first=now - DRIFT * 1000 - 1)
    with reverts("batches: time goes backwards"):
        world.post(first=now, last=now - 1)
    with reverts("batches: too far ahead of L1 time"):
        world.post(last=2**64 - 1)
    world.post(first=now - DRIFT * 1000, last=now + DRIFT * 1000)
    with reverts("batches: time goes backwards"):
        world.post(first=now + DRIFT * 1000 - 1, last=now + DRIFT * 1000)
    world.post(first=now + DRIFT * 1000, last=now + DRIFT * 1000)


def test_no_batch_and_no_claim_after_a_halt(world):
    world.post()
    world.halt()
    with reverts("halting: halted"):
        world.post()
    with reverts("halting: halted"):
        world.claim(ROOT_A)


def test_claim_and_finality(world):
    world.post()
    result = world.claim(ROOT_A)
    assert result.events == [("StateClaimed", {"number": 0, "root": ROOT_A, "claimant": "0x" + SEQUENCER.hex()})]
    root, claimant, at, bond = world.rollup.claims(0)
    assert (root, address(claimant), at, bond) == (ROOT_A, SEQUENCER, world.evm.time, BOND)
    assert not world.rollup.is_final(0) and world.rollup.final_count() == 0
    world.sleep(WINDOW - 1)
    assert not world.rollup.is_final(0)
    world.sleep(1)
    assert world.rollup.is_final(0) and world.rollup.final_count() == 1
    assert not world.rollup.is_final(1) and not world.rollup.is_final(2**256 - 1)


def test_final_count_finds_the_prefix(world):
    for n in range(9):
        world.settle(ROOT_A)
        world.sleep(WINDOW // 5)
        final = [world.rollup.is_final(i) for i in range(n + 1)]
        assert world.rollup.final_count() == sum(final) and final == sorted(final, reverse=True)
    world.finalize()
    assert world.rollup.final_count() == 9


def test_claims_need_their_bond_order_and_batch(world):
    with reverts("batches: claim before its batch"):
        world.claim(ROOT_A)
    world.post()
    world.post()
    for value in (0, BOND - 1, BOND + 1):
        with reverts("batches: wrong bond"):
            world.claim(ROOT_A, value=value)
    for number in (1, 2, 2**256 - 1):
        with reverts("batches: claim out of order"):
            world.claim(ROOT_A, number=number)
    with reverts("batches: not the sequencer"):
        world.claim(ROOT_A, sender=ALICE)
    world.claim(ROOT_A)
    with reverts("batches: claim out of order"):
        world.claim(ROOT_B, number=0)
    world.claim(ROOT_B)
    with reverts("batches: claim before its batch"):
        world.claim(ROOT_B)


def test_a_bond_comes_back_once(world):
    world.settle(ROOT_A)
    with reverts("batches: not final"):
        world.rollup.reclaim_bond(0, sender=ALICE)
    with reverts("batches: not final"):
        world.rollup.reclaim_bond(1, sender=ALICE)
    world.finalize()
    before = world.evm.balance(SEQUENCER)
    result = world.rollup.reclaim_bond(0, sender=ALICE)
    assert result.events == [("BondReclaimed", {"number": 0, "claimant": "0x" + SEQUENCER.hex(), "amount": BOND})]
    assert world.evm.balance(SEQUENCER) == before + BOND
    with reverts("batches: no bond to give back"):
        world.rollup.reclaim_bond(0, sender=SEQUENCER)


def test_a_bond_comes_back_after_a_halt_too(world):
    world.settle(ROOT_A)
    world.halt()
    before = world.evm.balance(SEQUENCER)
    world.rollup.reclaim_bond(0, sender=ALICE)
    assert world.evm.balance(SEQUENCER) == before + BOND


def test_a_rollup_without_bond(world):
    fresh = world.deploy_rollup(bond=0)
    fresh.post_batch(0, 1, world.now_ms, world.now_ms, b"x", sender=SEQUENCER)
    fresh.claim_state(0, ROOT_A, sender=SEQUENCER)
    world.finalize()
    with reverts("batches: no bond to give back"):
        fresh.reclaim_bond(0, sender=SEQUENCER)
