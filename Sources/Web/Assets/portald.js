// portald.d.ts, beside this file, explains each part.

const user = new URL("api/subscriptions/user/", import.meta.url);

async function call(path, { token, after }, body) {
  const url = new URL(path, user);
  if (after) url.searchParams.set("after", after);
  const bearer = typeof token === "function" ? await token() : token;
  const headers = body ? { "Content-Type": "application/json" } : {};
  if (bearer) headers.Authorization = `Bearer ${bearer}`;
  const init = { method: body ? "POST" : "GET", headers, body, credentials: token == null ? "include" : "omit" };
  let response, answer, cause;
  try {
    response = await fetch(url, init);
    answer = await response.json();
  } catch (error) {
    cause = error;
  }
  if (answer?.success) return answer;
  const { code, message = "The billing service cannot be reached.", parameter } = answer ?? {};
  const header = (name) => response?.headers.get(name) || undefined;
  throw Object.assign(new Error(message, { cause }), {
    name: "PortaldError",
    code: code ?? (response ? "unexpected_response" : "network_error"),
    parameter,
    status: response?.status,
    requestId: header("Portald-Request-Id"),
    retryAfter: +header("Retry-After") || undefined,
  });
}

export const subscription = (options = {}) => call("", options);

export async function openBillingPortal(options = {}) {
  const { flow, subscription, price, quantity, returnPath: return_path, locale } = options;
  const fields = { flow, subscription, price, quantity, return_path, locale };
  const body = JSON.stringify(fields, (_, value) => value ?? undefined);
  location.assign((await call("billing-portal/", options, body)).portal_url);
}

const name = "billing-portal-button";
const { customElements } = globalThis; // A server has none.

customElements?.get(name) ?? customElements?.define(name, class extends HTMLElement {
  #button = document.createElement("button");

  constructor() {
    super();
    this.#button.appendChild(document.createElement("slot")).append("Manage billing");
    this.#button.onclick = () => this.#open();
    this.attachShadow({ mode: "open", delegatesFocus: true }).append(this.#button);
    this.#setBusy(false);
  }

  // Not `disabled`, which would take the focus away.
  #setBusy(busy) {
    this.#button.ariaBusy = this.#button.ariaDisabled = busy;
    this.#button.part = busy ? "button busy" : "button";
  }

  async #open() {
    if (this.#button.ariaBusy === "true") return;
    this.#setBusy(true);
    // A page from the back-forward cache is as it was left.
    addEventListener("pageshow", () => this.#setBusy(false), { once: true });
    const set = Object.fromEntries(Array.from(this.attributes, (each) => [each.name, each.value]));
    const quantity = +set.quantity || set.quantity;
    try {
      await openBillingPortal({ ...set, quantity, returnPath: set["return-path"], token: this.token });
    } catch (detail) {
      this.#setBusy(false);
      this.dispatchEvent(new CustomEvent("portald-error", { bubbles: true, composed: true, detail }));
    }
  }
});
