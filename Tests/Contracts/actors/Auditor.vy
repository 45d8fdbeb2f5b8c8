# pragma version 0.4.3
# pragma evm-version cancun
"""
@title Reads the books of a rollup and what it has, of many tokens in one call
@license Apache-2.0
@notice Used by tests only.
"""


from ethereum.ercs import IERC20


struct Token:
    token: address
    unit: uint256
    decimals: uint8
    unit_exponent: uint8
    symbol: bytes32


interface Rollup:
    def token_count() -> uint32: view
    def tokens(token_id: uint32) -> Token: view
    def held_atoms(token_id: uint32) -> uint256: view


# @dev Most tokens in an audit.
_COUNT_MAX: constant(uint32) = 64


@external
@view
def audit(rollup: address) -> DynArray[uint256[2], _COUNT_MAX]:
    """
    @notice For each listed token, from the first: atoms held for users by the books, and L1 units there are.
    """
    found: DynArray[uint256[2], _COUNT_MAX] = []
    for i: uint32 in range(staticcall Rollup(rollup).token_count(), bound=_COUNT_MAX):
        id: uint32 = i + 1
        there: uint256 = rollup.balance
        if i != 0:
            there = staticcall IERC20((staticcall Rollup(rollup).tokens(id)).token).balanceOf(rollup)
        found.append([staticcall Rollup(rollup).held_atoms(id), there])
    return found
