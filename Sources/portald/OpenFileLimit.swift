import Glibc

/// How many files and connections the process may have open.
enum OpenFileLimit {
    /// Raises the limit to the most that is allowed: the usual one of 1024 is kept low for programs that call `select`,
    /// which this one does not. https://0pointer.net/blog/file-descriptor-limits.html
    ///
    /// - Returns: The limit from now on; nil where it cannot be read.
    @discardableResult
    static func raise() -> UInt? {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
        let former = limit.rlim_cur
        limit.rlim_cur = limit.rlim_max
        let isRaised = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
        return UInt(isRaised ? limit.rlim_cur : former)
    }
}
