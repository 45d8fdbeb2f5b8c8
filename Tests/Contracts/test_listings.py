"""Listing tokens and markets."""

import pytest

import reference as ref
from evm import CONTRACTS, compiled
from world import *


def another_token(world):
    return world.evm.deploy(LISTER, TOKENS / "GoodToken.vy")


def test_list_token(world):
    token = another_token(world)
    before = world.rollup.inbox_accumulator(world.rollup.inbox_count())
    result = world.rollup.list_token(token.address, 3, 15, symbol("SIXTEENCHARACTER"), sender=LISTER)
    assert result.value == 3 == world.rollup.token_count() == world.rollup.token_id_of(token.address)
    address_, unit, *rest = world.rollup.tokens(3)
    assert (address(address_), unit, rest) == (token.address, 10**15, [3, 15, symbol("SIXTEENCHARACTER")])
    assert [name for name, _ in result.events] == ["TokenListed", "InboxMessage"]
    message = ref.token_listed_message(token.address, 3, 3, 15, b"SIXTEENCHARACTER")
    assert world.rollup.inbox_accumulator(world.rollup.inbox_count()) == ref.chain(before, message)
    fields = result.events[1][1]
    assert ref.inbox_message(*(fields[k] for k in ("kind", "a", "b", "c", "d"))) == message


def test_list_token_refuses(world):
    token = another_token(world).address
    listed = lambda *arguments, sender=LISTER: world.rollup.list_token(*arguments, sender=sender)
    with reverts("listings: not the lister"):
        listed(token, 6, 12, symbol("T"), sender=SEQUENCER)
    with reverts("listings: not a contract"):
        listed(ALICE, 6, 12, symbol("T"))
    with reverts("listings: not a contract"):
        listed(bytes(20), 6, 12, symbol("T"))
    with reverts("listings: the rollup itself"):
        listed(world.rollup.address, 6, 12, symbol("T"))
    with reverts("listings: token already listed"):
        listed(world.good.address, 6, 12, symbol("T"))
    with reverts("listings: decimals too high"):
        listed(token, 19, 12, symbol("T"))
    with reverts("listings: unit exponent too high"):
        listed(token, 6, 37, symbol("T"))
    world.halt()
    with reverts("halting: halted"):
        listed(token, 6, 12, symbol("T"))


def test_the_most_decimals_that_the_exchange_takes(world):
    # `Exchange.listToken` ignores more than 18: deposits of a token that only L1 knew would be lost.
    assert world.rollup.list_token(another_token(world).address, 18, 36, symbol("T"), sender=LISTER).value == 3


@pytest.mark.parametrize("bad", [b"", b"SEVENTEENCHARACTE", b"A B", b"A\x7f", b"A\0B", b"\0A", b"A" * 16 + b"\0" * 15 + b"x", b"\xc3\xa9"])
def test_bad_symbols_are_refused(world, bad):
    with reverts("listings: bad symbol"):
        world.rollup.list_token(another_token(world).address, 6, 12, bad.ljust(32, b"\0"), sender=LISTER)


def test_list_market(world):
    before = world.rollup.inbox_accumulator(world.rollup.inbox_count())
    result = world.rollup.list_market(GOOD, ETH, 18, 100, 7, CAROL, 0, 0, sender=LISTER)
    assert result.value == 1 == world.rollup.market_count()
    *numbers, fee_account = world.rollup.markets(1)
    assert (numbers, address(fee_account)) == ([GOOD, ETH, 18, 100, 7], CAROL)
    message = ref.market_listed_message(CAROL, 1, GOOD, ETH, 18, 100, 7)
    assert world.rollup.inbox_accumulator(world.rollup.inbox_count()) == ref.chain(before, message)
    assert [name for name, _ in result.events] == ["MarketListed", "InboxMessage"]


def test_list_market_refuses(world):
    listed = lambda *arguments, sender=LISTER: world.rollup.list_market(*arguments, sender=sender)
    with reverts("listings: not the lister"):
        listed(GOOD, ETH, 3, 1, 5, CAROL, 0, 0, sender=ALICE)
    with reverts("listings: unknown base token"):
        listed(9, ETH, 3, 1, 5, CAROL, 0, 0)
    with reverts("listings: unknown base token"):
        listed(0, ETH, 3, 1, 5, CAROL, 0, 0)
    with reverts("listings: unknown quote token"):
        listed(GOOD, 9, 3, 1, 5, CAROL, 0, 0)
    with reverts("listings: base is quote"):
        listed(GOOD, GOOD, 3, 1, 5, CAROL, 0, 0)
    with reverts("listings: lot exponent too high"):
        listed(GOOD, ETH, 19, 1, 5, CAROL, 0, 0)
    with reverts("listings: maker fee too high"):
        listed(GOOD, ETH, 3, 101, 5, CAROL, 0, 0)
    with reverts("listings: taker fee too high"):
        listed(GOOD, ETH, 3, 1, 101, CAROL, 0, 0)
    with reverts("listings: fee account is zero"):
        listed(GOOD, ETH, 3, 1, 5, bytes(20), 0, 0)
    world.halt()
    with reverts("halting: halted"):
        listed(GOOD, ETH, 3, 1, 5, CAROL, 0, 0)


def test_list_market_with_an_opening_auction(world):
    now_ms = world.evm.time * 1000
    before = world.rollup.inbox_accumulator(world.rollup.inbox_count())
    world.rollup.list_market(GOOD, ETH, 18, 100, 7, CAROL, now_ms + 366 * 86_400_000, 3_239_999, sender=LISTER)
    message = ref.market_listed_message(CAROL, 1, GOOD, ETH, 18, 100, 7, now_ms + 366 * 86_400_000, 3_239_999)
    assert world.rollup.inbox_accumulator(world.rollup.inbox_count()) == ref.chain(before, message)


def test_bad_openings_are_refused(world):
    def listed(opens_at_ms, reference_price):
        return world.rollup.list_market(GOOD, ETH, 3, 1, 5, CAROL, opens_at_ms, reference_price, sender=LISTER)

    # Also of this very moment, and of any that is not in milliseconds.
    now_ms = world.evm.time * 1000
    for past in (1, world.evm.time, now_ms - 1, now_ms):
        with reverts("listings: opening is past"):
            listed(past, 0)
    for late in (now_ms + 366 * 86_400_000 + 1, now_ms * 1000, 2**64 - 1):
        with reverts("listings: opening too far off"):
            listed(late, 0)
    with reverts("listings: reference price invalid"):
        listed(now_ms + 1, 3_240_000)
    with reverts("listings: reference price without auction"):
        listed(0, 1)
    assert listed(now_ms + 1, 0).value == 1


@pytest.mark.parametrize("tier", [0, 3, 10])
def test_set_fee_tier(world, tier):
    before = world.rollup.inbox_accumulator(world.rollup.inbox_count())
    result = world.rollup.set_fee_tier(ALICE, tier, sender=LISTER)
    assert world.rollup.inbox_accumulator(world.rollup.inbox_count()) == ref.chain(before, ref.fee_tier_message(ALICE, tier))
    assert [name for name, _ in result.events] == ["InboxMessage"]


def test_set_fee_tier_refuses(world):
    with reverts("listings: not the lister"):
        world.rollup.set_fee_tier(ALICE, 1, sender=ALICE)
    with reverts("listings: owner is zero"):
        world.rollup.set_fee_tier(bytes(20), 1, sender=LISTER)
    with reverts("listings: tier too high"):
        world.rollup.set_fee_tier(ALICE, 11, sender=LISTER)
    # Only ever lower fees: back up goes through the timelock.
    world.rollup.set_fee_tier(ALICE, 4, sender=LISTER)
    with reverts("listings: tier lower than before"):
        world.rollup.set_fee_tier(ALICE, 3, sender=LISTER)
    world.rollup.set_fee_tier(ALICE, 4, sender=LISTER)
    assert world.rollup.fee_tier(ALICE) == 4 and world.rollup.fee_tier(BOB) == 0
    world.halt()
    with reverts("halting: halted"):
        world.rollup.set_fee_tier(ALICE, 1, sender=LISTER)


def test_there_is_a_last_token_and_a_last_market(world):
    layout = compiled(CONTRACTS / "Rollup.vy")["layout"]["storage_layout"]["Listings"]
    for name in ("token_count", "market_count"):
        slot = layout[name]["slot"]
        world.evm.state.set_storage(world.rollup.address, slot, {"token_count": 2_046, "market_count": 4_094}[name])
    token = another_token(world).address
    assert world.rollup.list_token(token, 6, 12, symbol("LAST"), sender=LISTER).value == 2_047
    assert world.rollup.list_market(GOOD, ETH, 3, 1, 5, CAROL, 0, 0, sender=LISTER).value == 4_095
    with reverts("listings: no more tokens"):
        world.rollup.list_token(another_token(world).address, 6, 12, symbol("MORE"), sender=LISTER)
    with reverts("listings: no more markets"):
        world.rollup.list_market(GOOD, ETH, 3, 1, 5, CAROL, 0, 0, sender=LISTER)
