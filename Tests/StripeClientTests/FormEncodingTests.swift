import StripeClient
import Testing

@Suite struct FormEncodingTests {
    typealias Field = FormEncoding.Field

    static let table: [([Field], String)] = [
        ([], ""),
        ([Field("customer", .string("cus_1"))], "customer=cus_1"),
        ([Field("b", .integer(-2)), Field("a", .boolean(true))], "b=-2&a=true"),
        ([Field("a", .boolean(false)), Field("a", .string(""))], "a=false&a="),
        ([Field("expand", .list([.string("tax"), .string("x")]))], "expand[0]=tax&expand[1]=x"),
        (
            [Field("a", .object([Field("b", .list([.object([Field("c", .string("1"))])]))]))],
            "a[b][0][c]=1"
        ),
        (
            [
                Field(
                    "flow_data",
                    .object([
                        Field("type", .string("subscription_cancel")),
                        Field("subscription_cancel", .object([Field("subscription", .string("sub_1"))])),
                    ])
                )
            ],
            "flow_data[type]=subscription_cancel&flow_data[subscription_cancel][subscription]=sub_1"
        ),
        ([Field("a", .list([])), Field("b", .object([])), Field("c", .string("1"))], "c=1"),
        ([Field("a", .list([.list([.integer(1)])]))], "a[0][0]=1"),
        (
            [Field("return_url", .string("https://example.com/billing?a=1&b=2#top"))],
            "return_url=https%3A%2F%2Fexample.com%2Fbilling%3Fa%3D1%26b%3D2%23top"
        ),
        ([Field("q", .string("a b+c~*-._'()"))], "q=a+b%2Bc%7E*-._%27%28%29"),
        ([Field("q", .string("ü€😀"))], "q=%C3%BC%E2%82%AC%F0%9F%98%80"),
        ([Field("q", .string("\0\t\r\n%"))], "q=%00%09%0D%0A%25"),
        // A name cannot break out of its brackets, nor a value begin another field.
        ([Field("metadata", .object([Field("a]&b[=", .string("x&y=z"))]))], "metadata[a%5D%26b%5B%3D]=x%26y%3Dz"),
    ]

    @Test(arguments: table)
    func encodes(fields: [Field], expected: String) {
        #expect(FormEncoding(fields).string == expected)
    }

    @Test func everyByteOfASCIIFollowsTheStandard() {
        let kept = Set("*-._0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".unicodeScalars)
        for value in UInt8.min...0x7F {
            let scalar = Unicode.Scalar(value)
            let encoded = FormEncoding([Field("a", .string(String(scalar)))]).string.dropFirst(2)
            let hex = String(value, radix: 16, uppercase: true)
            let expected =
                kept.contains(scalar) ? String(scalar) : value == 0x20 ? "+" : value < 16 ? "%0\(hex)" : "%\(hex)"
            #expect(encoded == expected)
        }
    }
}
