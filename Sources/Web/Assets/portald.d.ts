// Types of portald.js, the module for browsers that portald serves beside its API.

/** What the portal shows first. Without one it shows its home page. */
export type PortalFlow =
  | "payment_method_update"
  | "subscription_cancel"
  | "subscription_update"
  | "subscription_update_confirm";

export interface Options {
  /**
   * The user's token, or what fetches it. Without one, the request carries the browser's cookies for portald's origin.
   * A function is called for each request, so it may return a token that it keeps, and renew it in time.
   */
  token?: string | (() => string | null | undefined | Promise<string | null | undefined>) | null;
  /** A Checkout session (`cs_…`) or an event (`evt_…`) that the answer is to include; it waits up to 3 seconds. */
  after?: string | null;
}

export interface PortalOptions extends Options {
  flow?: PortalFlow | null;
  /** The subscription that the flow is about (`sub_…`); may be left out by a user who has one that fits. */
  subscription?: string | null;
  /** For `subscription_update_confirm`: the price to change to (`price_…`). */
  price?: string | null;
  /** For `subscription_update_confirm`: how many of it. */
  quantity?: number | null;
  /** Where the portal's link back leads: a path of the operator's frontend, or a URL of an allowed origin. */
  returnPath?: string | null;
  /** The portal's language, such as `de` or `pt-BR`; by default the browser's. */
  locale?: string | null;
}

export type SubscriptionStatus =
  | "active"
  | "canceled"
  | "incomplete"
  | "incomplete_expired"
  | "past_due"
  | "paused"
  | "trialing"
  | "unpaid"
  // Whatever Stripe adds.
  | (string & {});

/** A subscription as Stripe names its fields. Times are Unix seconds. */
export interface Subscription {
  id: string;
  status: SubscriptionStatus;
  current_period_end: number | null;
  /** When it ends, where that is scheduled. Stripe sets this or `cancel_at_period_end`, or both. */
  cancel_at: number | null;
  cancel_at_period_end: boolean;
  trial_end: number | null;
  items: { price: string | null; product: string | null; quantity: number | null }[];
}

export interface Subscriptions {
  success: true;
  /** Whether one of them opens the billing portal. */
  active: boolean;
  subscriptions: Subscription[];
}

/** Why a call failed. */
export interface PortaldError extends Error {
  name: "PortaldError";
  /**
   * A code of the API (`/openapi.json`), `network_error` where there was no response, or none that this page may read,
   * or `unexpected_response` where it was not portald's.
   */
  code: string;
  /** The response's status, where there was one. */
  status?: number;
  /** The request's id in portald's log (`req_…`). */
  requestId?: string;
  /** Seconds to wait before the next attempt. */
  retryAfter?: number;
  /** With the code `invalid_parameter`: which one. */
  parameter?: string;
}

/**
 * Opens the billing portal in this tab.
 *
 * It resolves once the browser has been told to leave the page, and rejects with a {@link PortaldError}, or with what
 * the token's function throws.
 */
export function openBillingPortal(options?: PortalOptions): Promise<void>;

/** The user's own subscriptions. It rejects as {@link openBillingPortal} does. */
export function subscription(options?: Options): Promise<Subscriptions>;

/**
 * `<billing-portal-button>`: a button that opens the billing portal. Its content is the button's label.
 *
 * The attributes `flow`, `subscription`, `price`, `quantity`, `return-path`, `locale` and `after` are those of
 * {@link PortalOptions}. A failure is the event `portald-error`. The button can be styled as `::part(button)`, and as
 * `::part(busy)` from the click until the page is left.
 */
export interface BillingPortalButton extends HTMLElement {
  token?: PortalOptions["token"];
}

declare global {
  interface HTMLElementTagNameMap {
    "billing-portal-button": BillingPortalButton;
  }
  interface GlobalEventHandlersEventMap {
    "portald-error": CustomEvent<PortaldError>;
  }
}
