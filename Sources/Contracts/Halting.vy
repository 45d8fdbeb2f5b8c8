# pragma version 0.4.3
# pragma evm-version cancun
"""
@title The halt flag
@license Apache-2.0
@notice A rollup runs until it is halted, and never runs again. When a halt is due is decided in `Rollup`.
"""


# @notice Emitted once, when the rollup is halted.
# @param time L1 time in seconds since 1970.
# @param reason Which deadline was missed: "inbox overdue", "batch overdue" or "claim overdue".
event Halted:
    time: uint256
    reason: String[16]


# @notice L1 time of the halt in seconds since 1970; 0 while the rollup runs.
halted_at: public(uint256)


@external
@view
def halted() -> bool:
    """
    @notice Whether the rollup was halted.
    @return bool True from the halt on, for good.
    """
    return self.halted_at != 0


@internal
@view
def _check_running():
    """
    @dev Reverts after a halt.
    """
    assert self.halted_at == 0, "halting: halted"


@internal
@view
def _check_halted():
    """
    @dev Reverts before a halt.
    """
    assert self.halted_at != 0, "halting: not halted"


@internal
def _halt(reason: String[16]):
    """
    @dev Halts for good.
    @param reason The deadline that was missed.
    """
    self.halted_at = block.timestamp
    log Halted(time=block.timestamp, reason=reason)
