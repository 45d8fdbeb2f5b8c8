# pragma version 0.4.3
# pragma evm-version cancun
"""
@title A contract that fills the inbox as cheaply as one can: many messages in one transaction
@license Apache-2.0
@notice Used by tests only.
"""


@external
@payable
def flood(target: address, data: Bytes[2048], count: uint256, price: uint256):
    for i: uint256 in range(count, bound=1_000):
        raw_call(target, data, value=price)
