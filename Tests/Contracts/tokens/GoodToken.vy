# pragma version 0.4.3
# pragma evm-version cancun
"""
@title A standard ERC-20 with 18 decimals, made of snekmate's module
@license Apache-2.0
@notice The deployer mints. Used by tests only.
"""


from snekmate.auth import ownable
from snekmate.tokens import erc20


initializes: ownable
initializes: erc20[ownable := ownable]


exports: (
    erc20.IERC20,
    erc20.IERC20Detailed,
    erc20.mint,
)


@deploy
def __init__():
    ownable.__init__()
    erc20.__init__("Good", "GOOD", 18, "Good", "1")
