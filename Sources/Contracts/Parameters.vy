# pragma version 0.4.3
# pragma evm-version cancun
"""
@title Parameters of a deployment
@license Apache-2.0
@notice What is fixed when the rollup is deployed lives in the code as immutables: no key can change any of it afterwards. The
        claim bond, the price of a message and the guest program may change, within bounds, by `Timelock` alone.
@dev Times are in seconds of L1 time unless a name ends in `_ms`; money is in wei.
"""


# @notice What `parameters()` returns.
struct Parameters:
    sequencer: address
    lister: address
    challenge_window: uint256
    inbox_deadline: uint256
    batch_deadline: uint256
    time_drift: uint256
    claim_bond: uint256
    message_price: uint256
    token_blueprint: address
    deployed_at: uint256
    governor: address
    governance_delay: uint256
    guest_root: bytes32


# @dev No time parameter may exceed this many seconds, so that sums of times cannot overflow or lock money for good.
_SECONDS_MAX: constant(uint256) = 365 * 86_400

# @dev The price of a message may not exceed this many wei (0.1 ETH): what is to get everyone out must stay affordable.
MESSAGE_PRICE_MAX: constant(uint256) = 10 ** 17

# @dev Posts batches and claims states.
SEQUENCER: immutable(address)

# @dev Lists tokens and markets, and can do nothing else.
LISTER: immutable(address)

# @dev Seconds between a claim and its finality.
CHALLENGE_WINDOW: immutable(uint256)

# @dev Age in seconds from which the oldest unconsumed inbox message lets anyone halt the rollup.
INBOX_DEADLINE: immutable(uint256)

# @dev Age in seconds from which the last batch, or the oldest unclaimed one, lets anyone halt the rollup.
BATCH_DEADLINE: immutable(uint256)

# @dev How far, in seconds, the times of a batch may lie from the time of the L1 block that holds it.
TIME_DRIFT: immutable(uint256)

# @dev Highest bond of a claim in wei: a bond that nobody can pay would stop claims.
CLAIM_BOND_MAX: constant(uint256) = 100 * 10 ** 18

# @dev Blueprint (ERC-5202) of the ERC-20 of tokens that were born on the exchange.
TOKEN_BLUEPRINT: immutable(address)

# @dev L1 time of the deployment, in seconds since 1970.
DEPLOYED_AT: immutable(uint256)

# @dev Proposes changes to `Timelock`, and can do nothing else; zero: nobody, and nothing changes for ever. May be a contract.
GOVERNOR: immutable(address)

# @dev Seconds from a proposal until it can be in force.
GOVERNANCE_DELAY: immutable(uint256)

# @dev Bond of a claim, in wei.
claim_bond: uint256

# @dev Price of a message with forced commands, in wei.
message_price: uint256

# @dev Root of the guest program's memory, with which a dispute begins.
guest_root: bytes32


@deploy
def __init__(
    sequencer: address,
    lister: address,
    challenge_window: uint256,
    inbox_deadline: uint256,
    batch_deadline: uint256,
    time_drift: uint256,
    claim_bond: uint256,
    message_price: uint256,
    token_blueprint: address,
    governor: address,
    governance_delay: uint256,
    guest_root: bytes32,
):
    """
    @dev A drift below the batch deadline is refused: after an outage shorter than the deadline the sequencer would hold
         blocks too old to be posted, and a rollup that nobody may halt yet could not go on.

         A delay is refused if the worst way out is not shorter: a forced message is consumed within the inbox deadline or
         leads to a halt, its batch is claimed within the batch deadline or leads to a halt, and the claim is final (the last
         one, after a halt) a challenge window later.
    """
    assert sequencer != empty(address), "parameters: sequencer is zero"
    assert lister != empty(address), "parameters: lister is zero"
    assert challenge_window != 0 and challenge_window <= _SECONDS_MAX, "parameters: challenge window out of range"
    assert inbox_deadline != 0 and inbox_deadline <= _SECONDS_MAX, "parameters: inbox deadline out of range"
    assert batch_deadline != 0 and batch_deadline <= _SECONDS_MAX, "parameters: batch deadline out of range"
    assert time_drift >= batch_deadline and time_drift <= _SECONDS_MAX, "parameters: time drift out of range"
    assert message_price <= MESSAGE_PRICE_MAX, "parameters: message price out of range"
    assert token_blueprint.is_contract, "parameters: no token blueprint"
    assert claim_bond <= CLAIM_BOND_MAX, "parameters: claim bond out of range"
    assert (
        governance_delay > inbox_deadline + batch_deadline + challenge_window and governance_delay <= 4 * _SECONDS_MAX
    ), "parameters: governance delay out of range"

    SEQUENCER = sequencer
    LISTER = lister
    CHALLENGE_WINDOW = challenge_window
    INBOX_DEADLINE = inbox_deadline
    BATCH_DEADLINE = batch_deadline
    TIME_DRIFT = time_drift
    TOKEN_BLUEPRINT = token_blueprint
    DEPLOYED_AT = block.timestamp
    GOVERNOR = governor
    GOVERNANCE_DELAY = governance_delay
    self.claim_bond = claim_bond
    self.message_price = message_price
    self.guest_root = guest_root


@external
@view
def parameters() -> Parameters:
    """
    @notice All parameters as they are now.
    @return Parameters sequencer, lister, challenge_window (s), inbox_deadline (s), batch_deadline (s), time_drift (s),
            claim_bond (wei), message_price (wei), token_blueprint, deployed_at (seconds since 1970), governor,
            governance_delay (s), guest_root.
    """
    return Parameters(
        sequencer=SEQUENCER,
        lister=LISTER,
        challenge_window=CHALLENGE_WINDOW,
        inbox_deadline=INBOX_DEADLINE,
        batch_deadline=BATCH_DEADLINE,
        time_drift=TIME_DRIFT,
        claim_bond=self.claim_bond,
        message_price=self.message_price,
        token_blueprint=TOKEN_BLUEPRINT,
        deployed_at=DEPLOYED_AT,
        governor=GOVERNOR,
        governance_delay=GOVERNANCE_DELAY,
        guest_root=self.guest_root,
    )
