# pragma version 0.4.3
# pragma evm-version cancun
# pragma optimize codesize
"""
@title Memex rollup
@custom:contract-name Rollup
@license Apache-2.0
@notice Holds the money of an exchange that runs off-chain, and pays it out by Merkle proof.

        Money comes in by `deposit_eth` and `deposit`. It leaves in these ways, each of which anyone may call for the owner:
        - `withdraw`: a withdrawal record under any final state, also after a halt;
        - `exit_balance`: after a halt, a balance under the last claimed state;
        - `pay_many`: up to 32 cells of both kinds in one transaction, under one proof;
        - `refund_deposit`: after a halt, a deposit that the last claimed state has not consumed.

        An owner whom the operator does not serve has his commands executed all the same, by `force`.

        Who may do what: the sequencer posts batches and claims states, the lister lists tokens and markets and lowers fees of
        owners, an owner forces commands of his own, the governor proposes what `Timelock` lets anyone put in force after a
        delay, and anyone halts the rollup once a deadline is missed. No key can pause, upgrade or move funds.
@dev The state that counts after a halt is that of the last claim, which no later one can replace, so every atom is in
     exactly one of: a balance there, a withdrawal record of an id up to the last one there, a deposit not consumed there. Each is paid
     once: balances by cell index, deposits by inbox index, records by id. An id is given once, so it means the same record under every
     root; and at least one root holds it, though perhaps not the last, as the ring of records goes on (`Cells`).
"""


from . import Batches
from . import Cells
from . import Custody
from . import Forced
from . import Halting
from . import Inbox
from . import Listings
from . import Parameters
from . import Payouts
from . import Timelock


initializes: Parameters
initializes: Halting
initializes: Inbox
initializes: Listings[Halting := Halting, Inbox := Inbox, Parameters := Parameters]
initializes: Custody[Halting := Halting, Inbox := Inbox, Listings := Listings]
initializes: Forced[Halting := Halting, Inbox := Inbox, Parameters := Parameters]
initializes: Timelock[Halting := Halting, Listings := Listings, Parameters := Parameters]
initializes: Batches[Halting := Halting, Inbox := Inbox, Parameters := Parameters]
initializes: Payouts[Batches := Batches, Custody := Custody, Halting := Halting]


exports: (
    Parameters.parameters,
    Halting.halted,
    Halting.halted_at,
    Inbox.inbox_count,
    Inbox.inbox_accumulator,
    Inbox.inbox_time,
    Listings.list_token,
    Listings.list_market,
    Listings.set_fee_tier,
    Listings.token_count,
    Listings.market_count,
    Listings.fee_tier,
    Listings.token_id_of,
    Listings.tokens,
    Listings.markets,
    Custody.deposit_eth,
    Custody.deposit,
    Custody.held_atoms,
    Forced.force,
    Forced.collect_message_fees,
    Forced.message_fees,
    Batches.post_batch,
    Batches.post_blob,
    Batches.claim_state,
    Batches.reclaim_bond,
    Batches.batch_count,
    Batches.claim_count,
    Batches.last_time_ms,
    Batches.batches,
    Batches.claims,
    Batches.is_final,
    Batches.final_count,
    Batches.inbox_consumed,
    Payouts.withdraw,
    Payouts.exit_balance,
    Payouts.pay_many,
    Payouts.pay_cell,
    Payouts.is_paid,
    Payouts.paid_words,
    Timelock.propose,
    Timelock.cancel,
    Timelock.execute,
    Timelock.proposals,
)


# @notice A deposit that the exchange never consumed was paid back after a halt.
# @param index Index of its inbox message.
# @param atoms Amount in atoms.
event Refunded:
    index: indexed(uint256)
    owner: indexed(address)
    token_id: indexed(uint32)
    atoms: uint64


# @notice Whether the deposit with this inbox index was paid back.
is_refunded: public(HashMap[uint256, bool])


@deploy
def __init__(
    sequencer: address,
    lister: address,
    challenge_window: uint256,
    inbox_deadline: uint256,
    batch_deadline: uint256,
    time_drift: uint256,
    claim_bond: uint256,
    message_price: uint256,
    token_blueprint: address,
    governor: address,
    governance_delay: uint256,
    guest_root: bytes32,
):
    """
    @notice Deploys a rollup and lists ETH as token 1.
    @param sequencer Posts batches and claims states: a plain account.
    @param lister Lists tokens and markets, sets fee tiers.
    @param challenge_window Seconds between a claim and its finality.
    @param inbox_deadline Age in seconds from which an unconsumed inbox message allows a halt.
    @param batch_deadline Age in seconds from which a missing batch or claim allows a halt.
    @param time_drift How far, in seconds, batch times may lie from L1 time; not below batch_deadline.
    @param claim_bond Bond of a claim in wei; may be 0.
    @param message_price Price of a message with forced commands in wei; 0 to 10 ** 17.
    @param token_blueprint Blueprint of `BornToken`.
    @param governor Proposes changes; zero if nothing shall ever change.
    @param governance_delay Seconds from a proposal until it can be in force; above the other deadlines together.
    @param guest_root Root of the guest program's memory; may be 0 until there are disputes.
    """
    Parameters.__init__(
        sequencer,
        lister,
        challenge_window,
        inbox_deadline,
        batch_deadline,
        time_drift,
        claim_bond,
        message_price,
        token_blueprint,
        governor,
        governance_delay,
        guest_root,
    )
    Listings.__init__()


@external
@nonreentrant
def create_token(
    batch: uint256, token_id: uint32, supply: uint64, decimals: uint8, symbol: bytes16, path: bytes32[Cells.HEIGHT]
):
    """
    @notice Creates the ERC-20 of a token that was born on the exchange, once, with the supply that its cell says; all of it is held here
            for those who have it on the exchange. From then on the token is deposited and paid like any other. Anyone may call it,
            also after a halt.
    @param batch Number of a batch whose claimed state is final and holds the token.
    @param token_id Identifier of the token, which also says where its cell is.
    @param supply Supply in the cell, in atoms.
    @param decimals Decimals in the cell.
    @param symbol Symbol in the cell, zero padded.
    @param path The 29 sibling hashes from the cell up to the state root.
    """
    root: bytes32 = Batches._final_root(batch)
    leaf: bytes32 = Cells._token_leaf(token_id, supply, decimals, symbol)
    index: uint256 = Cells.TOKENS_START + convert(token_id, uint256)
    assert Cells._root(leaf, index, path) == root, "rollup: wrong path"

    Listings._create_token(token_id, supply, decimals, symbol)
    Custody._take_over(token_id, supply)


@external
@nonreentrant
def halt():
    """
    @notice Halts the rollup for good. Anyone may call it, once the oldest inbox message is not consumed within its
            deadline, or no batch was posted, or a posted one not claimed, within the other. No call but this one halts.
    """
    Halting._check_running()
    if Batches._is_inbox_overdue():
        Halting._halt("inbox overdue")
    elif Batches._is_batch_overdue():
        Halting._halt("batch overdue")
    elif Batches._is_claim_overdue():
        Halting._halt("claim overdue")
    else:
        raise "rollup: nothing is overdue"


@external
@nonreentrant
def refund_deposit(index: uint256, owner: address, token_id: uint32, amount: uint64):
    """
    @notice After a halt, pays back to its owner, once, a deposit that the last claimed state has not consumed. Anyone may
            call it, when that claim is final, or at once if nothing was ever claimed.
    @param index Index of the deposit's inbox message.
    @param owner Owner in the message, who is paid.
    @param token_id Token in the message.
    @param amount Amount in the message, in atoms.
    """
    Halting._check_halted()
    count: uint256 = Batches.claim_count
    if count != 0:
        Batches._check_final(count - 1)
        assert index >= Batches._batches[count - 1].inbox_end, "rollup: deposit was consumed"
    assert not self.is_refunded[index], "rollup: already refunded"
    message_hash: bytes32 = Inbox._message_hash(
        Inbox.KIND_DEPOSIT, convert(owner, uint256), convert(token_id, uint256), convert(amount, uint256), 0
    )
    assert Inbox._holds(index, message_hash), "rollup: no such deposit"

    self.is_refunded[index] = True
    log Refunded(index=index, owner=owner, token_id=token_id, atoms=amount)
    Custody._pay(token_id, owner, convert(amount, uint256))
