# pragma version 0.4.3
# pragma evm-version cancun
"""
@title Batches and the states claimed after them
@license Apache-2.0
@notice The sequencer posts batches in order, as calldata or in a blob, and claims the state root after each one, in order,
        with a bond. A claim is final when the challenge window has passed.
@dev The bytes of a batch are not stored: anyone reads them from the input or the blob of the transaction that posted it, and
     the batch chain commits to them. Together with the inbox that is all that is needed to derive the state.

     AVAILABILITY. Both ways publish the bytes: a block does not enter the chain without its calldata, nor one whose blobs were
     not there for its attesters. Calldata stays with every node that keeps the chain's history. A blob need be served by
     consensus nodes for 4096 epochs only, 18 days: who derives the state at least that often, as followers do, needs L1 alone
     for ever, and the state is all that an exit takes; who begins later needs a copy of older blobs that somebody kept, which
     the versioned hash proves right. So the challenge window, in which a claim is checked, must stay well under 18 days where
     batches go into blobs.

     The contract sees the hash of a blob, never its bytes. Reading is therefore total: element i of the 4096 holds bytes 31 * i
     to 31 * i + 30 of the batch in its last 31 bytes, the first byte is ignored and so is all behind `size`; every blob with
     every size is the bytes of some batch. Whether those decode is the deriver's question, as it is for calldata.

     DISPUTES come here. Until they exist, only the sequencer claims, and a claim becomes final by time alone: users trust the
     sequencer's roots, and check them with `memex batch verify`. A dispute will be opened against a `Claim` within its window
     with a bond of its own; `_is_final` then also asks that no dispute over the claim, or over one before it, is open; a claim
     that loses is removed together with all later ones (`claim_count` goes back), and its bond goes to the winner less a burn.
     The batch chain already commits to all that a dispute must agree on: number, inbox, times and bytes. `claim_state`
     then opens to everyone.
"""


from . import Custody
from . import Halting
from . import Inbox
from . import Parameters


uses: Halting
uses: Inbox
uses: Parameters


# @notice A posted batch.
struct Batch:
    # Chain over this batch and all before it: keccak256(abi.encode(previous hash (0 at first), number, inbox_end,
    # inbox accumulator at inbox_end, first_time_ms, last_time_ms, data hash, blob size)). As calldata: keccak256(data) and 0;
    # in a blob: its versioned hash and how many of its bytes count, never 0. So neither way can pass for the other.
    hash: bytes32
    # Inbox messages consumed up to the end of this batch.
    inbox_end: uint256
    # L1 time of posting, in seconds since 1970.
    posted_at: uint256


# @notice A claimed state.
struct Claim:
    # State root after the batch.
    root: bytes32
    # Who claimed it and gets the bond back.
    claimant: address
    # L1 time of the claim, in seconds since 1970.
    claimed_at: uint256
    # Bond not yet given back, in wei.
    bond: uint256


# @notice A batch was posted. Its bytes are the argument `data` in the input of this transaction, or the first `data_size` in its
#         first blob, whose versioned hash then is `data_hash`.
event BatchPosted:
    number: indexed(uint256)
    inbox_start: uint256
    inbox_end: uint256
    inbox_accumulator: bytes32
    first_time_ms: uint64
    last_time_ms: uint64
    data_hash: bytes32
    data_size: uint256
    batch_hash: bytes32
    in_blob: bool


# @notice The state root after a batch was claimed.
event StateClaimed:
    number: indexed(uint256)
    root: indexed(bytes32)
    claimant: indexed(address)


# @notice The bond of a final claim went back to its claimant.
event BondReclaimed:
    number: indexed(uint256)
    claimant: indexed(address)
    amount: uint256


# @dev Longest batch in bytes, either way: what one blob carries, 4096 elements of 31 bytes. As calldata it fits the 128 KiB to
#      which L1 nodes limit a transaction.
DATA_SIZE_MAX: constant(uint256) = 126_976

# @dev Where the arguments of `post_batch` say that `data` begins, when they are encoded the standard way.
_DATA_OFFSET: constant(uint256) = 5 * 32

# @notice How many batches were posted; also the number of the next one.
batch_count: public(uint256)

# @notice How many states were claimed; also the number of the next batch to claim.
claim_count: public(uint256)

# @notice Time of the last block in the last batch, in milliseconds since 1970; 0 before the first batch.
last_time_ms: public(uint64)

_batches: HashMap[uint256, Batch]
_claims: HashMap[uint256, Claim]


@external
@nonreentrant
def post_batch(
    number: uint256, inbox_end: uint256, first_time_ms: uint64, last_time_ms: uint64, data: Bytes[DATA_SIZE_MAX]
):
    """
    @notice Posts the next batch as calldata. Sequencer only.
    @dev The arguments must be encoded the standard way, so that everyone finds the bytes in the transaction's input: without
         them nobody could build the path to an exit.
    @param number Number of the batch, from 0, without gaps.
    @param inbox_end Inbox messages consumed up to the end of the batch; never fewer than before, nor more than there are.
    @param first_time_ms Time of its first block, in milliseconds since 1970; not before the last batch's end.
    @param last_time_ms Time of its last block, in milliseconds since 1970.
    @param data The encoded batch, 1 to 126976 bytes.
    """
    assert convert(slice(msg.data, 132, 32), uint256) == _DATA_OFFSET, "batches: arguments not encoded plainly"
    self._post(number, inbox_end, first_time_ms, last_time_ms, keccak256(data), len(data), False)


@external
@nonreentrant
def post_blob(number: uint256, inbox_end: uint256, first_time_ms: uint64, last_time_ms: uint64, size: uint256):
    """
    @notice Posts the next batch in the first blob of this transaction. Sequencer only.
    @dev `blobhash` is zero where the transaction has no blob, and never zero where it has one: its first byte is the version.
         Further blobs of the transaction mean nothing.
    @param number Number of the batch, from 0, without gaps.
    @param inbox_end Inbox messages consumed up to the end of the batch; never fewer than before, nor more than there are.
    @param first_time_ms Time of its first block, in milliseconds since 1970; not before the last batch's end.
    @param last_time_ms Time of its last block, in milliseconds since 1970.
    @param size How many bytes of the blob are the encoded batch, 1 to 126976.
    """
    versioned_hash: bytes32 = blobhash(0)
    assert versioned_hash != empty(bytes32), "batches: no blob"
    assert size <= DATA_SIZE_MAX, "batches: more than a blob holds"
    self._post(number, inbox_end, first_time_ms, last_time_ms, versioned_hash, size, True)


@external
@payable
@nonreentrant
def claim_state(number: uint256, root: bytes32):
    """
    @notice Claims the state root after a posted batch; send exactly the bond along. Sequencer only, until disputes exist.
    @param number Number of the batch, from 0, without gaps.
    @param root State root after it.
    """
    Halting._check_running()
    assert msg.sender == Parameters.SEQUENCER, "batches: not the sequencer"
    assert number == self.claim_count, "batches: claim out of order"
    assert number < self.batch_count, "batches: claim before its batch"
    assert msg.value == Parameters.claim_bond, "batches: wrong bond"

    self.claim_count = number + 1
    self._claims[number] = Claim(root=root, claimant=msg.sender, claimed_at=block.timestamp, bond=msg.value)
    log StateClaimed(number=number, root=root, claimant=msg.sender)


@external
@nonreentrant
def reclaim_bond(number: uint256):
    """
    @notice Gives the bond of a final claim back to its claimant, once. Anyone may call it, also after a halt.
    @param number Number of the claimed batch.
    """
    self._check_final(number)
    claim: Claim = self._claims[number]
    assert claim.bond != 0, "batches: no bond to give back"

    self._claims[number].bond = 0
    log BondReclaimed(number=number, claimant=claim.claimant, amount=claim.bond)
    Custody._send(claim.claimant, claim.bond)


@external
@view
def batches(number: uint256) -> Batch:
    """
    @notice A posted batch.
    @param number Its number, from 0.
    @return Batch hash (chain), inbox_end, posted_at (seconds since 1970); all zero if it was not posted.
    """
    return self._batches[number]


@external
@view
def claims(number: uint256) -> Claim:
    """
    @notice A claimed state.
    @param number Number of its batch, from 0.
    @return Claim root, claimant, claimed_at (seconds since 1970), bond (wei still bound); all zero if it was not claimed.
    """
    return self._claims[number]


@external
@view
def is_final(number: uint256) -> bool:
    """
    @notice Whether the claimed state after a batch is final.
    @param number Number of the batch, from 0.
    @return bool False also when nothing was claimed.
    """
    return self._is_final(number)


@external
@view
def final_count() -> uint256:
    """
    @notice How many claims are final. They are the first ones, as claims are made in order.
    @return uint256 The count; the last final claim, if any, has the number below it.
    """
    low: uint256 = 0
    high: uint256 = self.claim_count
    # Claim low - 1 is final, claim high is not.
    for _: uint256 in range(64):
        if low == high:
            break
        middle: uint256 = (low + high) // 2
        if self._is_final(middle):
            low = middle + 1
        else:
            high = middle
    return low


@external
@view
def inbox_consumed() -> uint256:
    """
    @notice How many inbox messages the posted batches have consumed.
    @return uint256 The count; also the index of the oldest message not consumed.
    """
    return self._inbox_consumed()


@internal
def _post(
    number: uint256,
    inbox_end: uint256,
    first_time_ms: uint64,
    last_time_ms: uint64,
    data_hash: bytes32,
    data_size: uint256,
    in_blob: bool,
):
    """
    @dev Checks and writes what both ways of posting have in common. The sequencer must be a plain account that calls directly:
         then a transaction posts one batch, and its own input and blobs are all there is to look at.
    """
    Halting._check_running()
    assert msg.sender == Parameters.SEQUENCER, "batches: not the sequencer"
    assert msg.sender == tx.origin and msg.sender.codesize == 0, "batches: not a plain account"
    assert number == self.batch_count, "batches: out of order"
    assert data_size != 0, "batches: no data"
    inbox_start: uint256 = self._inbox_consumed()
    assert inbox_end >= inbox_start, "batches: inbox goes backwards"
    assert inbox_end <= Inbox.inbox_count, "batches: inbox message does not exist"
    assert first_time_ms >= self.last_time_ms, "batches: time goes backwards"
    assert last_time_ms >= first_time_ms, "batches: time goes backwards"
    # The earliest and the latest time are near the L1 time, hence all between them.
    assert (
        convert(last_time_ms, uint256) <= (block.timestamp + Parameters.TIME_DRIFT) * 1000
    ), "batches: too far ahead of L1 time"
    assert (
        convert(first_time_ms, uint256) + Parameters.TIME_DRIFT * 1000 >= block.timestamp * 1000
    ), "batches: too far behind L1 time"

    previous: bytes32 = empty(bytes32)
    if number != 0:
        previous = self._batches[number - 1].hash
    accumulator: bytes32 = Inbox.inbox_accumulator[inbox_end]
    blob_size: uint256 = data_size if in_blob else 0
    batch_hash: bytes32 = keccak256(
        abi_encode(previous, number, inbox_end, accumulator, first_time_ms, last_time_ms, data_hash, blob_size)
    )
    self.batch_count = number + 1
    self.last_time_ms = last_time_ms
    self._batches[number] = Batch(hash=batch_hash, inbox_end=inbox_end, posted_at=block.timestamp)
    log BatchPosted(
        number=number,
        inbox_start=inbox_start,
        inbox_end=inbox_end,
        inbox_accumulator=accumulator,
        first_time_ms=first_time_ms,
        last_time_ms=last_time_ms,
        data_hash=data_hash,
        data_size=data_size,
        batch_hash=batch_hash,
        in_blob=in_blob,
    )


@internal
@view
def _inbox_consumed() -> uint256:
    """
    @dev Inbox messages consumed by posted batches.
    """
    count: uint256 = self.batch_count
    return 0 if count == 0 else self._batches[count - 1].inbox_end


@internal
@view
def _is_final(number: uint256) -> bool:
    """
    @dev Whether a claim is final. Disputes will be one more condition here.
    """
    return (
        number < self.claim_count
        and block.timestamp >= self._claims[number].claimed_at + Parameters.CHALLENGE_WINDOW
    )


@internal
@view
def _check_final(number: uint256):
    """
    @dev Reverts unless a claim is final.
    """
    assert self._is_final(number), "batches: not final"


@internal
@view
def _final_root(number: uint256) -> bytes32:
    """
    @dev The state root of a claim that must be final.
    """
    self._check_final(number)
    return self._claims[number].root


@internal
@view
def _is_batch_overdue() -> bool:
    """
    @dev Whether the last batch (before the first one, the deployment) is older than the deadline.
    """
    count: uint256 = self.batch_count
    last: uint256 = Parameters.DEPLOYED_AT if count == 0 else self._batches[count - 1].posted_at
    return block.timestamp > last + Parameters.BATCH_DEADLINE


@internal
@view
def _is_claim_overdue() -> bool:
    """
    @dev Whether the oldest batch that was not claimed is older than the deadline.
    """
    count: uint256 = self.claim_count
    return count < self.batch_count and block.timestamp > self._batches[count].posted_at + Parameters.BATCH_DEADLINE


@internal
@view
def _is_inbox_overdue() -> bool:
    """
    @dev Whether the oldest message that no batch consumed is older than the deadline.
    """
    consumed: uint256 = self._inbox_consumed()
    return (
        consumed < Inbox.inbox_count
        and block.timestamp > Inbox.inbox_time[consumed] + Parameters.INBOX_DEADLINE
    )
