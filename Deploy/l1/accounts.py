"""The accounts that have money on the devnet: the well-known mnemonic of development chains. Never use them anywhere else."""

from eth_account import Account
from eth_account.hdaccount import HDPath, seed_from_mnemonic

MNEMONIC = "test test test test test test test test test test test junk"


def dev_keys(count: int) -> list[tuple[str, str]]:
    """(address, private key) of m/44'/60'/0'/0/0 and following."""
    seed = seed_from_mnemonic(MNEMONIC, "")
    keys = ["0x" + HDPath(f"m/44'/60'/0'/0/{i}").derive(seed).hex() for i in range(count)]
    return [(Account.from_key(key).address, key) for key in keys]
