# pragma version 0.4.3
# pragma evm-version cancun
"""
@title Payouts of withdrawal records and balances
@license Apache-2.0
@notice Whoever shows that a cell of a final state holds a withdrawal record has its owner paid; after a halt, the same for
        balances under the last claimed state. Each is paid once. One cell comes with a Merkle path (`withdraw`,
        `exit_balance`), many come under one multiproof (`pay_many`).
@dev PAID ONCE. What is paid has a payout id: a withdrawal record its own id, a balance 2 ** 64 + the index of its cell. A record's cell says
     nothing, as the ring writes another record into it in time; its id is given once, so it means one record under whatever final root
     it is shown: that of the last batch, or an older one that holds it still. Balances are shown under one root alone.

     THE MULTIPROOF. Cells come in ascending order, so that each is named once. They are walked from left to right. Each climbs
     until the next one lies under its sibling; there it waits as a left half, and the last cell of that sibling's side, which
     climbs past this height, takes it up. Every other sibling is the next of `siblings`, of which none may be missing and none
     left over. So the hashes that are computed form one tree of height 29 with the cells at their places, which equals the
     root only if it is the state's: a proof shows for each cell what its own path would. The order of the siblings is that in
     which they are needed, which leaves nothing to choose: there is one proof for a set of cells.

     ONE RECEIVER CANNOT HOLD UP THE OTHERS. `pay_many` pays each cell by a call to this contract itself, which is undone as a
     whole if anything in it fails: the owner refuses ether or burns gas, the token is paused, lies about a transfer or calls
     back, the cell was paid by somebody else a moment before. That cell stays unpaid, `Skipped` names it, and the next one
     follows; nothing that its receiver did with the books of the others' tokens is kept. It may still be paid later, by
     `withdraw` or `exit_balance` without a limit of gas. The call has `CELL_GAS`, no more, so that a receiver costs the caller
     that much at most; and no less, because less gas than that left is refused: otherwise those who estimate gas by trial would
     find the least with which every payment starves and nothing else fails. For the same reason a call that pays nothing
     fails. Payments of one owner are never added up, as that would tie cells to each other.

     The lock is held all the while, so neither receivers nor tokens can enter; `pay_cell` takes calls of this contract alone,
     and this contract calls itself nowhere else: no token is listed at its address, and owners are called without data.
"""


from . import Batches
from . import Cells
from . import Custody
from . import Halting


uses: Batches
uses: Custody
uses: Halting


# @notice A cell as `pay_many` takes it.
struct Cell:
    # Index of the cell.
    index: uint256
    owner: address
    token_id: uint32
    # Withdrawal record: amount. Balance: free atoms.
    first: uint64
    # Withdrawal record: id. Balance: locked atoms.
    second: uint64
    # Withdrawal record: number of the exchange's block. Balance: account id.
    third: uint64


# @notice A withdrawal record was paid.
# @param id The record's id.
# @param atoms Amount in atoms.
event Withdrawn:
    id: indexed(uint256)
    owner: indexed(address)
    token_id: indexed(uint32)
    atoms: uint64


# @notice A balance was paid after a halt, free and locked together.
# @param cell_index Index of its cell.
# @param atoms Amount in atoms.
event Exited:
    cell_index: indexed(uint256)
    owner: indexed(address)
    token_id: indexed(uint32)
    atoms: uint256


# @notice `pay_many` could not pay a cell; it is as if it had not been among them.
# @param payout_id What was to be paid: a record's id, or 2 ** 64 + index of a balance's cell.
event Skipped:
    payout_id: indexed(uint256)


# @dev Most cells in one call. More would save each of them less than 700 gas.
CELLS_MAX: constant(uint256) = 32

# @dev Most siblings that this many cells can need: each 24 below the five levels that they fill.
SIBLINGS_MAX: constant(uint256) = 768

# @dev Gas for one of many payments. ETH and plain tokens take at most 80,000, for a new holder in a new word of `paid_words`.
CELL_GAS: constant(uint256) = 250_000

# @dev Gas that must be left before each payment, so that a 63rd part can be kept back beside it.
_GAS_LEFT_MIN: constant(uint256) = 260_000

# @dev What the index of a balance's cell is added to for its payout id: above all ids of records.
_BALANCES: constant(uint256) = 2 ** 64

# @notice 256 neighbours a word: bit `i & 255` of word `i >> 8` says whether the payout id `i` was paid.
paid_words: public(HashMap[uint256, uint256])


@external
@nonreentrant
def withdraw(
    batch: uint256,
    id: uint64,
    owner: address,
    token_id: uint32,
    amount: uint64,
    l2_block: uint64,
    path: bytes32[Cells.HEIGHT],
):
    """
    @notice Pays a withdrawal record to its owner, once. Anyone may call it, also after a halt.
    @param batch Number of a batch whose claimed state is final and holds the record.
    @param id The record's id, which says where its cell is.
    @param owner Owner in the record, who is paid.
    @param token_id Token in the record.
    @param amount Amount in the record, in atoms.
    @param l2_block Number of the exchange's block in the record.
    @param path The 29 sibling hashes from the cell up to the state root.
    """
    root: bytes32 = Batches._final_root(batch)
    leaf: bytes32 = Cells._leaf(owner, token_id, amount, id, l2_block)
    assert Cells._root(leaf, Cells._withdrawal_index(id), path) == root, "payouts: wrong path"

    self._pay_once(convert(id, uint256), owner, token_id, convert(amount, uint256))


@external
@nonreentrant
def exit_balance(
    cell_index: uint256,
    owner: address,
    token_id: uint32,
    free: uint64,
    locked: uint64,
    account: uint32,
    path: bytes32[Cells.HEIGHT],
):
    """
    @notice After a halt, pays a balance, free and locked together, to its owner, once. Anyone may call it, when the last
            claim before the halt is final. The path leads to that claim's root.
    @param cell_index Index of the balance's cell.
    @param owner Owner in the cell, who is paid.
    @param token_id Token in the cell.
    @param free Free atoms in the cell.
    @param locked Locked atoms in the cell.
    @param account Account id in the cell.
    @param path The 29 sibling hashes from the cell up to the state root.
    """
    Halting._check_halted()
    count: uint256 = Batches.claim_count
    assert count != 0, "payouts: nothing was claimed"
    root: bytes32 = Batches._final_root(count - 1)
    assert Cells._is_balance(cell_index), "payouts: not a balance cell"
    leaf: bytes32 = Cells._balance_leaf(owner, token_id, free, locked, account)
    assert Cells._root(leaf, cell_index, path) == root, "payouts: wrong path"

    self._pay_once(_BALANCES + cell_index, owner, token_id, convert(free, uint256) + convert(locked, uint256))


@external
@nonreentrant
def pay_many(batch: uint256, cells: DynArray[Cell, CELLS_MAX], siblings: DynArray[bytes32, SIBLINGS_MAX]) -> uint256:
    """
    @notice Pays many cells to their owners under one proof, each once: withdrawal records as `withdraw` does, and after a halt
            balances as `exit_balance` does. Anyone may call it. What cannot be paid is skipped.
    @param batch Number of a batch whose claimed state is final; the last claimed one if there are balances among the cells.
    @param cells 1 to 32 cells, by index ascending.
    @param siblings Hashes beside the cells' paths that are not computed from the cells, in the order of use: cell by cell, from
           the leaf up.
    @return uint256 How many cells were paid, at least 1.
    """
    root: bytes32 = Batches._final_root(batch)
    used: uint256 = 0
    hash: bytes32 = empty(bytes32)
    # Left halves by height that wait for their right ones; bit h of `waiting` says whether there is one at height h.
    lefts: bytes32[Cells.HEIGHT] = empty(bytes32[Cells.HEIGHT])
    waiting: uint256 = 0
    for i: uint256 in range(len(cells), bound=CELLS_MAX):
        cell: Cell = cells[i]
        position: uint256 = cell.index
        if Cells._is_balance(position):
            Halting._check_halted()
            assert batch + 1 == Batches.claim_count, "payouts: not the last claim"
        else:
            assert Cells._withdrawal_index(cell.second) == position, "payouts: not a cell that is paid"
        # Behind the last cell comes one outside of the tree.
        next: uint256 = 2 ** Cells.HEIGHT
        if i + 1 < len(cells):
            next = cells[i + 1].index
            assert next > position, "payouts: cells not ascending"
        hash = Cells._leaf(cell.owner, cell.token_id, cell.first, cell.second, cell.third)
        for height: uint256 in range(Cells.HEIGHT):
            if position >> 1 == next >> 1:
                lefts[height] = hash
                waiting |= 1 << height
                break
            sibling: bytes32 = empty(bytes32)
            if position & (waiting >> height) & 1 == 1:
                waiting ^= 1 << height
                sibling = lefts[height]
            else:
                # One that is missing makes `used` too large for good.
                if used < len(siblings):
                    sibling = siblings[used]
                used += 1
            if position & 1 == 0:
                hash = keccak256(abi_encode(hash, sibling))
            else:
                hash = keccak256(abi_encode(sibling, hash))
            position >>= 1
            next >>= 1
    assert hash == root and used == len(siblings), "payouts: wrong proof"

    paid: uint256 = 0
    for cell: Cell in cells:
        assert msg.gas >= _GAS_LEFT_MIN, "payouts: too little gas"
        atoms: uint256 = convert(cell.first, uint256)
        payout_id: uint256 = convert(cell.second, uint256)
        if Cells._is_balance(cell.index):
            atoms += payout_id
            payout_id = _BALANCES + cell.index
        if raw_call(
            self,
            abi_encode(
                payout_id,
                cell.owner,
                cell.token_id,
                atoms,
                method_id=method_id("pay_cell(uint256,address,uint32,uint256)"),
            ),
            gas=CELL_GAS,
            revert_on_failure=False,
        ):
            paid += 1
        else:
            log Skipped(payout_id=payout_id)
    assert paid != 0, "payouts: nothing was paid"
    return paid


@external
def pay_cell(payout_id: uint256, owner: address, token_id: uint32, atoms: uint256):
    """
    @notice Pays a proven cell: a part of `pay_many` that can be undone by itself. Only this contract may call it.
    @param payout_id What is paid: a record's id, or 2 ** 64 + index of a balance's cell.
    @param owner Owner in the cell, who is paid.
    @param token_id Token in the cell.
    @param atoms Amount in atoms.
    """
    assert msg.sender == self, "payouts: not for others"
    self._pay_once(payout_id, owner, token_id, atoms)


@external
@view
def is_paid(payout_id: uint256) -> bool:
    """
    @notice Whether a withdrawal record or a balance was paid.
    @param payout_id A record's id, or 2 ** 64 + index of a balance's cell.
    @return bool False also for what does not exist.
    """
    return (self.paid_words[payout_id >> 8] >> (payout_id & 255)) & 1 == 1


@internal
def _pay_once(payout_id: uint256, owner: address, token_id: uint32, atoms: uint256):
    """
    @dev Pays a proven cell, unless it was paid.
    """
    word: uint256 = self.paid_words[payout_id >> 8]
    bit: uint256 = 1 << (payout_id & 255)
    assert word & bit == 0, "payouts: already paid"

    self.paid_words[payout_id >> 8] = word | bit
    if payout_id < _BALANCES:
        log Withdrawn(id=payout_id, owner=owner, token_id=token_id, atoms=convert(atoms, uint64))
    else:
        log Exited(cell_index=payout_id - _BALANCES, owner=owner, token_id=token_id, atoms=atoms)
    Custody._pay(token_id, owner, atoms)
