"""Blocks, transactions, receipts and logs as JSON-RPC shows them."""

from eth_utils import to_checksum_address

from .chain import Block, DevChain, Mined
from .logs import Log
from .pool import Pending
from .rules import blob_gas, blob_hashes, fees, kind_of
from .values import data, quantity


def block_fields(chain: DevChain, block: Block, full: bool) -> dict:
    header = block.header
    return {
        "number": quantity(header.block_number),
        "hash": data(block.hash),
        "parentHash": data(header.parent_hash),
        "sha3Uncles": data(header.uncles_hash),
        "miner": data(header.coinbase),
        "stateRoot": data(header.state_root),
        "transactionsRoot": data(header.transaction_root),
        "receiptsRoot": data(header.receipt_root),
        "logsBloom": data(header.bloom.to_bytes(256, "big")),
        "difficulty": quantity(header.difficulty),
        "gasLimit": quantity(header.gas_limit),
        "gasUsed": quantity(header.gas_used),
        "timestamp": quantity(header.timestamp),
        "extraData": data(header.extra_data),
        "mixHash": data(header.mix_hash),
        "nonce": data(header.nonce),
        "baseFeePerGas": quantity(header.base_fee_per_gas),
        "withdrawalsRoot": data(header.withdrawals_root),
        "withdrawals": [],
        "blobGasUsed": quantity(header.blob_gas_used),
        "excessBlobGas": quantity(header.excess_blob_gas),
        "parentBeaconBlockRoot": data(header.parent_beacon_block_root),
        "requestsHash": data(header.requests_hash),
        "uncles": [],
        "size": quantity(block.size),
        "transactions": [mined_fields(chain, t) if full else data(t.hash) for t in block.transactions],
    }


def mined_fields(chain: DevChain, entry: Mined) -> dict:
    """A transaction in a block."""
    return pending_fields(entry.pending) | {
        "blockHash": data(chain.blocks[entry.block].hash),
        "blockNumber": quantity(entry.block),
        "transactionIndex": quantity(entry.index),
        "gasPrice": quantity(entry.gas_price),
    }


def pending_fields(pending: Pending) -> dict:
    """A transaction that waits."""
    transaction, kind = pending.transaction, kind_of(pending.transaction)
    fee, tip = fees(transaction)
    fields = {
        "hash": data(pending.hash),
        "type": quantity(kind),
        "nonce": quantity(transaction.nonce),
        "from": data(pending.sender),
        "to": data(transaction.to) if transaction.to else None,
        "gas": quantity(transaction.gas),
        "gasPrice": quantity(fee),
        "value": quantity(transaction.value),
        "input": data(transaction.data),
        "r": quantity(transaction.r),
        "s": quantity(transaction.s),
        "v": quantity(transaction.y_parity if kind else transaction.v),
        "blockHash": None,
        "blockNumber": None,
        "transactionIndex": None,
    }
    if kind >= 2:
        fields |= {"maxFeePerGas": quantity(fee), "maxPriorityFeePerGas": quantity(tip)}
    if kind:
        fields |= {"chainId": quantity(transaction.chain_id), "yParity": quantity(transaction.y_parity)}
        fields["accessList"] = [
            {"address": data(a), "storageKeys": [data(k.to_bytes(32, "big")) for k in keys]} for a, keys in transaction.access_list
        ]
    if pending.has_blobs:
        fields |= {
            "maxFeePerBlobGas": quantity(transaction.max_fee_per_blob_gas),
            "blobVersionedHashes": [data(hash) for hash in blob_hashes(transaction)],
        }
    return fields


def receipt_fields(chain: DevChain, entry: Mined) -> dict:
    fields = {
        "transactionHash": data(entry.hash),
        "transactionIndex": quantity(entry.index),
        "blockHash": data(chain.blocks[entry.block].hash),
        "blockNumber": quantity(entry.block),
        "from": data(entry.sender),
        "to": data(entry.transaction.to) if entry.transaction.to else None,
        "gasUsed": quantity(entry.gas_used),
        "cumulativeGasUsed": quantity(entry.cumulative_gas_used),
        "effectiveGasPrice": quantity(entry.gas_price),
        "contractAddress": to_checksum_address(entry.contract) if entry.contract else None,
        "logs": [log_fields(chain, entry, log) for log in entry.logs],
        "logsBloom": data(entry.receipt.bloom.to_bytes(256, "big")),
        "type": quantity(kind_of(entry.transaction)),
        "status": quantity(1 if entry.receipt.state_root == b"\x01" else 0),
    }
    if entry.pending.has_blobs:
        fields |= {"blobGasUsed": quantity(blob_gas(entry.transaction)), "blobGasPrice": quantity(entry.blob_gas_price)}
    return fields


def log_fields(chain: DevChain, entry: Mined, log: Log) -> dict:
    return {
        "address": data(log.address),
        "topics": [data(t) for t in log.topics],
        "data": data(log.data),
        "blockNumber": quantity(entry.block),
        "blockHash": data(chain.blocks[entry.block].hash),
        "transactionHash": data(entry.hash),
        "transactionIndex": quantity(entry.index),
        "logIndex": quantity(log.index),
        "removed": False,
    }
