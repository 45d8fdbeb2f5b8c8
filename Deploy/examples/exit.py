#!/usr/bin/env python3
"""Checks and claims what `memex exit --path-only FILE` wrote. Believes the rollup contract alone, and works out every hash itself.

    pip install web3
    ./exit.py paths.json --rpc https://l1.example                   # check; print the transactions, for a hardware wallet
    ./exit.py paths.json --rpc https://l1.example --key gas.key     # claim: anybody may pay the gas, the money goes to the owner

Exit code 0: every payment is sound, and paid if a key was given. 1: something is not; it is not sent. 2: wrong arguments.
"""
import argparse, json, pathlib, struct, sys

from eth_abi import decode, encode
from web3 import Web3

BALANCES, WITHDRAWALS, SLOTS = 0x1000_0000, 0x1400_0000, 2**26  # first cells of both kinds; how many withdrawals go round there
TOKENS, BORN = 0x4000, 2048  # first cell of the tokens, and the first id of those born on the exchange
PAY = {"exit_balance": "exit_balance(uint256,address,uint32,uint64,uint64,uint32,bytes32[29])",
       "withdraw": "withdraw(uint256,uint64,address,uint32,uint64,uint64,bytes32[29])",
       "refund_deposit": "refund_deposit(uint256,address,uint32,uint64)",
       "create_token": "create_token(uint256,uint32,uint64,uint8,bytes16,bytes32[29])"}

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("paths", type=pathlib.Path, help="what memex exit --path-only wrote")
parser.add_argument("--rpc", required=True, help="an L1 node")
parser.add_argument("--key", type=pathlib.Path, help="file with the private key that pays the gas; without it nothing is sent")
args = parser.parse_args()
file, l1 = json.loads(args.paths.read_text()), Web3(Web3.HTTPProvider(args.rpc))
if file["format"] != "memex-exit-1" or file["chainId"] != l1.eth.chain_id:
    parser.error(f"{args.paths} is no memex-exit-1 file for chain {l1.eth.chain_id}")
rollup = Web3.to_checksum_address(file["rollup"])
payer = l1.eth.account.from_key(args.key.read_text().strip()) if args.key else None


def calldata(signature, *values):
    return Web3.keccak(text=signature)[:4] + encode(signature[signature.index("(") + 1:-1].split(",") if values else [], values)


def ask(signature, types, *values):
    return decode(types, l1.eth.call({"to": rollup, "data": calldata(signature, *values)}))[0]


def root(node, index, path):
    """The Merkle root that the hash of a cell and its 29 siblings give."""
    for height, sibling in enumerate(path):
        node = Web3.keccak(sibling + node if index >> height & 1 else node + sibling)
    return node


def complaint(function, values):
    """Why the contract would not pay; None if it would."""
    if function in ("exit_balance", "refund_deposit") and not ask("halted()", ["bool"]):
        return "the rollup runs: halt it first, or withdraw"
    if function == "refund_deposit":
        return "paid before" if ask("is_refunded(uint256)", ["bool"], values[0]) else None
    if function == "create_token":
        batch, token, supply, decimals, symbol, path = values
        index, kind = TOKENS + token, range(TOKENS + BORN, TOKENS + 2 * BORN)
        cell = struct.pack("<20xIQII16s8x", token, supply, decimals, 0, symbol)
    elif function == "exit_balance":
        index, owner, token, free, locked, account, path = values
        payout = 2**64 + index
        kind, batch = range(BALANCES, WITHDRAWALS), ask("claim_count()", ["uint256"]) - 1
        cell = struct.pack("<20sIQQI20x", bytes.fromhex(owner[2:]), token, free, locked, account)
    else:
        batch, payout, owner, token, amount, block, path = values
        index, kind = WITHDRAWALS + payout % SLOTS, range(WITHDRAWALS, WITHDRAWALS + SLOTS) if payout else ()
        cell = struct.pack("<20sIQQQ16x", bytes.fromhex(owner[2:]), token, amount, payout, block)
    if index not in kind or len(path) != 29 or root(Web3.keccak(cell), index, path) != ask("claims(uint256)", ["bytes32"], batch):
        return f"no path of a cell that pays, under the state claimed after batch {batch}"
    if function == "create_token":
        is_done = ask("tokens(uint32)", ["address", "uint256"], token) != "0x" + "00" * 20
    else:
        is_done = ask("is_paid(uint256)", ["bool"], payout)
    if is_done:
        return "paid before"
    return None if ask("is_final(uint256)", ["bool"], batch) else f"the claim of batch {batch} is not final yet"


failures = 0
for payment in file["payments"]:
    told, values = f"{payment['function']} {payment['amount']} {payment['symbol']}", payment["arguments"]
    values = [[bytes.fromhex(hash[2:]) for hash in value] if isinstance(value, list) else value for value in values]
    if payment["function"] == "create_token":
        values[4] = bytes.fromhex(values[4][2:])
    why, data = complaint(payment["function"], values), calldata(PAY[payment["function"]], *values)
    if why is None and payer is None:
        why = f"sound; send to {rollup}: 0x{bytes(data).hex()}"
    elif why is None:
        call = l1.eth.send_raw_transaction(payer.sign_transaction({
            "from": payer.address, "to": rollup, "data": data, "value": 0, "chainId": file["chainId"], "nonce": l1.eth.get_transaction_count(payer.address),
            "gas": l1.eth.estimate_gas({"from": payer.address, "to": rollup, "data": data}) * 5 // 4, "gasPrice": l1.eth.gas_price * 2}).raw_transaction)
        receipt = l1.eth.wait_for_transaction_receipt(call)
        failures += receipt["status"] != 1
        why = f"{'paid' if receipt['status'] == 1 else 'FAILED'}, {receipt['gasUsed']} gas, transaction 0x{bytes(call).hex()}"
    else:
        failures += why != "paid before"
    print(f"{told}: {why}")
sys.exit(1 if failures else 0)
