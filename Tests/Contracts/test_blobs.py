"""Posting batches in blobs: what a blob's batch commits to, what is refused, and that neither way of posting passes for the other."""

import pytest
from eth_utils import keccak

import reference as ref
from world import *

OTHER_HASH = b"\x01" + b"\xee" * 31


def test_post_blob(world):
    world.deposit_eth(ALICE, 1)
    count = world.rollup.inbox_count()
    result = world.post_blob(size=77, inbox_end=count - 1)
    accumulator = world.rollup.inbox_accumulator(count - 1)
    expected = ref.chain_batch(bytes(32), 0, count - 1, accumulator, world.now_ms, world.now_ms, BLOB_HASH, 77)
    assert world.rollup.batches(0) == (expected, count - 1, world.evm.time)
    [(name, fields)] = result.events
    assert name == "BatchPosted"
    assert fields == {
        "number": 0, "inbox_start": 0, "inbox_end": count - 1, "inbox_accumulator": accumulator, "first_time_ms": world.now_ms,
        "last_time_ms": world.now_ms, "data_hash": BLOB_HASH, "data_size": 77, "batch_hash": expected, "in_blob": True,
    }
    assert world.rollup.batch_count() == 1 and world.rollup.inbox_consumed() == count - 1 and world.rollup.last_time_ms() == world.now_ms


def test_both_ways_continue_one_chain(world):
    previous, count = bytes(32), world.rollup.inbox_count()
    accumulator = world.rollup.inbox_accumulator(count)
    for number, in_blob in enumerate([False, True, True, False, True]):
        world.sleep(12)
        arguments = previous, number, count, accumulator, world.now_ms, world.now_ms
        if in_blob:
            world.post_blob(size=number, hashes=[OTHER_HASH])
            previous = ref.chain_batch(*arguments, OTHER_HASH, number)
        else:
            world.post(data=bytes([number]))
            previous = ref.chain_batch(*arguments, keccak(bytes([number])))
        assert world.rollup.batches(number)[0] == previous
        world.claim(keccak(previous))
    world.finalize()
    assert world.rollup.final_count() == 5


def test_neither_way_passes_for_the_other(world):
    """Bytes whose keccak256 is what a blob is called by exist for nobody; even so the hashes would differ."""
    saved = world.evm.save()
    hashes = set()
    for size in (1, 2, ref.BATCH_BYTES_MAX):
        for blob_hash in (BLOB_HASH, OTHER_HASH):
            world.evm.load(saved)
            world.post_blob(size=size, hashes=[blob_hash])
            hashes.add(world.rollup.batches(0)[0])
    world.evm.load(saved)
    world.post(data=b"batch")
    hashes.add(world.rollup.batches(0)[0])
    arguments = bytes(32), 0, world.rollup.inbox_count(), world.rollup.inbox_accumulator(world.rollup.inbox_count()), world.now_ms, world.now_ms
    hashes.add(ref.chain_batch(*arguments, BLOB_HASH))  # a calldata batch of such bytes
    assert len(hashes) == 8


def test_without_a_blob_nothing_is_posted(world):
    with reverts("batches: no blob"):
        world.post_blob(hashes=[])
    # Nor does a blob make calldata mean anything else.
    world.post(data=b"batch", blob_hashes=[BLOB_HASH])
    accumulator = world.rollup.inbox_accumulator(world.rollup.inbox_count())
    expected = ref.chain_batch(bytes(32), 0, world.rollup.inbox_count(), accumulator, world.now_ms, world.now_ms, keccak(b"batch"))
    assert world.rollup.batches(0)[0] == expected


def test_only_the_first_blob_counts(world):
    [(_, fields)] = world.post_blob(hashes=[OTHER_HASH, BLOB_HASH, BLOB_HASH]).events
    assert fields["data_hash"] == OTHER_HASH


def test_size_of_a_blobs_batch(world):
    with reverts("batches: no data"):
        world.post_blob(size=0)
    for size in (ref.BATCH_BYTES_MAX + 1, 2**17, 2**256 - 1):
        with reverts("batches: more than a blob holds"):
            world.post_blob(size=size)
    world.post_blob(size=1)
    world.post_blob(size=ref.BATCH_BYTES_MAX)


def test_a_blob_is_checked_as_calldata_is(world):
    now, count = world.now_ms, world.rollup.inbox_count()
    for reason, changes in [
        ("batches: not the sequencer", {"sender": ALICE}),
        ("batches: out of order", {"number": 1}),
        ("batches: inbox message does not exist", {"inbox_end": count + 1}),
        ("batches: time goes backwards", {"last": now - 1}),
        ("batches: too far ahead of L1 time", {"last": now + DRIFT * 1000 + 1}),
        ("batches: too far behind L1 time", {"first": now - DRIFT * 1000 - 1}),
    ]:
        with reverts(reason):
            world.post_blob(**changes)
    world.post_blob()
    for reason, changes in [
        ("batches: out of order", {"number": 0}),
        ("batches: inbox goes backwards", {"inbox_end": count - 1}),
        ("batches: time goes backwards", {"first": now - 1}),
    ]:
        with reverts(reason):
            world.post_blob(**changes)
    world.halt()
    with reverts("halting: halted"):
        world.post_blob()


def test_the_sequencer_posts_blobs_itself(world):
    """A contract could post several batches with one blob, and no input would say which."""
    relay = world.evm.deploy(LISTER, ACTORS / "Receiver.vy")
    fresh = world.deploy_rollup(sequencer=relay.address)
    call = fresh.calldata("post_blob", 0, 1, world.now_ms, world.now_ms, 5)
    with reverts("batches: not a plain account"):
        relay.relay(fresh.address, call, sender=ALICE, blob_hashes=[BLOB_HASH])
    # An account that delegated its code (EIP-7702) is such a contract.
    world.evm.state.set_code(SEQUENCER, bytes.fromhex("ef0100") + relay.address)
    with reverts("batches: not a plain account"):
        world.post_blob()


@pytest.mark.parametrize("size", [1, 30, 31, 32, 62, 63, 1_000, ref.BATCH_BYTES_MAX - 1, ref.BATCH_BYTES_MAX])
def test_every_blob_reads_back(size):
    batch = bytes(i * 7 % 256 for i in range(size))
    blob = ref.blob(batch)
    assert len(blob) == ref.BLOB_BYTES and not any(blob[:: ref.ELEMENT_BYTES]) and ref.batch_in_blob(blob, size) == batch
    # Whatever stands in the first bytes of elements and behind the batch.
    other = bytearray(blob)
    other[:: ref.ELEMENT_BYTES] = b"\x11" * 4_096
    if size < ref.BATCH_BYTES_MAX:
        other[size // 31 * 32 + size % 31 + 1] ^= 1
    assert ref.batch_in_blob(bytes(other), size) == batch
