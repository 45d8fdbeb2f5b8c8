# pragma version 0.4.3
# pragma evm-version cancun
"""
@title A token that charges a fee
@license Apache-2.0
@notice Either the receiver gets 1 % less, or the sender is charged 1 % more. Used by tests only.
"""


balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])

# @notice Fee in percent taken from what the receiver gets, and charged to the sender on top.
receiver_fee: public(uint256)
sender_fee: public(uint256)


@external
def set_fees(receiver_fee: uint256, sender_fee: uint256):
    self.receiver_fee = receiver_fee
    self.sender_fee = sender_fee


@external
def mint(receiver: address, amount: uint256):
    self.balanceOf[receiver] += amount


@external
def approve(spender: address, amount: uint256) -> bool:
    self.allowance[msg.sender][spender] = amount
    return True


@external
def transfer(receiver: address, amount: uint256) -> bool:
    self._move(msg.sender, receiver, amount)
    return True


@external
def transferFrom(owner: address, receiver: address, amount: uint256) -> bool:
    self.allowance[owner][msg.sender] -= amount
    self._move(owner, receiver, amount)
    return True


@internal
def _move(owner: address, receiver: address, amount: uint256):
    self.balanceOf[owner] -= amount + amount * self.sender_fee // 100
    self.balanceOf[receiver] += amount - amount * self.receiver_fee // 100
