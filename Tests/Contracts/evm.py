"""A small EVM for the contracts' tests: py-evm's Prague rules on one state, without blocks or signatures.

`save` and `load` give each test its own copy of a prepared state; `time` is set directly; every transaction returns its gas.
"""

import functools
import pathlib
from collections.abc import Sequence

import eth_abi

from eth.chains.base import Chain, MiningChain
from eth.consensus import ConsensusApplier, NoProofConsensus
from eth.db import get_db_backend
from eth.exceptions import Revert, VMError
from eth.vm.forks import PragueVM
from eth.vm.spoof import SpoofTransaction
from eth_utils import keccak, to_canonical_address
from eth_utils.abi import collapse_if_tuple
from vyper.cli.vyper_compile import compile_files

ROOT = pathlib.Path(__file__).parent.parent.parent
CONTRACTS = ROOT / "Sources" / "Contracts"
GENESIS_TIME = 1_700_000_000
GAS_PRICE = 10**9
GAS_LIMIT = 60_000_000
BLOB_GAS = 2**17  # of one blob, at 1 wei each in these tests
START_BALANCE = 10**24
ERROR_SELECTOR = keccak(b"Error(string)")[:4]


class Reverted(Exception):
    """A call that reverted; `reason` is its revert string ("" if it gave none)."""

    def __init__(self, reason: str):
        super().__init__(reason or "reverted without a reason")
        self.reason = reason


class OutOfGasOrInvalid(Exception):
    """A call that failed by anything but REVERT."""


@functools.cache
def compiled(path: pathlib.Path) -> dict:
    """Bytecode and ABI of a Vyper source."""
    formats = ["bytecode", "bytecode_runtime", "blueprint_bytecode", "abi", "layout"]
    output = compile_files([str(path)], formats, paths=[str(path.parent), str(CONTRACTS)], include_sys_path=True)
    return next(iter(output.values()))


class Evm:
    def __init__(self, accounts: list[bytes]):
        class TestChain(MiningChain):
            chain_id = 1337
            vm_configuration = ConsensusApplier(NoProofConsensus).amend_vm_configuration(((0, PragueVM),))

        genesis = {"difficulty": 0, "gas_limit": GAS_LIMIT, "timestamp": GENESIS_TIME, "nonce": bytes(8)}
        state = {a: {"balance": START_BALANCE, "nonce": 0, "code": b"", "storage": {}} for a in accounts}
        self.chain: Chain = TestChain.from_genesis(get_db_backend(), genesis, state)
        self.header = self.chain.header.copy(gas_limit=GAS_LIMIT)
        self.load((self.header.state_root, GENESIS_TIME))

    def save(self) -> tuple[bytes, int]:
        self.state.persist()
        return self.state.state_root, self.time

    def load(self, saved: tuple[bytes, int]) -> None:
        root, time = saved
        self.vm = self.chain.get_vm(self.header.copy(state_root=root))
        self.state = self.vm.state
        self.time = time

    @property
    def time(self) -> int:
        """The L1 time that contracts see, in seconds."""
        return self.state.execution_context.timestamp

    @time.setter
    def time(self, seconds: int) -> None:
        self.state.execution_context._timestamp = seconds

    def balance(self, address: bytes) -> int:
        return self.state.get_balance(address)

    def transact(
        self, sender: bytes, to: bytes, data: bytes = b"", value: int = 0, gas: int = 30_000_000, blob_hashes: Sequence[bytes] = ()
    ) -> "Result":
        """Runs a transaction, one with blobs if there are versioned hashes. A failed one changes nothing (not even the nonce) and raises."""
        builder = self.chain.get_vm_class(self.header).get_transaction_builder()
        nonce = self.state.get_nonce(sender)
        if blob_hashes:
            unsigned = builder.new_unsigned_blob_transaction(
                self.chain.chain_id, nonce, GAS_PRICE, GAS_PRICE, gas, to, value, data, [], 1, blob_hashes
            )
        else:
            unsigned = builder.create_unsigned_transaction(nonce=nonce, gas_price=GAS_PRICE, gas=gas, to=to, value=value, data=data)
        self.state.lock_changes()
        snapshot = self.state.snapshot()
        fee_free = self.state.get_balance(sender)
        assert fee_free >= value
        self.state.delta_balance(sender, gas * GAS_PRICE + len(blob_hashes) * BLOB_GAS)
        computation = self.state.apply_transaction(SpoofTransaction(unsigned, from_=sender))
        if computation.is_error:
            self.state.revert(snapshot)
            self._raise(computation.error)
        used = gas - computation.get_gas_remaining()
        used -= min(computation.get_gas_refund(), used // 5)
        used += computation.data_floor_gas
        # Fees are put back, so that tests see only the money that contracts move.
        self.state.delta_balance(sender, used * GAS_PRICE - gas * GAS_PRICE)
        return Result(computation, used)

    @staticmethod
    def _raise(error: VMError) -> None:
        if not isinstance(error, Revert):
            raise OutOfGasOrInvalid(repr(error))
        data = error.args[0] if error.args else b""
        if data[:4] == ERROR_SELECTOR:
            raise Reverted(eth_abi.decode(["string"], data[4:])[0])
        raise Reverted("" if data == b"" else "0x" + data.hex())

    def deploy(self, sender: bytes, path: pathlib.Path, *arguments) -> "Contract":
        output = compiled(path)
        types = next(([i["type"] for i in f["inputs"]] for f in output["abi"] if f["type"] == "constructor"), [])
        code = bytes.fromhex(output["bytecode"][2:]) + eth_abi.encode(types, arguments)
        return self._create(sender, code, output["abi"])

    def deploy_blueprint(self, sender: bytes, path: pathlib.Path) -> "Contract":
        output = compiled(path)
        return self._create(sender, bytes.fromhex(output["blueprint_bytecode"][2:]), [])

    def _create(self, sender: bytes, code: bytes, abi: list[dict]) -> "Contract":
        result = self.transact(sender, b"", code)
        contract = Contract(self, to_canonical_address(result.computation.msg.storage_address), abi)
        contract.deployment = result
        return contract


class Result:
    """What a transaction did: gas, logs, raw output."""

    def __init__(self, computation, gas: int):
        self.computation = computation
        self.gas = gas
        self.output = computation.output
        self.raw_logs = computation.get_log_entries()


class Contract:
    """`contract.function(args, sender=..., value=...)`: views return their value, the rest a `Result` with `value` and `events`."""

    def __init__(self, evm: Evm, address: bytes, abi: list[dict]):
        self.evm, self.address, self.abi = evm, address, abi
        self._functions = {f["name"]: f for f in abi if f["type"] == "function"}
        self._events = {self._topic(e): e for e in abi if e["type"] == "event"}

    def __getattr__(self, name: str):
        if name not in self._functions:
            raise AttributeError(name)
        return functools.partial(self._call, self._functions[name])

    @staticmethod
    def _types(inputs: list[dict]) -> list[str]:
        return [collapse_if_tuple(i) for i in inputs]

    def _topic(self, event: dict) -> int:
        return int.from_bytes(keccak(f"{event['name']}({','.join(self._types(event['inputs']))})".encode()), "big")

    def calldata(self, name: str, *arguments) -> bytes:
        function = self._functions[name]
        types = self._types(function["inputs"])
        return keccak(f"{name}({','.join(types)})".encode())[:4] + eth_abi.encode(types, arguments)

    def _call(
        self, function: dict, *arguments, sender: bytes = b"\x01" * 20, value: int = 0, gas: int = 30_000_000, blob_hashes: Sequence[bytes] = ()
    ):
        data = self.calldata(function["name"], *arguments)
        if function["stateMutability"] in ("view", "pure"):
            return self._decoded(function, self.evm.transact(sender, self.address, data).output)
        result = self.evm.transact(sender, self.address, data, value, gas, blob_hashes)
        result.value = self._decoded(function, result.output)
        result.events = self.events(result)
        return result

    def _decoded(self, function: dict, output: bytes):
        values = eth_abi.decode(self._types(function["outputs"]), output)
        return values[0] if len(values) == 1 else values or None

    def events(self, result: Result) -> list[tuple[str, dict]]:
        """The events of this contract in a result, as (name, fields)."""
        out = []
        for address, topics, data in result.raw_logs:
            if address != self.address:
                continue
            event = self._events[topics[0]]
            indexed = [i for i in event["inputs"] if i["indexed"]]
            plain = [i for i in event["inputs"] if not i["indexed"]]
            fields = {}
            for i, topic in zip(indexed, topics[1:], strict=True):
                fields[i["name"]] = eth_abi.decode([i["type"]], topic.to_bytes(32, "big"))[0]
            fields |= zip([i["name"] for i in plain], eth_abi.decode([i["type"] for i in plain], data), strict=True)
            out.append((event["name"], fields))
        return out
