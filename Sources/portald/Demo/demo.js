import { subscription } from "/portald.js";

const element = (id) => document.getElementById(id);
const user = element("user");
const card = element("subscription");
const title = element("subscription-title");
const view = element("view");
const problem = element("problem");
const announcement = element("announcement");

// The application's own catalogue: the mirror has the ids of prices.
const plans = {
  price_1SandboxBasicMonthly0001: { name: "Basic", cents: 1000 },
  price_1SandboxTeamMonthly00002: { name: "Team", cents: 2500 },
};

// An application signs its users in in its own way; the demo hands a token to whoever asks.
const tokens = new Map();
async function token(name = user.value) {
  if (!tokens.has(name)) {
    const response = await fetch(`/demo/token/${name}`);
    tokens.set(name, (await response.json()).token);
  }
  return tokens.get(name);
}

/** Makes an element; children are text or nodes, and undefined where there is none. */
function make(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

const money = (cents) => (cents / 100).toLocaleString("en", { style: "currency", currency: "USD" });
const day = (seconds) => new Date(seconds * 1000).toLocaleDateString("en", { dateStyle: "long" });

/** When a subscription ends; depending on how it was canceled, Stripe sets the one field or the other. */
function end({ cancel_at, cancel_at_period_end, current_period_end }) {
  return cancel_at ?? (cancel_at_period_end ? current_period_end : null);
}

function portalButton(label, attributes = {}, kind = "") {
  const button = make("billing-portal-button", { class: kind, ...attributes }, label);
  button.token = token;
  return button;
}

function checkoutButton(label) {
  const button = make("button", { type: "button", class: "main" }, label);
  button.addEventListener("click", async () => {
    if (button.ariaDisabled === "true") return;
    button.ariaBusy = button.ariaDisabled = "true";
    try {
      const response = await fetch(`/demo/checkout/${user.value}`, { method: "POST" });
      location.assign((await response.json()).url);
    } catch {
      problem.textContent = "Checkout cannot be reached. Try again.";
      button.ariaBusy = button.ariaDisabled = "false";
    }
  });
  return button;
}

/** What a page says of a subscription in each of its states: badge, tone, date, advice, buttons. */
function state(each) {
  const { id, status, trial_end, current_period_end } = each;
  const manage = portalButton("Manage billing", {}, "main");
  if (status === "canceled" || status === "incomplete_expired") {
    return { badge: "Canceled", advice: "This plan has ended.", buttons: [checkoutButton("Subscribe again")] };
  }
  if (status === "past_due" || status === "unpaid") {
    const update = { flow: "payment_method_update" };
    return {
      badge: "Past due",
      tone: "bad",
      date: ["Current period ends on", current_period_end],
      advice: "Your last payment failed. Update your payment method to keep your plan.",
      buttons: [portalButton("Update payment method", update, "main"), portalButton("Manage billing")],
    };
  }
  if (end(each)) {
    return {
      badge: status === "trialing" ? "Trial, cancels soon" : "Cancels soon",
      tone: "warn",
      date: ["Cancels on", end(each)],
      advice: `Your plan runs until ${day(end(each))}, and can be resumed until then.`,
      buttons: [portalButton("Resume plan", {}, "main")],
    };
  }
  const cancel = portalButton("Cancel plan", { flow: "subscription_cancel", subscription: id });
  if (status === "trialing") {
    return { badge: "Trial", tone: "info", date: ["First payment on", trial_end], buttons: [manage, cancel] };
  }
  if (status === "active") {
    return { badge: "Active", tone: "good", date: ["Renews on", current_period_end], buttons: [manage, cancel] };
  }
  return { badge: status.replace("_", " "), tone: "warn", buttons: [manage] };
}

function plan(each) {
  const { badge, tone = "", date, advice, buttons } = state(each);
  const names = each.items.map(({ price }) => plans[price]?.name ?? price).join(" + ");
  const known = each.items.every(({ price }) => plans[price]);
  const cents = each.items.reduce((sum, { price, quantity }) => sum + (quantity ?? 1) * plans[price]?.cents, 0);
  return make(
    "article",
    { class: "plan", "aria-label": names },
    make(
      "div",
      {},
      make("div", { class: "head" },
        make("h3", { class: "name" }, names), make("p", { class: `badge ${tone}` }, badge)),
      known ? make("p", { class: "price" }, make("strong", {}, money(cents)), " a month") : undefined,
    ),
    advice && tone ? make("p", { class: `notice ${tone}` }, advice) : undefined,
    make("dl", {}, ...facts(each, date)),
    advice && !tone ? make("p", { class: "price" }, advice) : undefined,
    make("div", { class: "actions" }, ...buttons),
  );
}

function facts(each, date) {
  const quantity = each.items.reduce((sum, item) => sum + (item.quantity ?? 1), 0);
  const rows = [["Subscription", make("code", {}, each.id)]];
  if (date) rows.unshift([date[0], day(date[1])], ["Seats", String(quantity)]);
  return rows.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value)));
}

function nothing() {
  return make(
    "div",
    { class: "plan" },
    make("div", {}, make("h3", { class: "name" }, "No plan yet"),
      make("p", { class: "price" },
        "The Team plan is ", make("strong", {}, money(2500)), " a month, and can be canceled at any time.")),
    make("div", { class: "actions" }, checkoutButton("Subscribe to Team")),
  );
}

function failure(error) {
  const retry = make("button", { type: "button", class: "main" }, "Try again");
  retry.addEventListener("click", () => load());
  return make(
    "div",
    { class: "plan" },
    make("h3", { class: "name" }, "Your plan cannot be shown"),
    make("p", { class: "notice bad" }, error.message, reference(error)),
    make("div", { class: "actions" }, retry),
  );
}

/** What support asks for. */
function reference({ code, requestId }) {
  return make("small", {}, [code, requestId && `request ${requestId}`].filter(Boolean).join(" · "));
}

let shown;

/** Shows content in the card; where it replaces what has the keyboard's focus, the focus goes to the card's title. */
function show(key, words, ...content) {
  if (shown === key) return;
  const hadFocus = view.contains(document.activeElement);
  shown = key;
  view.replaceChildren(...content);
  announcement.textContent = words;
  if (hadFocus) title.focus();
}

function showLoading() {
  card.ariaBusy = "true";
  const bars = Array.from({ length: 4 }, () => make("span", {}));
  show("loading", "Loading your plan.", make("div", { class: "skeleton", "aria-hidden": "true" }, ...bars));
}

function showPlans({ subscriptions }) {
  // What has ended is of interest only as long as nothing else runs.
  const running = subscriptions.filter(({ status }) => status !== "canceled");
  const all = running.length ? running : subscriptions.slice(0, 1);
  const words = all.map((each) => `${state(each).badge}.`).join(" ");
  const content = all.length ? all.map(plan) : [nothing()];
  show(JSON.stringify([user.value, all]), words || "You have no plan yet.", ...content);
}

let attempts = 0;

/** Reads the plan and shows it. */
async function load({ after, quietly = false } = {}) {
  const attempt = ++attempts;
  const isLatest = () => attempt === attempts;
  const name = user.value;
  if (!quietly) {
    problem.replaceChildren();
    showLoading();
  }
  try {
    const answer = await subscription({ token: () => token(name), after });
    if (isLatest()) showPlans(answer);
  } catch (error) {
    tokens.delete(name);
    // What is on the page stays until it is known to be wrong.
    if (isLatest() && !quietly) {
      show(`${name} ${error.requestId ?? error.code}`, "Your plan cannot be shown.", failure(error));
    }
  }
  if (isLatest()) card.ariaBusy = "false";
}

document.addEventListener("portald-error", ({ detail: error }) => {
  problem.replaceChildren(error.message, reference(error));
});

user.value = sessionStorage.getItem("user") ?? "alice";
user.addEventListener("change", () => {
  sessionStorage.setItem("user", user.value);
  load();
});

// Back from Checkout: the answer waits for the session's events, and a reload does not wait again.
const { searchParams } = new URL(location);
history.replaceState(null, "", location.pathname);
await load({ after: searchParams.get("session_id") ?? undefined });
setInterval(() => document.hidden || card.ariaBusy === "true" || load({ quietly: true }), 2000);
addEventListener("pageshow", ({ persisted }) => persisted && load({ quietly: true }));
