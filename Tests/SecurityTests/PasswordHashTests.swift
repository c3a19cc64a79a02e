import Security
import Testing

@Suite("Password hashes")
struct PasswordHashTests {
    /// Source: Openwall's crypt_blowfish, wrapper.c; passwords as Latin-1 bytes.
    private static let bcrypt: [(hash: String, password: [UInt8])] = [
        ("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", Array("U*U".utf8)),
        ("$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", Array("U*U*".utf8)),
        ("$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a", Array("U*U*U".utf8)),
        (
            "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui",
            Array(
                "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored"
                    .utf8)
        ),
        ("$2y$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e", [0xFF, 0xFF, 0xA3]),
        ("$2b$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e", [0xFF, 0xFF, 0xA3]),
        ("$2b$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq", [0xA3]),
        ("$2y$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq", [0xA3]),
        ("$2a$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq", [0xA3]),
    ]

    @Test("bcrypt's published vectors match, in all three spellings", arguments: bcrypt)
    func bcryptVectors(hash: String, password: [UInt8]) throws {
        let hash = try #require(PasswordHash(hash))
        #expect(hash.method == .bcrypt(cost: 5))
        #expect(hash.isOutdated)
        #expect(try hash.matches(password))
        // At the start: of a long one bcrypt reads no further than its 72nd byte.
        #expect(try !hash.matches([0x21] + password.dropFirst()))
        #expect(try !hash.matches([]))
    }

    @Test(
        "a new hash is yescrypt of cost 7, with a salt of its own, and matches its password alone")
    func yescrypt() throws {
        let password = Array("correct horse battery staple".utf8)
        let hashes = try [PasswordHash.make(password), PasswordHash.make(password)]
        #expect(hashes[0].stored != hashes[1].stored)
        for hash in hashes {
            #expect(hash.stored.hasPrefix("$y$jBT$"))
            #expect(hash.stored.utf8.count == 73)
            #expect(hash.method == .yescrypt && !hash.isOutdated)
            #expect(try hash.matches(password))
            #expect(try !hash.matches(Array("correct horse battery stapl".utf8)))
            #expect(try !hash.matches(Array("Correct horse battery staple".utf8)))
        }
        let read = try #require(PasswordHash(hashes[0].stored))
        #expect(try read.matches(password))
    }

    @Test("yescrypt of the default cost, as other systems have it, matches and is outdated")
    func otherCost() throws {
        // Made by crypt(3) of libxcrypt 4.4.33.
        let hash = try #require(
            PasswordHash(
                "$y$j9T$Twje4SDGOwcI9F/PKpWXy.$xuNVr5ORoVmg1V5sHqrw6nrAnB24NupZfD8.tKdpKFD"))
        #expect(hash.isOutdated)
        #expect(try hash.matches(Array("secret".utf8)))
        #expect(try !hash.matches(Array("other".utf8)))
    }

    @Test("all bytes count up to the bound; what is longer or has a zero byte matches nothing")
    func bounds() throws {
        let most = [UInt8](repeating: 0x61, count: PasswordHash.passwordByteLimit)
        let hash = try PasswordHash.make(most)
        #expect(try hash.matches(most))
        #expect(try !hash.matches([UInt8](most.dropLast())))
        #expect(try !hash.matches([UInt8](most.dropLast()) + [0x62]))
        #expect(try !hash.matches(most + [0x61]))
        #expect(throws: CryptoFailure.self) { try PasswordHash.make(most + [0x61]) }
        #expect(throws: CryptoFailure.self) { try PasswordHash.make([0x61, 0, 0x62]) }
        // C would read it up to the zero byte.
        let short = try PasswordHash.make(Array("before".utf8))
        #expect(try !short.matches(Array("before\0after".utf8)))
        #expect(try PasswordHash.make([]).matches([]))
        #expect(try !PasswordHash.make([]).matches([0]))
    }

    @Test(
        "what is no hash of these methods is not read",
        arguments: [
            "", "*0", "*1", "x", "!", "secret", "$1$abc$defghijklmnopqrstuvwxy.",
            "$6$abc$defghijklmnopqrstuvwxyz0123456789",
            "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA",
            "$2x$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e",
            "$2b$03$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e",
            "$2b$15$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e",
            "$2b$31$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e",
            "$2b$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3",
            "$2b$5$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3ee",
            "$2b$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3*",
            "$y$jBT$7FFinaMKiBu375xDMKAKP0", "$y$jBT$$n0wmzz7G4aEYhlcgzLmtX08nO3YyKu.CniJt1rTje79",
            "$y$jFT$7FFinaMKiBu375xDMKAKP0$n0wmzz7G4aEYhlcgzLmtX08nO3YyKu.CniJt1rTje79",
            "$y$jBT$7FFinaMKiBu375xDMKAKP0$n0wmzz7G4aEYhlcgzLmtX08nO3YyKu.CniJt1rTje7\0",
        ])
    func others(text: String) {
        #expect(PasswordHash(text) == nil)
    }

    @Test("the decoy matches nothing that anybody types, and takes the usual time")
    func decoy() throws {
        #expect(!PasswordHash.decoy.isOutdated)
        #expect(try !PasswordHash.decoy.matches(Array("correct horse battery staple".utf8)))
        #expect(try !PasswordHash.decoy.matches([]))
        let hash = try PasswordHash.make(Array("another".utf8))
        var times: [[Duration]] = [[], []]
        for _ in 0..<5 {
            for (index, hash) in [PasswordHash.decoy, hash].enumerated() {
                let time = try ContinuousClock().measure {
                    _ = try hash.matches(Array("guess".utf8))
                }
                times[index].append(time)
            }
        }
        let medians = times.map { $0.sorted()[2] / .milliseconds(1) }
        #expect(medians[0] / medians[1] < 2 && medians[1] / medians[0] < 2, "\(medians)")
    }

    @Test("no hash is printed")
    func redacted() throws {
        let hash = try PasswordHash.make(Array("another".utf8))
        var text = ""
        dump(hash, to: &text)
        #expect(!(text + "\(hash)" + String(reflecting: hash)).contains("$y$"))
    }
}
