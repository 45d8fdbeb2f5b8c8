# pragma version 0.4.3
# pragma evm-version cancun
"""
@title Test token
@license Apache-2.0
@notice A plain ERC-20 that anyone may mint. For development chains only.
"""


from ethereum.ercs import IERC20

implements: IERC20


event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    value: uint256


event Approval:
    owner: indexed(address)
    spender: indexed(address)
    value: uint256


name: public(String[32])
symbol: public(String[16])
decimals: public(uint8)
totalSupply: public(uint256)
balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])


@deploy
def __init__(name: String[32], symbol: String[16], decimals: uint8):
    """
    @param name Name shown to people.
    @param symbol Symbol shown to people.
    @param decimals Decimals of a unit as shown to people.
    """
    self.name = name
    self.symbol = symbol
    self.decimals = decimals


@external
def mint(receiver: address, amount: uint256):
    """
    @notice Makes new tokens for anyone.
    @param receiver Who gets them.
    @param amount Units.
    """
    self.totalSupply += amount
    self.balanceOf[receiver] += amount
    log Transfer(sender=empty(address), receiver=receiver, value=amount)


@external
def transfer(receiver: address, amount: uint256) -> bool:
    """
    @notice Moves tokens of the caller.
    """
    self._move(msg.sender, receiver, amount)
    return True


@external
def transferFrom(owner: address, receiver: address, amount: uint256) -> bool:
    """
    @notice Moves tokens that the owner allowed the caller to move. The highest allowance is never used up.
    """
    allowed: uint256 = self.allowance[owner][msg.sender]
    assert allowed >= amount, "token: allowance too low"
    if allowed != max_value(uint256):
        self.allowance[owner][msg.sender] = allowed - amount
    self._move(owner, receiver, amount)
    return True


@external
def approve(spender: address, amount: uint256) -> bool:
    """
    @notice Allows a spender to move tokens of the caller.
    """
    self.allowance[msg.sender][spender] = amount
    log Approval(owner=msg.sender, spender=spender, value=amount)
    return True


@internal
def _move(owner: address, receiver: address, amount: uint256):
    """
    @dev Moves tokens.
    """
    assert receiver != empty(address), "token: receiver is zero"
    assert self.balanceOf[owner] >= amount, "token: balance too low"
    self.balanceOf[owner] -= amount
    self.balanceOf[receiver] += amount
    log Transfer(sender=owner, receiver=receiver, value=amount)
