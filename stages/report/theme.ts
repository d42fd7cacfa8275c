/**
 * Colours of a report, light and dark.
 *
 * Pictures are drawn in the light colours; {@linkcode darkRules} swaps each for its dark twin where
 * the reader's system is dark. So every light colour here must be unique.
 * @module
 */

/** Colours by role, as drawn. */
export const light = {
  surface: "#fdfdfc",
  ink: "#16161a",
  soft: "#55555c",
  muted: "#8a8a91",
  rule: "#dededd",
  accent: "#1d5fbf",
} as const;

/** The same roles on a dark surface. */
export const dark: Readonly<Record<keyof typeof light, string>> = {
  surface: "#17171a",
  ink: "#f0f0ee",
  soft: "#b9b9bd",
  muted: "#86868c",
  rule: "#333338",
  accent: "#6ea3f2",
};

/** Colours that tell curves apart, in order of use; the second of each pair is for dark surfaces. */
const categorical = [
  ["#2a6fd0", "#5a96ea"],
  ["#d9622b", "#e8824f"],
  ["#138a63", "#2fb187"],
  ["#b88300", "#d3a12a"],
  ["#b8509a", "#d878bc"],
  ["#5f4bb6", "#9484e0"],
  ["#6b7a1e", "#9aab45"],
  ["#c23b3b", "#e06a6a"],
] as const;

/** Colour of the n-th curve; they repeat after eight. */
export function curveColour(index: number): string {
  return categorical[index % categorical.length]?.[0] ?? light.ink;
}

/** Font stacks of the system: nothing is fetched. No quotes, so that they fit into attributes. */
export const fonts = {
  text: "Charter, Bitstream Charter, Sitka Text, Cambria, Georgia, serif",
  label:
    "system-ui, -apple-system, Segoe UI, Roboto, Helvetica Neue, Noto Sans, Liberation Sans, Arial, sans-serif",
  code: "ui-monospace, SFMono-Regular, Cascadia Code, Menlo, Consolas, Liberation Mono, monospace",
} as const;

/**
 * CSS that recolours pictures on dark systems. Style rules win over presentation attributes.
 *
 * @param scope Selector of the pictures, such as `figure`; empty inside an SVG file.
 */
export function darkRules(scope: string): string {
  const roles = Object.keys(light) as (keyof typeof light)[];
  const pairs: (readonly [string, string])[] = [
    ...roles.map((role) => [light[role], dark[role]] as const),
    ...categorical,
  ];
  const prefix = scope === "" ? "" : `${scope} `;
  const rules = pairs.flatMap(([from, to]) =>
    ["fill", "stroke"].map((attribute) => `${prefix}[${attribute}="${from}"]{${attribute}:${to}}`)
  );
  return `@media (prefers-color-scheme:dark){${rules.join("")}}`;
}
