import Engine
import Settlement

/// Tokens born on the exchange: L1 pays them once it has their ERC-20.
extension Cashier {
    /// Has L1 create what `orders` pay and L1 does not have, by the rebuilt state, which must be a final one.
    func createTokens(of orders: [Order]) async throws -> [Payment] {
        var created: [Payment] = []
        for id in Set(orders.map(\.token)).sorted() {
            guard let born = await rebuild.bornToken(id), try await contract.token(id) == nil else { continue }
            let batch = await rebuild.batchCount - 1
            do throws(EthereumError) {
                let receipt = try await sender.execute(born.call(batch: batch), on: contract.address)
                created.append(
                    Payment(
                        kind: .token, token: TokenInfo(born.token), atoms: born.token.supply, owner: contract.address,
                        transaction: receipt.transactionHash, gas: receipt.gasUsed))
            } catch {
                // Somebody else may have created it at this moment.
                guard try await contract.token(id) != nil else { throw error }
            }
        }
        return created
    }
}
