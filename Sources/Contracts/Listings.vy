# pragma version 0.4.3
# pragma evm-version cancun
"""
@title Tokens and markets of the exchange
@license Apache-2.0
@notice The lister adds tokens and markets, which can never be removed, and lets owners pay less than a market's fees. Token 1
        is ETH. Fees and tiers that cost users more come by `Timelock` alone.
@dev A token's scale is fixed here: one atom (the exchange's smallest amount) is 10 ** unit_exponent of the token's L1
     units. Identifiers count from 1, 0 means none.
     Tokens born on the exchange have identifiers of their own, from BORN_START on. One is known here from when somebody has shown its cell
     (`rollup.create_token`), which makes its ERC-20; the lister has no part in that, but may list markets of tokens not known yet.
"""


from . import Halting
from . import Inbox
from . import Parameters


uses: Halting
uses: Inbox
uses: Parameters


# @notice A listed token; `unit` is 0 for an identifier that was not given out.
struct Token:
    # L1 address, zero for ETH.
    token: address
    # L1 units in an atom: 10 ** unit_exponent.
    unit: uint256
    # Decimals of an atom as shown to people.
    decimals: uint8
    unit_exponent: uint8
    # ASCII, left aligned, at most 16 characters.
    symbol: bytes32


# @notice A listed market; `base` is 0 for an identifier that was not given out.
struct Market:
    base: uint32
    quote: uint32
    # Base atoms in a lot: 10 ** lot_exponent.
    lot_exponent: uint8
    # Fees in basis points of what the payer receives.
    maker_bps: uint16
    taker_bps: uint16
    # Owner of the account that receives the fees.
    fee_account: address


# @notice A token was listed.
event TokenListed:
    token_id: indexed(uint32)
    token: indexed(address)
    decimals: uint8
    unit_exponent: uint8
    symbol: bytes32


# @notice The ERC-20 of a token born on the exchange was created.
# @param supply All of it, in atoms, which are its L1 units.
event TokenCreated:
    token_id: indexed(uint32)
    token: indexed(address)
    supply: uint64
    decimals: uint8
    symbol: bytes16


# @notice A market was listed.
event MarketListed:
    market_id: indexed(uint32)
    base: indexed(uint32)
    quote: indexed(uint32)
    lot_exponent: uint8
    maker_bps: uint16
    taker_bps: uint16
    fee_account: address


ETH_ID: constant(uint32) = 1

# @dev Atoms of ETH are of 1 gwei and have 9 decimals.
ETH_EXPONENT: constant(uint8) = 9
ETH_UNIT: constant(uint256) = 10 ** 9

# @dev The first identifier of a token born on the exchange: those that are listed here are below.
BORN_START: constant(uint32) = 2_048

# @dev Identifiers the exchange has room for, 0 included.
_TOKEN_CAPACITY: constant(uint32) = 4_096
_MARKET_CAPACITY: constant(uint32) = 4_096

# @dev Highest decimals of an atom: the exchange ignores a listing with more, and with it every deposit of the token.
_DECIMALS_MAX: constant(uint8) = 18

# @dev Highest unit exponent: 10 ** 36 L1 units still times 2 ** 63 atoms fits 256 bits.
_EXPONENT_MAX: constant(uint8) = 36

# @dev Highest power of ten that fits the exchange's amounts (below 2 ** 63).
_LOT_EXPONENT_MAX: constant(uint8) = 18

# @dev Highest fee in basis points.
_FEE_BPS_MAX: constant(uint16) = 100

# @dev Fee tiers are 0 (full fees) to this (none).
_FEE_TIER_MAX: constant(uint8) = 10

# @dev Price codes are below this.
_PRICE_CODE_COUNT: constant(uint32) = 3_240_000

# @dev Longest time from a listing to the end of its opening auction: who means seconds or another unit is found out.
_OPENING_MS_MAX: constant(uint256) = 366 * 86_400_000

# @notice How many tokens were listed by the lister; also the highest token id of those.
token_count: public(uint32)

# @notice How many markets are listed; also the highest market id.
market_count: public(uint32)

# @notice The identifier of a token by its L1 address (zero address: ETH); 0 if it is not listed.
token_id_of: public(HashMap[address, uint32])

# @notice The fee tier of an owner: he pays (10 - tier) tenths of every market's fees.
fee_tier: public(HashMap[address, uint8])

_tokens: HashMap[uint32, Token]
_markets: HashMap[uint32, Market]


@deploy
def __init__():
    """
    @dev Lists ETH.
    """
    self._list_token(empty(address), ETH_EXPONENT, ETH_EXPONENT, 0x4554480000000000000000000000000000000000000000000000000000000000)


@external
@nonreentrant
def list_token(token: address, decimals: uint8, unit_exponent: uint8, symbol: bytes32) -> uint32:
    """
    @notice Lists an ERC-20 token. Lister only.
    @dev Choose the exponent so that the whole supply stays below 2 ** 63 atoms, and decimals + unit_exponent equal to
         the decimals of the token on L1. Tokens whose balances change by themselves (rebasing) must not be listed.
    @param token L1 address; a contract not listed before.
    @param decimals Decimals of an atom as shown to people, at most 18.
    @param unit_exponent One atom is 10 ** unit_exponent L1 units; at most 36.
    @param symbol 1 to 16 printable ASCII characters, left aligned, zero padded.
    @return uint32 The token's identifier.
    """
    Halting._check_running()
    assert msg.sender == Parameters.LISTER, "listings: not the lister"
    assert token.is_contract, "listings: not a contract"
    assert token != self, "listings: the rollup itself"
    assert self.token_id_of[token] == 0, "listings: token already listed"
    assert decimals <= _DECIMALS_MAX, "listings: decimals too high"
    assert unit_exponent <= _EXPONENT_MAX, "listings: unit exponent too high"
    assert self._is_symbol(symbol), "listings: bad symbol"

    return self._list_token(token, decimals, unit_exponent, symbol)


@external
@nonreentrant
def list_market(
    base: uint32,
    quote: uint32,
    lot_exponent: uint8,
    maker_bps: uint16,
    taker_bps: uint16,
    fee_account: address,
    opens_at_ms: uint64,
    reference_price: uint32,
) -> uint32:
    """
    @notice Lists a market. Lister only.
    @dev Word c of the inbox message: base | quote << 32 | lot_exponent << 64 | maker_bps << 72 | taker_bps << 88.
         Word d: opens_at_ms | reference_price << 64.
         Tokens born on the exchange are known to it alone: it ignores a market of one that does not exist.
    @param base Identifier of the token that is bought and sold.
    @param quote Identifier of the token that prices are in; not the base.
    @param lot_exponent One lot is 10 ** lot_exponent base atoms; at most 18.
    @param maker_bps Fee of the maker in basis points, at most 100.
    @param taker_bps Fee of the taker in basis points, at most 100.
    @param fee_account Owner of the account that receives the fees.
    @param opens_at_ms End of the opening auction in milliseconds since 1970, later than now and at most 366 days off; 0 for
           a market that opens at once.
    @param reference_price Price code that decides between equally good opening prices; 0 if there is no auction.
    @return uint32 The market's identifier.
    """
    Halting._check_running()
    assert msg.sender == Parameters.LISTER, "listings: not the lister"
    assert self._is_born(base) or self._tokens[base].unit != 0, "listings: unknown base token"
    assert self._is_born(quote) or self._tokens[quote].unit != 0, "listings: unknown quote token"
    assert base != quote, "listings: base is quote"
    assert lot_exponent <= _LOT_EXPONENT_MAX, "listings: lot exponent too high"
    assert maker_bps <= _FEE_BPS_MAX, "listings: maker fee too high"
    assert taker_bps <= _FEE_BPS_MAX, "listings: taker fee too high"
    assert fee_account != empty(address), "listings: fee account is zero"
    if opens_at_ms == 0:
        assert reference_price == 0, "listings: reference price without auction"
    else:
        now_ms: uint256 = block.timestamp * 1000
        assert convert(opens_at_ms, uint256) > now_ms, "listings: opening is past"
        assert convert(opens_at_ms, uint256) <= now_ms + _OPENING_MS_MAX, "listings: opening too far off"
        assert reference_price < _PRICE_CODE_COUNT, "listings: reference price invalid"
    market_id: uint32 = self.market_count + 1
    assert market_id < _MARKET_CAPACITY, "listings: no more markets"

    self.market_count = market_id
    self._markets[market_id] = Market(
        base=base,
        quote=quote,
        lot_exponent=lot_exponent,
        maker_bps=maker_bps,
        taker_bps=taker_bps,
        fee_account=fee_account,
    )
    log MarketListed(
        market_id=market_id,
        base=base,
        quote=quote,
        lot_exponent=lot_exponent,
        maker_bps=maker_bps,
        taker_bps=taker_bps,
        fee_account=fee_account,
    )
    packed: uint256 = (
        convert(base, uint256)
        | (convert(quote, uint256) << 32)
        | (convert(lot_exponent, uint256) << 64)
        | (convert(maker_bps, uint256) << 72)
        | (convert(taker_bps, uint256) << 88)
    )
    Inbox._append(
        Inbox.KIND_MARKET_LISTED,
        convert(fee_account, uint256),
        convert(market_id, uint256),
        packed,
        convert(opens_at_ms, uint256) | (convert(reference_price, uint256) << 64),
    )
    return market_id


@external
@nonreentrant
def set_fee_tier(owner: address, tier: uint8):
    """
    @notice Lets all accounts of an owner pay (10 - tier) tenths of every market's fees. Lister only.
    @dev Only ever less than before: a lower tier goes through `Timelock`.
    @param owner The owner.
    @param tier 0 (full fees) to 10 (none), not below the owner's.
    """
    Halting._check_running()
    assert msg.sender == Parameters.LISTER, "listings: not the lister"
    assert owner != empty(address), "listings: owner is zero"
    assert tier <= _FEE_TIER_MAX, "listings: tier too high"
    assert tier >= self.fee_tier[owner], "listings: tier lower than before"

    self._set_fee_tier(owner, tier)


@external
@view
def tokens(token_id: uint32) -> Token:
    """
    @notice A listed token, or one born on the exchange whose ERC-20 exists.
    @param token_id Its identifier, from 1.
    @return Token token (L1 address), unit (L1 units in an atom), decimals, unit_exponent, symbol; all zero if unknown.
    """
    return self._tokens[token_id]


@external
@view
def markets(market_id: uint32) -> Market:
    """
    @notice A listed market.
    @param market_id Its identifier, from 1.
    @return Market base, quote, lot_exponent, maker_bps, taker_bps, fee_account; all zero if unknown.
    """
    return self._markets[market_id]


@internal
def _set_fee_tier(owner: address, tier: uint8):
    """
    @dev Sets a tier that was checked.
    """
    self.fee_tier[owner] = tier
    Inbox._append(Inbox.KIND_FEE_TIER_SET, convert(owner, uint256), convert(tier, uint256), 0, 0)


@internal
def _set_fees(market_id: uint32, fees: uint256):
    """
    @dev Sets fees that were checked, of a market that was.
    @param fees Maker's basis points | taker's << 16.
    """
    self._markets[market_id].maker_bps = convert(fees & 65_535, uint16)
    self._markets[market_id].taker_bps = convert(fees >> 16, uint16)
    Inbox._append(Inbox.KIND_MARKET_FEES_SET, 0, convert(market_id, uint256), fees, 0)


@internal
@view
def _is_market(market_id: uint256) -> bool:
    """
    @dev Whether there is such a market.
    """
    return market_id != 0 and market_id <= convert(self.market_count, uint256)


@internal
@pure
def _are_fees(fees: uint256) -> bool:
    """
    @dev Whether a market may have these fees.
    @param fees Maker's basis points | taker's << 16.
    """
    limit: uint256 = convert(_FEE_BPS_MAX, uint256)
    return fees & 65_535 <= limit and fees >> 16 <= limit


@internal
@view
def _known(token_id: uint32) -> (address, uint256):
    """
    @dev A token that must be known. Reads no more storage than that takes, and none for ETH.
    @return address Its L1 address, zero for ETH.
    @return uint256 L1 units in an atom.
    """
    if token_id == ETH_ID:
        return empty(address), ETH_UNIT
    unit: uint256 = self._tokens[token_id].unit
    if unit == 0:
        assert not self._is_born(token_id), "listings: call create_token first"
        raise "listings: unknown token"
    return self._tokens[token_id].token, unit


@internal
def _list_token(token: address, decimals: uint8, unit_exponent: uint8, symbol: bytes32) -> uint32:
    """
    @dev Lists a token whose fields were checked.
    @return uint32 Its identifier.
    """
    token_id: uint32 = self.token_count + 1
    assert token_id < BORN_START, "listings: no more tokens"

    self.token_count = token_id
    self.token_id_of[token] = token_id
    self._tokens[token_id] = Token(
        token=token,
        unit=10 ** convert(unit_exponent, uint256),
        decimals=decimals,
        unit_exponent=unit_exponent,
        symbol=symbol,
    )
    log TokenListed(
        token_id=token_id, token=token, decimals=decimals, unit_exponent=unit_exponent, symbol=symbol
    )
    Inbox._append(
        Inbox.KIND_TOKEN_LISTED,
        convert(token, uint256),
        convert(token_id, uint256),
        convert(decimals, uint256) | (convert(unit_exponent, uint256) << 8),
        convert(symbol, uint256),
    )
    return token_id


@internal
def _create_token(token_id: uint32, supply: uint64, decimals: uint8, symbol: bytes16):
    """
    @dev Makes the ERC-20 of a token born on the exchange and gives this contract the whole supply. The fields must have been proven.
         Its address follows from the fields, as the identifier is the salt.
    """
    assert self._is_born(token_id), "listings: not born on the exchange"
    assert self._tokens[token_id].unit == 0, "listings: token already created"

    padded: bytes32 = convert(symbol, bytes32)
    token: address = create_from_blueprint(
        Parameters.TOKEN_BLUEPRINT,
        padded,
        decimals,
        convert(supply, uint256),
        salt=convert(token_id, bytes32),
    )
    self.token_id_of[token] = token_id
    self._tokens[token_id] = Token(token=token, unit=1, decimals=decimals, unit_exponent=0, symbol=padded)
    log TokenCreated(token_id=token_id, token=token, supply=supply, decimals=decimals, symbol=symbol)


@internal
@pure
def _is_born(token_id: uint32) -> bool:
    """
    @dev Whether an identifier is one of tokens born on the exchange.
    """
    return token_id >= BORN_START and token_id < _TOKEN_CAPACITY


@internal
@pure
def _is_symbol(symbol: bytes32) -> bool:
    """
    @dev Whether a symbol is 1 to 16 printable ASCII characters (0x21 to 0x7e), left aligned and zero padded.
    """
    word: uint256 = convert(symbol, uint256)
    if word == 0 or word & (2 ** 128 - 1) != 0:
        return False
    ended: bool = False
    for i: uint256 in range(16):
        character: uint256 = (word >> (248 - 8 * i)) & 255
        if character == 0:
            # An empty first character leaves a later one after the end, or the word zero: both are refused.
            ended = True
        elif ended or character < 33 or character > 126:
            return False
    return True
