import Stripe
import StripeClient
import Testing

@Suite struct SecretTests {
    struct Holder {
        let key: Secret
        let optional: Secret?
    }

    @Test func neverShowsItself() {
        let secret = Secret("sk_live_hidden")
        let holder = Holder(key: secret, optional: secret)
        var dumped = ""
        dump(holder, to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), "\(holder)", String(reflecting: holder), dumped] {
            #expect(!text.contains("hidden"))
        }
        #expect(Mirror(reflecting: secret).children.isEmpty)
        #expect(secret.exposed == "sk_live_hidden")
    }

    @Test func aHeaderShowsItsNameOnly() {
        let header = CurlTransport.Header("Authorization", "Bearer sk_live_hidden")
        var dumped = ""
        dump([header], to: &dumped)
        for text in ["\(header)", String(reflecting: [header]), dumped] {
            #expect(!text.contains("hidden"))
            #expect(text.contains("Authorization"))
        }
    }
}
