# pragma version 0.4.3
# pragma evm-version cancun
"""
@title Timelock over the few parameters that may change
@license Apache-2.0
@notice The governor proposes a value within fixed bounds; when the delay has passed, anyone may put it in force, until the
        proposal expires. Nobody can shorten the delay, and nothing but `execute` changes a value:

         kind             | key       | value                    | bounds
         1 claim bond     | 0         | wei                      | at most 100 ether
         2 message price  | 0         | wei                      | at most 0.1 ether
         3 guest program  | 0         | root of the program      | not 0
         4 market fees    | market id | maker | taker << 16      | at most 100 basis points each
         5 fee tier       | owner     | tier                     | below the owner's tier: he pays more again

        The delay is longer than the worst way out (see `Parameters`), so who dislikes a proposal can leave before it is in force.
@dev There is at most one proposal by kind and key: proposing again replaces it and begins the delay anew. Bounds are
     checked when it is proposed and again when it is executed. Nothing can be proposed or executed after a halt.
"""


from . import Halting
from . import Listings
from . import Parameters


uses: Halting
uses: Listings
uses: Parameters


# @notice A proposal; all zero if there is none.
struct Proposal:
    value: uint256
    # L1 time in seconds since 1970 from which it may be executed, for `EXECUTION_PERIOD` seconds.
    executable_at: uint256


# @notice A change was proposed, in place of an earlier one of that kind and key, and may be executed from `executable_at`
#         (seconds since 1970) on, for 14 days; or, if that is 0, was withdrawn.
event Proposed:
    kind: indexed(uint256)
    key: indexed(uint256)
    value: uint256
    executable_at: uint256


# @notice A proposal is in force.
event Executed:
    kind: indexed(uint256)
    key: indexed(uint256)
    value: uint256


KIND_CLAIM_BOND: constant(uint256) = 1
KIND_MESSAGE_PRICE: constant(uint256) = 2
KIND_GUEST_ROOT: constant(uint256) = 3
KIND_MARKET_FEES: constant(uint256) = 4
KIND_FEE_TIER: constant(uint256) = 5

# @dev Seconds in which a proposal may be executed: one that was forgotten must be proposed, and waited for, again.
EXECUTION_PERIOD: constant(uint256) = 14 * 86_400

_proposals: HashMap[uint256, HashMap[uint256, Proposal]]


@external
@nonreentrant
def propose(kind: uint256, key: uint256, new_value: uint256):
    """
    @notice Proposes a change, in place of any earlier proposal of the same kind and key. Governor only.
    @param kind What to change, see the table above.
    @param key Of which market or owner; else 0.
    @param new_value The new value.
    """
    Halting._check_running()
    self._check(kind, key, new_value)
    self._set(kind, key, new_value, block.timestamp + Parameters.GOVERNANCE_DELAY)


@external
@nonreentrant
def cancel(kind: uint256, key: uint256):
    """
    @notice Withdraws a proposal, if there is one. Governor only.
    @param kind Its kind.
    @param key Its key.
    """
    self._set(kind, key, 0, 0)


@external
@nonreentrant
def execute(kind: uint256, key: uint256):
    """
    @notice Puts a proposal in force. Anyone may call it, in the 14 days after the delay.
    @param kind Its kind.
    @param key Its key.
    """
    Halting._check_running()
    proposal: Proposal = self._proposals[kind][key]
    assert block.timestamp >= proposal.executable_at, "timelock: too early"
    assert block.timestamp <= proposal.executable_at + EXECUTION_PERIOD, "timelock: no proposal, or expired"
    self._check(kind, key, proposal.value)

    self._proposals[kind][key].executable_at = 0
    log Executed(kind=kind, key=key, value=proposal.value)
    if kind == KIND_CLAIM_BOND:
        Parameters.claim_bond = proposal.value
    elif kind == KIND_MESSAGE_PRICE:
        Parameters.message_price = proposal.value
    elif kind == KIND_GUEST_ROOT:
        Parameters.guest_root = convert(proposal.value, bytes32)
    elif kind == KIND_MARKET_FEES:
        Listings._set_fees(convert(key, uint32), proposal.value)
    else:
        Listings._set_fee_tier(convert(key, address), convert(proposal.value, uint8))


@external
@view
def proposals(kind: uint256, key: uint256) -> Proposal:
    """
    @notice The standing proposal of a kind and key, also when it has expired.
    @param kind Its kind.
    @param key Its key.
    @return Proposal value, executable_at (seconds since 1970); all zero if there is none.
    """
    return self._proposals[kind][key]


@internal
def _set(kind: uint256, key: uint256, new_value: uint256, executable_at: uint256):
    """
    @dev Writes a proposal of the governor.
    """
    assert msg.sender == Parameters.GOVERNOR, "timelock: not the governor"
    self._proposals[kind][key] = Proposal(value=new_value, executable_at=executable_at)
    log Proposed(kind=kind, key=key, value=new_value, executable_at=executable_at)


@internal
@view
def _check(kind: uint256, key: uint256, new_value: uint256):
    """
    @dev Reverts unless the value may be in force, now.
    """
    allowed: bool = False
    if kind == KIND_MARKET_FEES:
        allowed = Listings._is_market(key) and Listings._are_fees(new_value)
    elif kind == KIND_FEE_TIER:
        # A better tier needs no delay: the lister gives it at once.
        allowed = key >> 160 == 0 and new_value < convert(Listings.fee_tier[convert(key, address)], uint256)
    elif kind == KIND_CLAIM_BOND:
        allowed = key == 0 and new_value <= Parameters.CLAIM_BOND_MAX
    elif kind == KIND_MESSAGE_PRICE:
        allowed = key == 0 and new_value <= Parameters.MESSAGE_PRICE_MAX
    elif kind == KIND_GUEST_ROOT:
        allowed = key == 0 and new_value != 0
    assert allowed, "timelock: out of bounds"
