/**
 * The dashboard's only script: when something happens, fetch the page again and swap its contents.
 * All rendering stays on the server, so there is one place that escapes.
 * @module
 */
import { createHash } from "node:crypto";

/** Text of the inline `<script>`. Constant, so that the Content-Security-Policy can name its hash. */
export const dashboardScript = `
let busy = false, again = false, timer;
async function refresh() {
  if (busy) { again = true; return; }
  busy = true;
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (answer.ok) {
      const next = new DOMParser().parseFromString(await answer.text(), "text/html");
      document.querySelector("main").replaceWith(next.querySelector("main"));
    }
  } catch {
    document.querySelector("#link").textContent = "The server does not answer; trying again.";
  } finally {
    busy = false;
    if (again) { again = false; later(); }
  }
}
function later() {
  timer ??= setTimeout(() => { timer = undefined; refresh(); }, 400);
}
const { events, every } = document.body.dataset;
if (events) {
  const source = new EventSource(events);
  const tick = setInterval(later, 1000);
  source.onmessage = later;
  source.addEventListener("end", () => { source.close(); clearInterval(tick); later(); });
} else if (every) {
  setInterval(later, Number(every));
}
`;

/** The script's hash, as a Content-Security-Policy names it: `sha256-…`. */
export const dashboardScriptHash: string = `sha256-${
  createHash("sha256").update(dashboardScript).digest("base64")
}`;
