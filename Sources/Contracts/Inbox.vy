# pragma version 0.4.3
# pragma evm-version cancun
"""
@title Inbox: messages from L1 to the exchange
@license Apache-2.0
@notice An append-only list. Every batch says how many messages the exchange has consumed up to its end.
@dev A message is five 256-bit big-endian words `kind, a, b, c, d` (160 bytes, as `abi.encode` writes them):

         kind           | a                       | b         | c                              | d
         1 deposit      | owner                   | token id  | atoms                          | 0
         2 token listed | L1 address (0: ETH)     | token id  | decimals | unit exponent << 8  | symbol, left aligned
         3 market listed| owner of the fee account| market id | see `listings.list_market`     | opening, see there
         4 fee tier set | owner                   | tier      | 0                              | 0
         5 forced       | sender | size << 160    | 96 bytes of commands: `size` of them, then zeros
         6 market fees  | 0                       | market id | maker bps | taker bps << 16    | 0

     The messages are not stored. Their accumulator is: acc(0) = 0,
     acc(i + 1) = keccak256(acc(i) || keccak256(message i)).
"""


# @notice A message was appended.
# @param index Its index, from 0.
# @param kind 1 deposit, 2 token listed, 3 market listed, 4 fee tier set, 5 forced commands, 6 market fees set.
event InboxMessage:
    index: indexed(uint256)
    kind: uint256
    a: uint256
    b: uint256
    c: uint256
    d: uint256


KIND_DEPOSIT: constant(uint256) = 1
KIND_TOKEN_LISTED: constant(uint256) = 2
KIND_MARKET_LISTED: constant(uint256) = 3
KIND_FEE_TIER_SET: constant(uint256) = 4
KIND_FORCED: constant(uint256) = 5
KIND_MARKET_FEES_SET: constant(uint256) = 6

# @notice How many messages were ever appended.
inbox_count: public(uint256)

# @notice The accumulator over the first `i` messages.
inbox_accumulator: public(HashMap[uint256, bytes32])

# @notice L1 time at which message `i` was appended, in seconds since 1970; 0 if there is no such message.
inbox_time: public(HashMap[uint256, uint256])


@internal
@pure
def _message_hash(kind: uint256, a: uint256, b: uint256, c: uint256, d: uint256) -> bytes32:
    """
    @dev The hash of a message's 160 bytes.
    """
    return keccak256(abi_encode(kind, a, b, c, d))


@internal
@pure
def _extended(accumulator: bytes32, message_hash: bytes32) -> bytes32:
    """
    @dev The accumulator after one more message.
    """
    return keccak256(concat(accumulator, message_hash))


@internal
@view
def _holds(index: uint256, message_hash: bytes32) -> bool:
    """
    @dev Whether message `index` exists and has this hash.
    """
    return (
        index < self.inbox_count
        and self._extended(self.inbox_accumulator[index], message_hash) == self.inbox_accumulator[index + 1]
    )


@internal
def _append(kind: uint256, a: uint256, b: uint256, c: uint256, d: uint256) -> uint256:
    """
    @dev Appends a message.
    @return uint256 Its index.
    """
    index: uint256 = self.inbox_count
    self.inbox_count = index + 1
    self.inbox_time[index] = block.timestamp
    self.inbox_accumulator[index + 1] = self._extended(
        self.inbox_accumulator[index], self._message_hash(kind, a, b, c, d)
    )
    log InboxMessage(index=index, kind=kind, a=a, b=b, c=c, d=d)
    return index
