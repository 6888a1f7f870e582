internal import MirrorStore

extension Pass {
    /// The pass after a page of a list; with the list's first page its count begins, perhaps anew.
    func advanced(over page: ObjectList.Page, of kind: MirroredKind, isFirst: Bool) -> Pass {
        var pass = self
        switch kind {
        case .customer: pass.customers = page.count + (isFirst ? 0 : customers)
        case .subscription: pass.subscriptions = page.count + (isFirst ? 0 : subscriptions)
        }
        if page.hasMore {
            pass.cursor = page.cursor ?? cursor
        } else {
            pass.stage = kind == .customer ? .subscriptions : .unlisted
            pass.cursor = nil
        }
        return pass
    }
}
