"""L1 for development: a chain over py-evm, its JSON-RPC server, and the deployment of the contracts to any L1."""
