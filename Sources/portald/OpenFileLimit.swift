import Glibc

/// How many files and connections the process may have open.
enum OpenFileLimit {
    /// Raises the limit to the most that is allowed: the usual one of 1024 is kept low for programs that call `select`,
    /// which this one does not. https://0pointer.net/blog/file-descriptor-limits.html
    ///
    /// Where that is refused, the former limit holds.
    static func raise() {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
