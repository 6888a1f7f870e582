/// Tells a Litestream that hangs from one that has nothing to do, which look alike: a peer that does not answer keeps it
/// waiting for ever, without a word.
struct Stall {
    /// Where the copy was at the last look, and where it had to get to.
    private var last: (copy: String, original: String)?

    /// Looks how far a copy has come.
    ///
    /// - Parameters:
    ///   - copy: The copy's position; nil where there is none yet.
    ///   - original: The position of what it is a copy of; nil where that cannot be told.
    /// - Returns: Whether the copy stands where it stood at the last look, though it was behind then.
    mutating func look(at copy: String?, against original: String?) -> Bool {
        guard let copy, let original else {
            last = nil
            return false
        }
        defer { last = (copy, original) }
        guard let last else { return false }
        return copy == last.copy && copy < last.original
    }
}
