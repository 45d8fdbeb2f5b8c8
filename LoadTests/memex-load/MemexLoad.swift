import ArgumentParser

@main
struct MemexLoad: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "memex-load", abstract: "Load harness and benchmarks of Memex.",
        subcommands: [GatewayCommand.self, TradeCommand.self, EngineCommand.self], defaultSubcommand: GatewayCommand.self)
}
