# pragma version 0.4.3
# pragma evm-version cancun
"""
@title A contract that calls another one while it is constructed, when it has no code yet
@license Apache-2.0
@notice Used by tests only.
"""


@deploy
def __init__(target: address, data: Bytes[2048]):
    raw_call(target, data)
