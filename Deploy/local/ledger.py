"""Reading L1 without any code of the node: gas, posted bytes, money held."""

import dataclasses

from eth_utils import keccak

from .exchange import Exchange

BATCH_POSTED = "0x" + keccak(text="BatchPosted(uint256,uint256,uint256,bytes32,uint64,uint64,bytes32,uint256,bytes32,bool)").hex()
STATE_CLAIMED = "0x" + keccak(text="StateClaimed(uint256,bytes32,address)").hex()


@dataclasses.dataclass
class L1Ledger:
    """Follows the rollup's logs."""

    exchange: Exchange
    next_block: int = 0
    batches: int = 0
    blobs: int = 0  # of the batches, those in blobs
    claims: int = 0
    data_bytes: int = 0
    gas: int = 0

    def update(self):
        latest = self.exchange.l1.quantity("eth_blockNumber")
        if latest < self.next_block:
            return
        logs = self.exchange.l1.request("eth_getLogs", {
            "address": self.exchange.rollup, "fromBlock": hex(self.next_block), "toBlock": hex(latest),
            "topics": [[BATCH_POSTED, STATE_CLAIMED]],
        })
        self.next_block = latest + 1
        for log in logs:
            self.gas += int(self.exchange.l1.request("eth_getTransactionReceipt", log["transactionHash"])["gasUsed"], 16)
            if log["topics"][0] == BATCH_POSTED:
                self.batches += 1
                # inbox_start, inbox_end, accumulator, first and last time, data hash, data size, batch hash, in blob
                self.data_bytes += int(log["data"][2 + 6 * 64 : 2 + 7 * 64], 16)
                self.blobs += int(log["data"][-64:], 16)
            else:
                self.claims += 1


def last_claimed_root(exchange: Exchange) -> str | None:
    """State root of the last claim."""
    count = exchange.view("claim_count()", ["uint256"])
    if count == 0:
        return None
    return "0x" + exchange.view("claims(uint256)", ["bytes32", "address", "uint256", "uint256"], count - 1)[0].hex()


def held_units(exchange: Exchange, symbol: str) -> int:
    """L1 units of a token that the rollup contract owns, without the bonds of claims."""
    units = exchange.token_balance(symbol, exchange.rollup)
    if symbol == "ETH":
        for number in range(exchange.view("claim_count()", ["uint256"])):
            units -= exchange.view("claims(uint256)", ["bytes32", "address", "uint256", "uint256"], number)[3]
    return units
