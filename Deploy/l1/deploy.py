"""`Deploy/deploy`: compiles the contracts, deploys them to any L1, lists tokens and markets, and writes the deployment file."""

import argparse
import decimal
import http.client
import json
import os
import pathlib
import sys
import time

from eth_utils import is_hex_address, to_checksum_address
from vyper.cli.vyper_compile import compile_files

from .arguments import address, bytes32, key, number
from .client import Client, RpcFailure, Sender, encode_call, encode_constructor

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
ROLLUP = ROOT / "Sources" / "Contracts" / "Rollup.vy"
BORN_TOKEN = ROOT / "Sources" / "Contracts" / "BornToken.vy"
TEST_TOKEN = HERE / "TestToken.vy"
LISTING_GAS = 400_000
# A little below what the contract takes: L1's clock may lag behind ours.
OPENING_SECONDS_MAX = 365 * 86_400

DESCRIPTION = """\
Compiles the contracts and deploys them to an L1 over JSON-RPC, lists tokens and markets, and writes the deployment file.

The listing file (--listing, default Deploy/listing.json):
  {"tokens":  [{"symbol", "decimals", "unitExponent", "address" or "testToken": true}],
   "markets": [{"base", "quote" (symbols), "lotExponent", "makerBps", "takerBps",
                and for an opening auction "opensInSeconds", "referencePrice" (a decimal number as text)}]}
ETH is always token 1. One atom of a token is 10^unitExponent of its L1 units, and is shown with `decimals` decimals; a token of
18 decimals on L1 therefore has decimals + unitExponent = 18. `"testToken": true` deploys a token that anyone may mint: development
chains only. One lot of a market is 10^lotExponent base atoms; fees are in basis points.

The deployment file (--out), which memexd and memex read:
  chainId, rollup (address), deployedAtBlock, sequencer, lister,
  parameters {challengeWindowSeconds, inboxDeadlineSeconds, batchDeadlineSeconds, timeDriftSeconds, claimBondWei and messagePriceWei
  (decimal strings), tokenBlueprint (address), governor, governanceDelaySeconds, guestRoot},
  tokens [{id, symbol, address (0x0...0 for ETH), decimals, unitExponent}],
  markets [{id, base, quote (token ids), lotExponent, makerBps, takerBps, feeAccount, opensAtMs (0: at once), referencePriceCode}].
"""


def compiled(path: pathlib.Path) -> dict:
    return next(iter(compile_files([str(path)], ["bytecode", "blueprint_bytecode", "abi"], paths=[str(path.parent)]).values()))


def say(text: str) -> None:
    print(f"deploy: {text}", file=sys.stderr, flush=True)


def fail(text: str):
    sys.exit(f"deploy: error: {text}")


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="Deploy/deploy", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rpc", default="http://127.0.0.1:8545", help="JSON-RPC of the L1 (default http://127.0.0.1:8545)")
    parser.add_argument(
        "--key", type=key, help="private key, or file with it, that pays and becomes the lister (default: environment variable MEMEX_DEPLOYER_KEY)"
    )
    parser.add_argument("--sequencer", type=address, help="address or key file of the sequencer: a plain account (default: that of the key)")
    parser.add_argument("--fee-account", type=address, help="owner of the account that receives the fees (default: that of the key)")
    parser.add_argument("--challenge-window", type=number(1, 10**9), default=7 * 86_400, help="seconds until a claim is final (default 7 days)")
    parser.add_argument("--inbox-deadline", type=number(1, 10**9), default=86_400, help="seconds until an unconsumed message allows a halt (default 1 day)")
    parser.add_argument("--batch-deadline", type=number(1, 10**9), default=86_400, help="seconds until a missing batch allows a halt (default 1 day)")
    parser.add_argument("--time-drift", type=number(1, 10**9), help="seconds between batch and L1 time at most (default: the batch deadline, at least 1 h)")
    parser.add_argument("--claim-bond-wei", type=number(0, 2**128), default=10**18, help="bond of a claim (default 1 ETH)")
    parser.add_argument("--message-price-wei", type=number(0, 10**17), default=10**14, help="price of a message with forced commands (default 0.0001 ETH)")
    parser.add_argument("--governor", type=address, help="address that may propose changes after the delay (default: nobody, ever)")
    parser.add_argument(
        "--governance-delay", type=number(1, 10**9),
        help="seconds from a proposal until it can be in force (default: 30 days after the window and both deadlines)",
    )
    parser.add_argument("--guest-root", type=bytes32, default=bytes(32), help="root of the guest program's memory (default 0: none yet)")
    parser.add_argument("--listing", type=pathlib.Path, default=ROOT / "Deploy" / "listing.json", help="tokens and markets (default Deploy/listing.json)")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("deployment.json"), help="deployment file to write (default deployment.json)")
    options = parser.parse_args(argv)
    if options.key is None:
        try:
            options.key = key(os.environ.get("MEMEX_DEPLOYER_KEY") or fail("give --key KEY or FILE, or set MEMEX_DEPLOYER_KEY"))
        except argparse.ArgumentTypeError as error:
            fail(f"MEMEX_DEPLOYER_KEY: {error}")
    if options.time_drift is None:
        options.time_drift = max(3_600, options.batch_deadline)
    if options.governance_delay is None:
        # Who begins to leave within 30 days of a proposal is out before it is in force, whatever the operator does.
        options.governance_delay = 30 * 86_400 + options.challenge_window + options.inbox_deadline + options.batch_deadline
    # Before anything is paid for: the file must be writable.
    try:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        was_there = options.out.exists()
        options.out.open("a").close()
        if not was_there:
            options.out.unlink()
    except OSError as error:
        fail(f"cannot write {options.out}: {error.strerror}")
    return options


def load_listing(path: pathlib.Path) -> dict:
    """The listing file, checked as far as it can be without the L1."""
    try:
        listing = json.loads(path.read_text())
        symbols = {"ETH"}
        for token in listing["tokens"]:
            symbol = token["symbol"]
            if not isinstance(symbol, str) or not 1 <= len(symbol) <= 16 or not all("!" <= c <= "~" for c in symbol):
                fail(f"{path}: a symbol is 1 to 16 printable ASCII characters: {symbol!r}")
            if symbol in symbols:
                fail(f"{path}: token {symbol} appears twice")
            symbols.add(symbol)
            if not token.get("testToken") and not is_hex_address(token.get("address", "")):
                fail(f'{path}: token {symbol} needs an "address", or "testToken": true on a development chain')
            check(path, f"token {symbol}", token, decimals=36, unitExponent=36)
        for market in listing["markets"]:
            for side in ("base", "quote"):
                if market[side] not in symbols:
                    fail(f"{path}: market names the unknown token {market[side]}")
            if market["base"] == market["quote"]:
                fail(f"{path}: market {market['base']}/{market['quote']} has one token on both sides")
            check(path, f"market {market['base']}/{market['quote']}", market, lotExponent=18, makerBps=100, takerBps=100)
            if "opensInSeconds" in market:
                check(path, f"market {market['base']}/{market['quote']}", market, opensInSeconds=OPENING_SECONDS_MAX)
                if market["opensInSeconds"] == 0 or price_code(market.get("referencePrice")) is None:
                    fail(
                        f"{path}: market {market['base']}/{market['quote']} opens by auction: it needs \"opensInSeconds\" above 0 and a "
                        '"referencePrice" like "0.0000012" of at most five significant digits'
                    )
            elif "referencePrice" in market:
                fail(f"{path}: market {market['base']}/{market['quote']} has a referencePrice but no opensInSeconds")
        return listing
    except (OSError, ValueError) as error:
        fail(f"{path}: {error}")
    except KeyError as error:
        fail(f"{path}: {error} is missing")
    except TypeError:
        fail(f'{path}: a listing is {{"tokens": [...], "markets": [...]}}; see --help')


def price_code(price) -> int | None:
    """The code of a price in quote tokens for one base token, as text; None if it has none."""
    try:
        sign, digits, exponent = decimal.Decimal(price).normalize().as_tuple() if isinstance(price, str) else (1, (), 0)
    except decimal.InvalidOperation:
        return None
    if sign or not isinstance(exponent, int) or not 0 < len(digits) <= 5 or not any(digits):
        return None
    mantissa = int("".join(map(str, digits)).ljust(5, "0"))
    biased = exponent - (5 - len(digits)) + 24
    return biased * 90_000 + mantissa - 10_000 if 0 <= biased <= 35 else None


def check(path: pathlib.Path, what: str, entry: dict, **limits: int) -> None:
    """Refuses what is not a whole number from 0 to its limit, which is the contract's."""
    for name, limit in limits.items():
        value = entry[name]
        if type(value) is not int or not 0 <= value <= limit:
            fail(f"{path}: {name} of {what} must be a whole number from 0 to {limit}, not {value!r}")


def deploy(options: argparse.Namespace) -> dict:
    listing = load_listing(options.listing)
    client = Client(options.rpc)
    sender = Sender(client, options.key)
    sequencer = to_checksum_address(options.sequencer or sender.address)
    fee_account = to_checksum_address(options.fee_account or sender.address)
    governor = to_checksum_address(options.governor or bytes(20))

    say("compiling")
    rollup_output = compiled(ROLLUP)
    blueprint_code = bytes.fromhex(compiled(BORN_TOKEN)["blueprint_bytecode"][2:])
    test_token = compiled(TEST_TOKEN) if any(t.get("testToken") for t in listing["tokens"]) else None

    say(f"deploying to chain {sender.chain_id} from {sender.address}")
    blueprint = to_checksum_address(client.wait(sender.deploy(blueprint_code))["contractAddress"])
    rollup_code = encode_constructor(
        rollup_output, sequencer, sender.address, options.challenge_window, options.inbox_deadline, options.batch_deadline,
        options.time_drift, options.claim_bond_wei, options.message_price_wei, blueprint, governor, options.governance_delay, options.guest_root,
    )
    rollup_hash = sender.deploy(rollup_code)
    token_hashes = {}
    for token in listing["tokens"]:
        if token.get("testToken"):
            decimals = token["decimals"] + token["unitExponent"]
            code = encode_constructor(test_token, token.get("name", token["symbol"]), token["symbol"], decimals)
            token_hashes[token["symbol"]] = sender.deploy(code)
    receipt = client.wait(rollup_hash)
    rollup = to_checksum_address(receipt["contractAddress"])
    say(f"rollup {rollup}, {int(receipt['gasUsed'], 16)} gas")

    tokens = [{"id": 1, "symbol": "ETH", "address": "0x" + "00" * 20, "decimals": 9, "unitExponent": 9}]
    pending = []
    for identifier, token in enumerate(listing["tokens"], start=2):
        symbol = token["symbol"]
        made = symbol in token_hashes
        address = to_checksum_address(client.wait(token_hashes[symbol])["contractAddress"] if made else token["address"])
        fields = (address, token["decimals"], token["unitExponent"], symbol.encode().ljust(32, b"\0"))
        pending.append(sender.send(rollup, encode_call("list_token(address,uint8,uint8,bytes32)", *fields), LISTING_GAS))
        tokens.append(
            {"id": identifier, "symbol": symbol, "address": address, "decimals": token["decimals"], "unitExponent": token["unitExponent"]}
        )
    ids = {token["symbol"]: token["id"] for token in tokens}
    markets = []
    for identifier, market in enumerate(listing["markets"], start=1):
        entry = {
            "id": identifier, "base": ids[market["base"]], "quote": ids[market["quote"]], "lotExponent": market["lotExponent"],
            "makerBps": market["makerBps"], "takerBps": market["takerBps"], "feeAccount": fee_account,
            "opensAtMs": (int(time.time()) + market["opensInSeconds"]) * 1000 if "opensInSeconds" in market else 0,
            "referencePriceCode": price_code(market["referencePrice"]) if "opensInSeconds" in market else 0,
        }
        names = ("base", "quote", "lotExponent", "makerBps", "takerBps", "feeAccount", "opensAtMs", "referencePriceCode")
        fields = [entry[k] for k in names]
        signature = "list_market(uint32,uint32,uint8,uint16,uint16,address,uint64,uint32)"
        pending.append(sender.send(rollup, encode_call(signature, *fields), LISTING_GAS))
        markets.append(entry)
    for hash in pending:
        client.wait(hash)
    # What was assumed about the identifiers is what the contract says.
    for token in tokens:
        listed = client.call(rollup, "tokens(uint32)", ["address", "uint256", "uint8", "uint8", "bytes32"], token["id"])
        assert to_checksum_address(listed[0]) == to_checksum_address(token["address"]), f"token {token['id']} is another one"
    for market in markets:
        listed = client.call(rollup, "markets(uint32)", ["uint32", "uint32", "uint8", "uint16", "uint16", "address"], market["id"])
        assert listed[:2] == (market["base"], market["quote"]), f"market {market['id']} is another one"
    say(f"listed {len(tokens)} tokens and {len(markets)} markets")

    return {
        "chainId": sender.chain_id,
        "rollup": rollup,
        "deployedAtBlock": int(receipt["blockNumber"], 16),
        "sequencer": sequencer,
        "lister": sender.address,
        "parameters": {
            "challengeWindowSeconds": options.challenge_window,
            "inboxDeadlineSeconds": options.inbox_deadline,
            "batchDeadlineSeconds": options.batch_deadline,
            "timeDriftSeconds": options.time_drift,
            "claimBondWei": str(options.claim_bond_wei),
            "messagePriceWei": str(options.message_price_wei),
            "tokenBlueprint": blueprint,
            "governor": governor,
            "governanceDelaySeconds": options.governance_delay,
            "guestRoot": "0x" + options.guest_root.hex(),
        },
        "tokens": tokens,
        "markets": markets,
    }


def main(argv: list[str]) -> None:
    options = arguments(argv)
    try:
        deployment = deploy(options)
    except RpcFailure as error:
        fail(str(error))
    except (OSError, TimeoutError, http.client.HTTPException) as error:
        fail(f"{options.rpc}: {error}")
    except (ValueError, RuntimeError, AssertionError) as error:
        fail(str(error))
    options.out.write_text(json.dumps(deployment, indent=2) + "\n")
    print(options.out)


if __name__ == "__main__":
    main(sys.argv[1:])
