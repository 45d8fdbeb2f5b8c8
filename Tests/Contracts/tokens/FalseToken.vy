# pragma version 0.4.3
# pragma evm-version cancun
"""
@title A token that returns a set word instead of reverting
@license Apache-2.0
@notice While `word` is 1 it works. 0 is a refusal, told by returning false; then nothing moves. Any other word is no boolean.
        Used by tests only.
"""


balanceOf: public(HashMap[address, uint256])

# @notice What transfers return.
word: public(uint256)


@deploy
def __init__():
    self.word = 1


@external
def set_word(word: uint256):
    self.word = word


@external
def mint(receiver: address, amount: uint256):
    self.balanceOf[receiver] += amount


@external
def transfer(receiver: address, amount: uint256) -> uint256:
    return self._move(msg.sender, receiver, amount)


@external
def transferFrom(owner: address, receiver: address, amount: uint256) -> uint256:
    return self._move(owner, receiver, amount)


@internal
def _move(owner: address, receiver: address, amount: uint256) -> uint256:
    if self.word != 0:
        self.balanceOf[owner] -= amount
        self.balanceOf[receiver] += amount
    return self.word
