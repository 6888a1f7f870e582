// Shows the page anew while somebody looks at it; without this script the browser loads it every 30 seconds.

const interval = 5000;

async function refresh() {
  // What is being read or copied does not go away.
  if (document.hidden || !getSelection().isCollapsed) return;
  try {
    const response = await fetch("/", { cache: "no-store" });
    if (!response.ok) throw new Error(`status ${response.status}`);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    document.title = page.title;
    document.getElementById("status").replaceWith(page.getElementById("status"));
  } catch {
    document.title = "portald · no answer";
    const time = document.querySelector(".time");
    if (!time.dataset.stale) time.append(" — portald does not answer; this is what it said last");
    time.dataset.stale = "yes";
  }
}

setInterval(refresh, interval);
document.addEventListener("visibilitychange", refresh);
