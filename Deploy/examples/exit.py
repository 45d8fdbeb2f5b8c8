#!/usr/bin/env python3
"""Checks and claims what `memex exit --path-only FILE` wrote. Believes the rollup contract alone, and works out every hash itself.

    ./exit.py paths.json https://l1.example             check; print the transactions, for a hardware wallet (needs: pip install web3)
    ./exit.py paths.json https://l1.example gas.key     claim: anybody may pay the gas, the money goes to the owner

Exit code 0: every payment is sound, and paid if there is a key. 1: something is not; it is not sent."""
import json, pathlib, struct, sys

from eth_abi import decode, encode
from web3 import Web3

TOKENS, BORN, BALANCES, WITHDRAWALS, SLOTS = 0x4000, 2048, 0x1000_0000, 0x1400_0000, 2**26  # where cells begin, and how many there are
PAY = {"exit_balance": "exit_balance(uint256,address,uint32,uint64,uint64,uint32,bytes32[29])",
       "withdraw": "withdraw(uint256,uint64,address,uint32,uint64,uint64,bytes32[29])",
       "refund_deposit": "refund_deposit(uint256,address,uint32,uint64)",
       "create_token": "create_token(uint256,uint32,uint64,uint8,bytes16,bytes32[29])"}

def calldata(signature, *values):
    return Web3.keccak(text=signature)[:4] + encode(signature[signature.index("(") + 1:-1].split(",") if values else [], values)

def ask(signature, type, *values):
    return decode([type], l1.eth.call({"to": rollup, "data": calldata(signature, *values)}))[0]

def complaint(function, values):
    """Why the contract would not pay; None if it would."""
    if function in ("exit_balance", "refund_deposit") and not ask("halted()", "bool"):
        return "the rollup runs: halt it first, or withdraw"
    if function == "refund_deposit":
        return "paid before" if ask("is_refunded(uint256)", "bool", values[0]) else None
    if function == "create_token":
        batch, token, supply, decimals, symbol, path = values
        index, kind, is_paid = TOKENS + token, range(TOKENS + BORN, TOKENS + 2 * BORN), int(ask("tokens(uint32)", "address", token), 16)
        cell = struct.pack("<20xIQII16s8x", token, supply, decimals, 0, symbol)
    elif function == "exit_balance":
        (index, owner, token, free, locked, account, path), batch = values, ask("claim_count()", "uint256") - 1
        kind, is_paid = range(BALANCES, WITHDRAWALS), ask("is_paid(uint256)", "bool", 2**64 + index)
        cell = struct.pack("<20sIQQI20x", bytes.fromhex(owner[2:]), token, free, locked, account)
    else:
        batch, id, owner, token, amount, block, path = values
        index, kind, is_paid = WITHDRAWALS + id % SLOTS, range(WITHDRAWALS, WITHDRAWALS + SLOTS) if id else (), ask("is_paid(uint256)", "bool", id)
        cell = struct.pack("<20sIQQQ16x", bytes.fromhex(owner[2:]), token, amount, id, block)
    node = Web3.keccak(cell)
    for height, sibling in enumerate(path):
        node = Web3.keccak(sibling + node if index >> height & 1 else node + sibling)
    if index not in kind or len(path) != 29 or node != ask("claims(uint256)", "bytes32", batch):
        return f"no path of a cell that pays, under the state claimed after batch {batch}"
    if is_paid:
        return "paid before"
    return None if ask("is_final(uint256)", "bool", batch) else f"the claim of batch {batch} is not final yet"

def pay(payer, data):
    """Sends a transaction; what became of it."""
    call = {"from": payer.address, "to": rollup, "data": data, "value": 0, "chainId": l1.eth.chain_id, "gasPrice": l1.eth.gas_price * 2}
    call |= {"nonce": l1.eth.get_transaction_count(payer.address), "gas": l1.eth.estimate_gas(call) * 5 // 4}
    receipt = l1.eth.wait_for_transaction_receipt(l1.eth.send_raw_transaction(payer.sign_transaction(call).raw_transaction))
    return f"{'paid' if receipt['status'] else 'FAILED'}, {receipt['gasUsed']} gas, transaction 0x{bytes(receipt['transactionHash']).hex()}"

if len(sys.argv) not in (3, 4):
    sys.exit(__doc__)
file, l1 = json.loads(pathlib.Path(sys.argv[1]).read_text()), Web3(Web3.HTTPProvider(sys.argv[2]))
payer = l1.eth.account.from_key(pathlib.Path(sys.argv[3]).read_text().strip()) if sys.argv[3:] else None
if file["format"] != "memex-exit-1" or file["chainId"] != l1.eth.chain_id:
    sys.exit(f"{sys.argv[1]} is no memex-exit-1 file for chain {l1.eth.chain_id}")
rollup, failed = Web3.to_checksum_address(file["rollup"]), False
for payment in file["payments"]:
    function, values = payment["function"], [[bytes.fromhex(h[2:]) for h in v] if isinstance(v, list) else v for v in payment["arguments"]]
    if function == "create_token":
        values[4] = bytes.fromhex(values[4][2:])
    why = complaint(function, values)
    data = b"" if why else calldata(PAY[function], *values)
    told = why or (pay(payer, data) if payer else f"sound; send to {rollup}: 0x{bytes(data).hex()}")
    failed |= told.startswith("FAILED") or why not in (None, "paid before")
    print(f"{function} {payment['amount']} {payment['symbol']}: {told}")
sys.exit(failed)
