# pragma version 0.4.3
# pragma evm-version cancun
"""
@title ERC-20 of a token that was born on the exchange
@custom:contract-name BornToken
@license Apache-2.0
@notice All that there will ever be of it exists from the beginning and belongs to the rollup, which deployed this contract and pays it
        out. There is no owner: nobody can mint, pause, take, or change anything.
@dev The rollup makes it from a blueprint (ERC-5202) when it is shown the token's cell: see `Listings._create_token`.
"""


from ethereum.ercs import IERC20
from ethereum.ercs import IERC20Detailed


implements: IERC20
implements: IERC20Detailed


# @notice 1 to 16 printable ASCII characters; the name is the same.
symbol: public(immutable(String[32]))

# @notice Decimals of the smallest unit, which is an atom on the exchange.
decimals: public(immutable(uint8))

# @notice In smallest units, below 2 ** 63.
totalSupply: public(immutable(uint256))

balanceOf: public(HashMap[address, uint256])

# @notice What a spender may take from an owner; `max_value(uint256)` is never used up.
allowance: public(HashMap[address, HashMap[address, uint256]])


@deploy
def __init__(symbol_: bytes32, decimals_: uint8, supply: uint256):
    """
    @param symbol_ ASCII characters, left aligned, zero padded.
    @param decimals_ Decimals of the smallest unit.
    @param supply Everything, given to the deployer.
    """
    length: uint256 = 0
    for i: uint256 in range(32):
        if convert(slice(symbol_, i, 1), uint256) == 0:
            break
        length += 1
    symbol = convert(slice(symbol_, 0, length), String[32])
    decimals = decimals_
    totalSupply = supply
    self.balanceOf[msg.sender] = supply
    log IERC20.Transfer(sender=empty(address), receiver=msg.sender, value=supply)


@external
@view
def name() -> String[32]:
    """
    @notice The symbol.
    @return String[32] 1 to 16 ASCII characters.
    """
    return symbol


@external
def transfer(to: address, amount: uint256) -> bool:
    """
    @notice Moves tokens of the caller.
    @param to Receiver, not the zero address.
    @param amount In smallest units.
    @return bool True; what cannot be done reverts.
    """
    self._move(msg.sender, to, amount)
    return True


@external
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    """
    @notice Moves tokens of an owner who has approved the caller.
    @param owner Whose tokens.
    @param to Receiver, not the zero address.
    @param amount In smallest units.
    @return bool True; what cannot be done reverts.
    """
    allowed: uint256 = self.allowance[owner][msg.sender]
    if allowed != max_value(uint256):
        assert amount <= allowed, "borntoken: not allowed"
        self.allowance[owner][msg.sender] = allowed - amount
    self._move(owner, to, amount)
    return True


@external
def approve(spender: address, amount: uint256) -> bool:
    """
    @notice Sets what a spender may take from the caller.
    @param spender Who may take.
    @param amount In smallest units.
    @return bool True.
    """
    self.allowance[msg.sender][spender] = amount
    log IERC20.Approval(owner=msg.sender, spender=spender, value=amount)
    return True


@internal
def _move(owner: address, to: address, amount: uint256):
    """
    @dev Moves tokens.
    """
    assert to != empty(address), "borntoken: receiver is zero"
    held: uint256 = self.balanceOf[owner]
    assert amount <= held, "borntoken: not enough held"
    self.balanceOf[owner] = held - amount
    # No overflow: all balances together are the supply.
    self.balanceOf[to] += amount
    log IERC20.Transfer(sender=owner, receiver=to, value=amount)
