import Stripe
import Testing

@testable import Web
@testable import portald

@Suite struct VersionTests {
    @Test func isTheDocuments() throws {
        let document = try JSON(parsing: PackageResources.openapi_json)
        #expect(document["info"]?["version"]?.string == Version.current)
    }
}
