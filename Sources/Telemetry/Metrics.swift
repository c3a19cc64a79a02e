private import Synchronization

/// All metrics of the process, written as Prometheus text (exposition format 0.0.4).
///
/// Metrics are registered at start and updated without a lock.
package final class Metrics: Sendable {
    private struct Family {
        let name: String
        let help: String
        let kind: String
        var samples: [@Sendable () -> [Sample]] = []
    }

    /// One line: a suffix of the family's name, labels, value.
    private struct Sample {
        let suffix: String
        let labels: String
        let value: String
    }

    /// Families whose values are read together.
    private struct Group {
        let families: [MetricFamily]
        let read: @Sendable () -> [MetricReading]
    }

    private let families = Mutex<[Family]>([])
    private let groups = Mutex<[Group]>([])

    package init() {}

    /// A number that only grows. The name ends in `_total`.
    package func counter(
        _ name: String, _ help: String, _ labels: KeyValuePairs<String, String> = [:]
    ) -> Counter {
        let counter = Counter()
        let text = Self.text(labels)
        register(name, help, "counter") {
            [Sample(suffix: "", labels: text, value: String(counter.value))]
        }
        return counter
    }

    /// A number that is read when the metrics are requested.
    package func gauge(
        _ name: String, _ help: String, _ labels: KeyValuePairs<String, String> = [:],
        read: @escaping @Sendable () -> Double
    ) {
        let text = Self.text(labels)
        register(name, help, "gauge") { [Sample(suffix: "", labels: text, value: "\(read())")] }
    }

    /// A growing number that something else already counts.
    package func counter(
        _ name: String, _ help: String, _ labels: KeyValuePairs<String, String> = [:],
        read: @escaping @Sendable () -> Int
    ) {
        let text = Self.text(labels)
        register(name, help, "counter") { [Sample(suffix: "", labels: text, value: "\(read())")] }
    }

    /// A distribution, in seconds unless the name says otherwise.
    package func histogram(
        _ name: String, _ help: String, _ labels: KeyValuePairs<String, String> = [:],
        bounds: [Double] = Histogram.latencyBounds
    ) -> Histogram {
        let histogram = Histogram(bounds: bounds)
        let text = Self.text(labels)
        // A bucket's own label goes in front of the others.
        let others = text.isEmpty ? "}" : "," + text.dropFirst()
        register(name, help, "histogram") {
            let snapshot = histogram.snapshot()
            var cumulative = 0
            var samples: [Sample] = []
            for (index, count) in snapshot.counts.enumerated() {
                cumulative += count
                let bound = index < bounds.count ? "\(bounds[index])" : "+Inf"
                samples.append(
                    Sample(
                        suffix: "_bucket", labels: "{le=\"\(bound)\"\(others)",
                        value: "\(cumulative)"))
            }
            samples.append(Sample(suffix: "_sum", labels: text, value: "\(snapshot.sum)"))
            samples.append(Sample(suffix: "_count", labels: text, value: "\(cumulative)"))
            return samples
        }
        return histogram
    }

    /// Families that are read together, once per request for the metrics; the reading may take a
    /// round trip. A family without a reading is left out.
    package func group(
        _ families: [MetricFamily], read: @escaping @Sendable () -> [MetricReading]
    ) {
        groups.withLock { $0.append(Group(families: families, read: read)) }
    }

    /// The whole exposition.
    package func exposition() -> String {
        var text = ""
        for family in families.withLock({ $0 }) {
            text += "# HELP \(family.name) \(family.help)\n# TYPE \(family.name) \(family.kind)\n"
            for sample in family.samples.flatMap({ $0() }) {
                text += "\(family.name)\(sample.suffix)\(sample.labels) \(sample.value)\n"
            }
        }
        for group in groups.withLock({ $0 }) {
            let readings = Dictionary(grouping: group.read(), by: \.family)
            for family in group.families {
                guard let readings = readings[family.name] else { continue }
                text += "# HELP \(family.name) \(family.help)\n"
                text +=
                    "# TYPE \(family.name) \(family.name.hasSuffix("_total") ? "counter" : "gauge")\n"
                for reading in readings {
                    text += "\(family.name)\(Self.text(reading.labels)) \(reading.value)\n"
                }
            }
        }
        return text
    }

    private func register(
        _ name: String, _ help: String, _ kind: String,
        _ samples: @escaping @Sendable () -> [Sample]
    ) {
        families.withLock { families in
            if let index = families.firstIndex(where: { $0.name == name }) {
                families[index].samples.append(samples)
            } else {
                families.append(Family(name: name, help: help, kind: kind, samples: [samples]))
            }
        }
    }

    private static func text(_ labels: KeyValuePairs<String, String>) -> String {
        guard !labels.isEmpty else { return "" }
        let pairs = labels.map { name, value in
            let escaped = value.map { character -> String in
                switch character {
                case "\\": "\\\\"
                case "\"": "\\\""
                case "\n": "\\n"
                default: String(character)
                }
            }
            return "\(name)=\"\(escaped.joined())\""
        }
        return "{" + pairs.joined(separator: ",") + "}"
    }
}

/// A name that several readings share; one that ends in `_total` is a counter, others are gauges.
package struct MetricFamily: Sendable {
    let name: String
    let help: String

    package init(_ name: String, _ help: String) {
        self.name = name
        self.help = help
    }
}

/// One value of a family.
package struct MetricReading: Sendable {
    let family: String
    let labels: KeyValuePairs<String, String>
    let value: Int

    /// - Parameters:
    ///   - family: the family's name.
    ///   - labels: what tells it from the family's others.
    ///   - value: as of now.
    package init(_ family: String, _ labels: KeyValuePairs<String, String>, _ value: Int) {
        self.family = family
        self.labels = labels
        self.value = value
    }
}

/// A number that only grows; safe from any thread.
package final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    package init() {}

    package var value: Int { count.load(ordering: .relaxed) }

    /// Adds to the number.
    package func add(_ amount: Int = 1) {
        count.wrappingAdd(amount, ordering: .relaxed)
    }
}
