import Gateway

/// Messages that subscribe to a market's channel.
enum SubscribeMessage {
    static func bytes(_ channel: Channel, market: UInt16) -> [UInt8] {
        [Wire.ToServer.subscribe, channel.rawValue, UInt8(truncatingIfNeeded: market), UInt8(market >> 8)]
    }
}
