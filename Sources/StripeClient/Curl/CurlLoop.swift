internal import CCurl
internal import Glibc

/// What the transport's thread does: takes commands, drives the transfers, hands over their results.
///
/// Used by one thread at a time: made by the transport, then owned by the thread.
final class CurlLoop {
    private let multi: UnsafeMutableRawPointer
    private let inbox: CurlInbox
    private let options: CurlTransport.Options
    private var transfers: [UnsafeMutableRawPointer: CurlTransfer] = [:]

    init(multi: UnsafeMutableRawPointer, inbox: CurlInbox, options: CurlTransport.Options) {
        self.multi = multi
        self.inbox = inbox
        self.options = options
    }

    /// Runs until the inbox is closed, then frees the multi handle.
    func run() {
        // Requests to one host become streams of one HTTP/2 connection.
        ccurl_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_MULTIPLEX))
        while true {
            let (commands, isClosed) = inbox.drain()
            for command in commands { obey(command) }
            if isClosed { break }
            drive()
        }
        failAll(.stopped)
        curl_multi_cleanup(multi)
    }

    private func obey(_ command: CurlInbox.Command) {
        switch command {
        case .start(let id, let request, let completion):
            start(id, request, completion)
        case .cancel(let id):
            guard let transfer = transfers.values.first(where: { $0.id == id }) else { return }
            remove(transfer)
            transfer.fail(.cancelled)
        }
    }

    private func start(_ id: CurlInbox.ID, _ request: CurlTransport.Request, _ completion: CurlInbox.Completion) {
        let bodyLimit = request.bodyLimit ?? options.bodyLimit
        guard let transfer = CurlTransfer(id: id, bodyLimit: bodyLimit, completion: completion) else {
            completion.resume(returning: .failure(TransportError(.connectionFailed("out of memory"))))
            return
        }
        do {
            try transfer.configure(request, options)
        } catch {
            transfer.fail(error.reason)
            return
        }
        let code = curl_multi_add_handle(multi, transfer.easy)
        guard code == CURLM_OK else {
            transfer.fail(.connectionFailed(String(cString: curl_multi_strerror(code))))
            return
        }
        transfers[transfer.easy] = transfer
    }

    /// One turn: transfers what can be transferred, then sleeps until there is more, or a command.
    private func drive() {
        var running: Int32 = 0
        var code = curl_multi_perform(multi, &running)
        finishCompleted()
        if code == CURLM_OK {
            // libcurl shortens the wait to its own next deadline.
            code = curl_multi_poll(multi, nil, 0, 60_000, nil)
        }
        if code != CURLM_OK {
            failAll(.connectionFailed(String(cString: curl_multi_strerror(code))))
            // Out of memory or of descriptors: the next turn must not come at once.
            usleep(100_000)
        }
    }

    private func finishCompleted() {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let transfer = transfers[message.pointee.easy_handle] else {
                continue
            }
            // The message does not outlive the removal of its handle.
            let result = ccurl_message_result(message)
            remove(transfer)
            transfer.finish(result)
        }
    }

    private func failAll(_ reason: TransportError.Reason) {
        for transfer in transfers.values {
            remove(transfer)
            transfer.fail(reason)
        }
    }

    private func remove(_ transfer: CurlTransfer) {
        curl_multi_remove_handle(multi, transfer.easy)
        transfers[transfer.easy] = nil
    }
}
