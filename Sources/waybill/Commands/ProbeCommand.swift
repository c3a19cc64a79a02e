enum ProbeCommand { static let help = ""; static func run(_ words: [String]) throws -> Int32 { 0 } }
