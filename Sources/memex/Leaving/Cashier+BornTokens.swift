import Engine
import Settlement

/// Tokens born on the exchange: L1 pays them once it has their ERC-20.
extension Cashier {
    /// What `orders` pay and L1 does not have, as the rebuilt state proves it, with the call that creates it; that state must be a final one.
    func uncreatedTokens(of orders: [Order]) async throws -> [(token: Token, call: RollupCall)] {
        var uncreated: [(token: Token, call: RollupCall)] = []
        for id in Set(orders.map(\.token)).sorted() {
            guard let born = await rebuild.bornToken(id), try await contract.token(id) == nil else { continue }
            uncreated.append((born.token, born.call(batch: await rebuild.batchCount - 1)))
        }
        return uncreated
    }

    /// Has L1 create it.
    func createTokens(of orders: [Order]) async throws -> [Payment] {
        var created: [Payment] = []
        for (token, call) in try await uncreatedTokens(of: orders) {
            do throws(EthereumError) {
                let receipt = try await sender.execute(call, on: contract.address)
                created.append(
                    Payment(
                        kind: .token, token: TokenInfo(token), atoms: token.supply, owner: contract.address,
                        transaction: receipt.transactionHash, gas: receipt.gasUsed))
            } catch {
                // Somebody else may have created it at this moment.
                guard try await contract.token(token.id) != nil else { throw error }
            }
        }
        return created
    }
}
