/**
 * The report's style sheet: one column, a text face for prose, tabular figures in tables.
 * @module
 */
import { dark, darkRules, fonts, light } from "./theme.ts";

/** The whole style sheet, as text of a `<style>` element. */
export function reportStyle(): string {
  return `:root{color-scheme:light dark;${variables(light)}}
@media (prefers-color-scheme:dark){:root{${variables(dark)}}}
${darkRules("figure")}
*{box-sizing:border-box}
body{margin:0;background:var(--surface);color:var(--ink);font:17px/1.55 ${fonts.text};text-rendering:optimizeLegibility}
main{max-width:${COLUMN_REM}rem;margin:0 auto;padding:4.5rem 1.25rem 6rem}
header{margin-bottom:2.25rem}
h1{font-size:2.1rem;line-height:1.18;font-weight:600;letter-spacing:-.012em;margin:0 0 .5rem;text-wrap:balance}
h2{font-size:1.2rem;font-weight:600;margin:3.25rem 0 .75rem}
p{margin:0 0 .9rem;text-wrap:pretty}
.byline,figcaption,caption,footer,.why,th,.fate{font-family:${fonts.label}}
.byline{color:var(--soft);font-size:.85rem;margin:0}
.lead{font-size:1.12rem;line-height:1.5}
a{color:var(--accent);text-underline-offset:.15em;text-decoration-thickness:.06em}
.scroll{overflow-x:auto;margin-top:1.75rem}
table{border-collapse:collapse;width:100%;font-variant-numeric:lining-nums tabular-nums;border-top:1.5px solid var(--ink);border-bottom:1.5px solid var(--ink)}
caption{caption-side:bottom;text-align:left;color:var(--soft);font-size:.8rem;line-height:1.5;padding-top:.65rem}
th{font-weight:500;font-size:.78rem;color:var(--soft);border-bottom:1px solid var(--ink);vertical-align:bottom;white-space:nowrap}
th,td{padding:.42rem .55rem;text-align:right}
th:first-child,td:first-child{padding-left:0}
th:last-child,td:last-child{padding-right:0}
th.word,td.word{text-align:left}
td{white-space:nowrap}
tbody tr:first-child td{padding-top:.6rem}
tbody tr:last-child td{padding-bottom:.6rem}
tbody tr:first-child{font-weight:600}
figure{margin:0 0 2.4rem}
figure svg{display:block;width:100%;height:auto}
figcaption{color:var(--soft);font-size:.8rem;line-height:1.5;margin-top:.4rem}
summary{cursor:pointer;padding:.55rem 0;border-top:1px solid var(--rule)}
summary b{font-weight:600}
details:last-of-type{border-bottom:1px solid var(--rule)}
.why{color:var(--soft);font-size:.85rem}
.fate{font-size:.78rem;margin-left:.35rem;color:var(--soft)}
ol.steps{list-style:none;margin:.2rem 0 1.6rem;padding:0}
ol.steps li{display:grid;grid-template-columns:2rem 1fr;column-gap:.5rem;padding:.7rem 0}
ol.steps li+li{border-top:1px dotted var(--rule)}
.number{color:var(--muted);font:.8rem/1.6 ${fonts.label};font-variant-numeric:tabular-nums}
pre{margin:0 0 .5rem;font:.79rem/1.55 ${fonts.code};white-space:pre-wrap;overflow-wrap:anywhere;color:var(--soft)}
mark{background:none;color:var(--accent)}
.act{display:flex;justify-content:space-between;gap:1rem;font-size:.95rem;font-variant-numeric:tabular-nums}
.act code{font:.85em ${fonts.code};color:var(--soft)}
footer{margin-top:3.5rem;padding-top:1rem;border-top:1px solid var(--rule);font-size:.8rem;line-height:1.5;color:var(--soft)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1.25rem;margin:0}
dt{color:var(--muted)}
dd{margin:0;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
@media (max-width:34rem){body{font-size:16px}main{padding-top:2rem}h1{font-size:1.6rem}}
@media print{main{padding:0;max-width:none}details:not([open])>summary{display:none}figure,table{break-inside:avoid}}
`;
}

/** Text column: 760 pixels of content at the root's 16. */
const COLUMN_REM = 50;

function variables(colours: Readonly<Record<string, string>>): string {
  return Object.entries(colours).map(([role, value]) => `--${role}:${value}`)
    .join(";");
}
