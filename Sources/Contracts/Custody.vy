# pragma version 0.4.3
# pragma evm-version cancun
"""
@title Custody of ETH and ERC-20 tokens
@license Apache-2.0
@notice Invariant: for every token, the balance of this contract is at least `held_atoms * unit` (ETH: plus the bonds of
        claims not reclaimed and the message fees not collected).
@dev Money moves by two functions, `_receive` and `_pay`. Both update the books before they call a token, and both require that
     the balance of this contract changed by exactly the amount: a token that takes a fee from a transfer, or moves more than it
     was told, makes the call revert. Tokens without a return value are accepted, a returned false reverts.
     A surplus sent here directly belongs to nobody.
"""


from ethereum.ercs import IERC20

from . import Halting
from . import Inbox
from . import Listings


uses: Halting
uses: Inbox
uses: Listings


# @notice A deposit was taken in.
# @param index Index of its inbox message.
# @param owner Who is credited on the exchange.
# @param atoms Amount in atoms.
event Deposited:
    index: indexed(uint256)
    owner: indexed(address)
    token_id: indexed(uint32)
    atoms: uint64


# @dev Highest number of atoms of one token that may be held: sums of balances on the exchange never overflow below it.
_ATOMS_MAX: constant(uint256) = 2 ** 63 - 1

# @notice Atoms of a token that this contract holds for users.
held_atoms: public(HashMap[uint32, uint256])


@external
@payable
@nonreentrant
def deposit_eth(owner: address) -> uint256:
    """
    @notice Deposits the ETH sent along, a multiple of 1 gwei, for an account of the exchange.
    @param owner Owner of the account.
    @return uint256 Index of the inbox message.
    """
    return self._take_in(Listings.ETH_ID, Listings.ETH_UNIT, msg.value, owner)


@external
@nonreentrant
def deposit(token_id: uint32, amount: uint256, owner: address) -> uint256:
    """
    @notice Deposits ERC-20 tokens of the caller, who has approved this contract, for an account of the exchange.
    @param token_id Identifier of the token, not ETH.
    @param amount Amount in L1 units of the token, a multiple of the token's unit.
    @param owner Owner of the account.
    @return uint256 Index of the inbox message.
    """
    token: address = empty(address)
    unit: uint256 = 0
    token, unit = Listings._known(token_id)
    assert token != empty(address), "custody: use deposit_eth"

    index: uint256 = self._take_in(token_id, unit, amount, owner)
    self._receive(token, amount)
    return index


@internal
def _take_in(token_id: uint32, unit: uint256, amount: uint256, owner: address) -> uint256:
    """
    @dev Checks a deposit and writes it to the books and the inbox. The caller makes sure that the money arrives.
    @param unit L1 units in an atom.
    @param amount L1 units.
    @return uint256 Index of the inbox message.
    """
    Halting._check_running()
    assert owner != empty(address) and owner != self, "custody: bad owner"
    assert amount != 0, "custody: nothing to deposit"
    assert amount % unit == 0, "custody: not a multiple of the unit"
    atoms: uint256 = amount // unit
    assert atoms <= _ATOMS_MAX, "custody: too many atoms"
    held: uint256 = self.held_atoms[token_id] + atoms
    assert held <= _ATOMS_MAX, "custody: too many atoms"

    self.held_atoms[token_id] = held
    index: uint256 = Inbox._append(
        Inbox.KIND_DEPOSIT, convert(owner, uint256), convert(token_id, uint256), atoms, 0
    )
    log Deposited(index=index, owner=owner, token_id=token_id, atoms=convert(atoms, uint64))
    return index


@internal
def _take_over(token_id: uint32, supply: uint64):
    """
    @dev Writes the supply of a token that was created for this contract, and that nothing is held of yet, to the books.
    """
    self.held_atoms[token_id] = convert(supply, uint256)


@internal
def _receive(token: address, amount: uint256):
    """
    @dev Pulls tokens from the caller.
    @param amount L1 units.
    """
    before: uint256 = staticcall IERC20(token).balanceOf(self)
    success: bool = extcall IERC20(token).transferFrom(msg.sender, self, amount, default_return_value=True)
    assert success, "custody: transfer refused"
    after: uint256 = staticcall IERC20(token).balanceOf(self)
    assert after >= before and after - before == amount, "custody: wrong amount received"


@internal
def _pay(token_id: uint32, owner: address, atoms: uint256):
    """
    @dev Pays atoms out. All other effects of the calling function must precede this.
    """
    token: address = empty(address)
    unit: uint256 = 0
    token, unit = Listings._known(token_id)
    assert atoms != 0, "custody: nothing to pay"
    held: uint256 = self.held_atoms[token_id]
    assert atoms <= held, "custody: not enough held"
    self.held_atoms[token_id] = held - atoms
    amount: uint256 = atoms * unit

    if token == empty(address):
        self._send(owner, amount)
    else:
        before: uint256 = staticcall IERC20(token).balanceOf(self)
        success: bool = extcall IERC20(token).transfer(owner, amount, default_return_value=True)
        assert success, "custody: transfer refused"
        after: uint256 = staticcall IERC20(token).balanceOf(self)
        assert after <= before and before - after == amount, "custody: wrong amount sent"


@internal
def _send(to: address, amount: uint256):
    """
    @dev Sends wei. A receiver that refuses them reverts the whole call, which only delays that receiver; nothing it returns
         is copied, and gas that it burns is its caller's.
    """
    success: bool = raw_call(to, b"", value=amount, revert_on_failure=False)
    assert success, "custody: receiver refused"
