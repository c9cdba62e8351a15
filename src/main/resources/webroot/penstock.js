// Says when the figures are stale, and fills this server's address into the example.
"use strict";
const lost = document.getElementById("lost");
function address() {
  const origin = document.getElementById("origin");
  if (origin) origin.textContent = location.origin;
}
for (const event of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.body.addEventListener(event, () => { lost.hidden = false; });
}
document.body.addEventListener("htmx:afterSwap", () => { lost.hidden = true; address(); });
address();
