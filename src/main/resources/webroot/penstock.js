// Keeps pages live, asks before what is hard to undo, and opens the menu on a phone.
"use strict";

const lost = document.getElementById("lost");
const said = document.getElementById("said");
const shown = new WeakMap();

function refresh() {
  htmx.trigger(document.body, "penstock:changed");
}

/* Pages hear of changes and then ask for the part of them that changes. */
let events = null;
function listen() {
  if (events || document.hidden || !document.getElementById("live")) return;
  events = new EventSource("/dashboard/events");
  events.addEventListener("open", () => {
    if (!lost.hidden) refresh();
    lost.hidden = true;
  });
  events.addEventListener("changed", refresh);
  events.addEventListener("over", refresh);
  events.addEventListener("error", () => {
    lost.hidden = false;
    if (events && events.readyState === EventSource.CLOSED) {
      hush();
      refresh(); // leads to the login if that is why
      setTimeout(listen, 3000);
    }
  });
}
function hush() {
  if (events) events.close();
  events = null;
}
document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    hush();
  } else {
    listen();
    if (document.getElementById("live")) refresh();
  }
});

document.body.addEventListener("htmx:configRequest", (event) => {
  // Asked by the page, not by a person: it does not keep the login from ending.
  if (event.detail.elt.dataset.live !== undefined) event.detail.headers["Penstock-Live"] = "true";
});
document.body.addEventListener("htmx:beforeSwap", (event) => {
  const target = event.detail.target;
  if (!target || target.dataset.live === undefined || event.detail.xhr.status !== 200) return;
  if (shown.get(target) === event.detail.serverResponse) event.detail.shouldSwap = false;
  shown.set(target, event.detail.serverResponse);
});
for (const event of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.body.addEventListener(event, () => { if (lost) lost.hidden = false; });
}
document.body.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful && lost) lost.hidden = true;
});

/* Says in words, to those who do not see it, how a task stands now. */
let told = "";
function after() {
  for (const origin of document.querySelectorAll("[data-origin]")) origin.textContent = location.origin;
  const words = document.querySelector("[data-say]");
  if (!words || !said || words.dataset.say === told) return;
  if (told) said.textContent = words.dataset.say;
  told = words.dataset.say;
}
document.body.addEventListener("htmx:afterSwap", after);

/* Questions open in a dialog; without this script they are pages of their own. */
const dialog = document.getElementById("dialog");
document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-dialog]");
  if (link && dialog && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    await htmx.ajax("GET", link.getAttribute("href"), { target: "#dialog-body", swap: "innerHTML" });
    if (!dialog.open && document.getElementById("dialog-title")) dialog.showModal();
  }
  if (event.target.closest("a[data-close]") && dialog && dialog.open) {
    event.preventDefault();
    dialog.close();
  }
  if (event.target === dialog) dialog.close();
});

const menu = document.getElementById("menu");
if (menu) {
  menu.addEventListener("click", () => {
    const open = menu.getAttribute("aria-expanded") !== "true";
    menu.setAttribute("aria-expanded", String(open));
  });
}

after();
listen();
