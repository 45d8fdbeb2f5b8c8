# pragma version 0.4.3
# pragma evm-version cancun
"""
@title An owner that is a contract
@license Apache-2.0
@notice Decides what happens when it is sent ETH: 0 takes it, 1 refuses, 2 burns all gas, 3 calls `target` with `data`,
        4 refuses with an answer of 64 KiB, 5 takes it for more than 300,000 gas. Used by tests only.
"""


mode: public(uint256)
target: public(address)
data: Bytes[2048]
called: public(bool)
succeeded: public(bool)


@external
def arm(mode: uint256, target: address, data: Bytes[2048]):
    self.mode = mode
    self.target = target
    self.data = data


@external
@payable
def relay(target: address, data: Bytes[2048]):
    """
    @notice Calls a contract with the ETH sent along.
    """
    raw_call(target, data, value=msg.value)


@external
@payable
def __default__():
    if self.mode == 1:
        raise "no thanks"
    elif self.mode == 2:
        burnt: bytes32 = empty(bytes32)
        for i: uint256 in range(2 ** 40):
            burnt = keccak256(burnt)
    elif self.mode == 3:
        self.called = True
        self.succeeded = raw_call(self.target, self.data, revert_on_failure=False)
    elif self.mode == 5:
        burnt: bytes32 = empty(bytes32)
        for i: uint256 in range(3_000):
            burnt = keccak256(burnt)
    elif self.mode == 4:
        raw_revert(abi_encode(empty(uint256[2048])))
