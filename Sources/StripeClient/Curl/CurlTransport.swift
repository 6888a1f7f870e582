internal import CCurl
internal import Glibc
internal import NIOConcurrencyHelpers

/// HTTP requests over libcurl: one multi handle, driven by one thread.
///
/// Requests share connections: HTTP/2 streams over TLS, kept-alive HTTP/1.1 connections to this machine. TLS is always
/// verified, redirects are never followed, cookies and `.netrc` are never used. `https_proxy` is honoured (libcurl tunnels
/// through it, so that it sees no header of ours); no proxy is ever used for an address on this machine.
///
/// Source: https://curl.se/libcurl/c/libcurl-multi.html and https://curl.se/libcurl/c/curl_multi_wakeup.html.
public final class CurlTransport: Sendable {
    /// Why a transport could not start.
    public struct StartError: Error, CustomStringConvertible {
        /// What failed.
        public let description: String
    }

    private let inbox: CurlInbox
    private let thread: NIOLockedValueBox<pthread_t?>

    /// Starts the transport's thread.
    ///
    /// - Throws: ``StartError`` where the system gives no memory or no thread.
    public init(_ options: Options = Options()) throws(StartError) {
        guard initializeCurl == CURLE_OK, let multi = curl_multi_init() else {
            throw StartError(description: "libcurl could not be initialised")
        }
        inbox = CurlInbox(multi: multi)
        let loop = Unmanaged.passRetained(CurlLoop(multi: multi, inbox: inbox, options: options))
        var thread = pthread_t()
        let code = pthread_create(&thread, nil, runLoop, loop.toOpaque())
        guard code == 0 else {
            inbox.close()
            loop.release()
            curl_multi_cleanup(multi)
            throw StartError(description: "no thread for libcurl: \(String(cString: strerror(code)))")
        }
        self.thread = NIOLockedValueBox(thread)
    }

    deinit {
        shutdown()
    }

    /// Sends one request and waits for the whole reply, whatever its status.
    ///
    /// Cancelling the calling task ends the transfer at once. Where a kept-alive connection turns out to be closed before any
    /// byte of the reply has come, libcurl sends the request again on a new one: a POST needs an `Idempotency-Key`.
    /// - Throws: ``TransportError`` where there is no complete reply.
    public func send(_ request: Request) async throws(TransportError) -> Reply {
        if let fault = request.fault { throw TransportError(.invalidRequest(fault)) }
        if Task.isCancelled { throw TransportError(.cancelled) }
        let id = inbox.nextID()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                inbox.post(.start(id, request, continuation))
                // The handler below may have run before the transfer was known.
                if Task.isCancelled { inbox.post(.cancel(id)) }
            }
        } onCancel: {
            inbox.post(.cancel(id))
        }
        return try result.get()
    }

    /// Stops: requests in flight and later ones fail with `stopped`, connections are closed, the thread has ended.
    ///
    /// Blocks the caller for the milliseconds this takes. May be called again.
    public func shutdown() {
        inbox.close()
        thread.withLockedValue { thread in
            guard let running = thread else { return }
            pthread_join(running, nil)
            thread = nil
        }
    }
}

/// libcurl's set-up of the process, done once, by whoever comes first.
private let initializeCurl: CURLcode = curl_global_init(Int(CURL_GLOBAL_DEFAULT))

private func runLoop(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    // Signals are for the daemon's other threads. With SIGPIPE blocked, writing to a closed connection is an error, not the end.
    var signals = sigset_t()
    sigfillset(&signals)
    pthread_sigmask(SIG_SETMASK, &signals, nil)
    Unmanaged<CurlLoop>.fromOpaque(context).takeRetainedValue().run()
    return nil
}
