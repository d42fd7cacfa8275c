/**
 * Style sheet of the dashboard.
 * @module
 */

const LABEL =
  "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue','Noto Sans','Liberation Sans',Arial,sans-serif";

/** Text of a `<style>` element. */
export const dashboardStyle =
  `:root{color-scheme:light dark;--surface:#fdfdfc;--ink:#16161a;--soft:#55555c;--muted:#8a8a91;--rule:#dededd;--accent:#1d5fbf;--good:#138a63;--bad:#c23b3b}
@media (prefers-color-scheme:dark){:root{--surface:#17171a;--ink:#f0f0ee;--soft:#b9b9bd;--muted:#86868c;--rule:#333338;--accent:#6ea3f2;--good:#2fb187;--bad:#e06a6a}}
*{box-sizing:border-box}
body{margin:0;background:var(--surface);color:var(--ink);font:15px/1.5 ${LABEL};font-variant-numeric:tabular-nums}
main{max-width:68rem;margin:0 auto;padding:3rem 1.25rem 5rem}
h1{font-size:1.45rem;line-height:1.25;font-weight:600;letter-spacing:-.01em;margin:0 0 .3rem}
a{color:var(--accent);text-underline-offset:.15em;text-decoration-thickness:.06em}
.trail{font-size:.82rem;margin:0 0 1.25rem}
.facts{color:var(--soft);margin:0 0 2rem;font-size:.88rem}
.facts b{font-weight:600;color:var(--ink)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%}
th{font-weight:500;font-size:.78rem;color:var(--muted);text-align:left;border-bottom:1px solid var(--rule);white-space:nowrap}
th,td{padding:.5rem 1rem .5rem 0;vertical-align:top}
tbody tr+tr td{border-top:1px solid var(--rule)}
.number{text-align:right;padding-right:1.75rem}
td.number,.state{white-space:nowrap}
.soft,.metrics{color:var(--soft)}
.uses{display:block;color:var(--muted);font-size:.8rem}
.metrics{font-size:.82rem}
.metrics span{white-space:nowrap;margin-right:.9rem}
.state::before{content:"";display:inline-block;width:.55rem;height:.55rem;border-radius:50%;margin-right:.5rem;background:var(--rule)}
.running::before{background:var(--accent)}
.done::before,.cached::before{background:var(--good)}
.cached::before{background:none;box-shadow:inset 0 0 0 2px var(--good)}
.failed::before,.interrupted::before{background:var(--bad)}
.waiting,.skipped{color:var(--muted)}
progress{display:block;width:100%;max-width:16rem;height:5px;margin:.35rem 0 .15rem;border:0;border-radius:3px;background:var(--rule);overflow:hidden;accent-color:var(--accent)}
progress::-webkit-progress-bar{background:var(--rule)}
progress::-webkit-progress-value{background:var(--accent)}
progress::-moz-progress-bar{background:var(--accent)}
code{font:.9em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.empty{color:var(--soft);max-width:40rem}
`;
