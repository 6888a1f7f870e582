/// A place in the replica: each epoch has one for its mirror and one for its claim, so that two primaries never write to the
/// same.
public enum ReplicaPart: Sendable, Hashable {
    /// Where the primary of an epoch replicates the mirror to.
    case mirror(epoch: Int)
    /// Where it is kept who the primary of an epoch is.
    case claim(epoch: Int)

    /// Its path below the replica's.
    public var path: String {
        switch self {
        case .mirror(let epoch): "epochs/\(epoch)"
        case .claim(let epoch): "claims/\(epoch)"
        }
    }
}
