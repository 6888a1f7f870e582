import ArgumentParser
import MirrorStore

/// A user and a customer as an operator names them.
struct LinkArguments: ParsableArguments {
    @Argument(help: "The user's id, as the tokens and the metadata spell it.", transform: UserArgument.userID)
    var user: UserID

    @Argument(help: "The customer's id, cus_….", transform: CustomerArgument.customer)
    var customer: String
}

/// A user's id as an operator gives it.
enum UserArgument {
    static func userID(_ text: String) throws -> UserID {
        do throws(UserID.Fault) {
            return try UserID(text)
        } catch {
            let reason =
                switch error {
                case .blank: "it is blank"
                case .tooLong: "it is longer than \(UserID.maximumLength) bytes"
                case .controlCharacter: "it holds a control character"
                }
            throw ValidationError("no user can have this id: \(reason)")
        }
    }
}

/// A customer's id as an operator gives it.
enum CustomerArgument {
    static func customer(_ text: String) throws -> String {
        guard text.wholeMatch(of: /cus_[A-Za-z0-9_]{1,251}/) != nil else {
            throw ValidationError("a customer's id is cus_ and letters or digits")
        }
        return text
    }
}
