# pragma version 0.4.3
# pragma evm-version cancun
"""
@title A token that calls back during a transfer, as ERC-777 tokens let holders do
@license Apache-2.0
@notice During every transfer it calls `target` with `data`, and remembers whether that worked. Used by tests only.
"""


balanceOf: public(HashMap[address, uint256])
target: public(address)
data: Bytes[2048]
called: public(bool)
succeeded: public(bool)
# @notice The first bytes that the call back answered.
answer: public(Bytes[256])


@external
def arm(target: address, data: Bytes[2048]):
    self.target = target
    self.data = data


@external
def mint(receiver: address, amount: uint256):
    self.balanceOf[receiver] += amount


@external
def transfer(receiver: address, amount: uint256) -> bool:
    self._call_back()
    self._move(msg.sender, receiver, amount)
    return True


@external
def transferFrom(owner: address, receiver: address, amount: uint256) -> bool:
    self._move(owner, receiver, amount)
    self._call_back()
    return True


@internal
def _move(owner: address, receiver: address, amount: uint256):
    self.balanceOf[owner] -= amount
    self.balanceOf[receiver] += amount


@internal
def _call_back():
    if self.target != empty(address):
        self.called = True
        success: bool = False
        answer: Bytes[256] = b""
        success, answer = raw_call(self.target, self.data, max_outsize=256, revert_on_failure=False)
        self.succeeded = success
        self.answer = answer
