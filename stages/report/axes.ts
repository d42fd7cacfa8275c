/**
 * What all charts share: type, axes, grid lines.
 * @module
 */
import { fonts, light } from "./theme.ts";

/** Options every chart starts from. */
export const base = {
  backgroundColor: light.surface,
  textStyle: { fontFamily: fonts.label, fontSize: 12, color: light.soft },
} as const;

/** A heading inside the picture, for when it stands alone. */
export function heading(text: string): Record<string, unknown> {
  return {
    text,
    left: 0,
    top: 0,
    padding: 0,
    textStyle: {
      fontFamily: fonts.label,
      fontSize: 13,
      fontWeight: 600,
      color: light.ink,
    },
  };
}

/** A numeric axis: hairlines, no ticks. */
export function valueAxis(
  extra: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return {
    type: "value",
    axisLine: { show: false },
    axisTick: { show: false },
    axisLabel: { color: light.muted, fontSize: 11.5 },
    splitLine: { lineStyle: { color: light.rule, width: 1 } },
    nameTextStyle: { color: light.muted, fontSize: 11.5 },
    ...extra,
  };
}

/** Training steps along the bottom, from the first to the last. */
export function stepAxis(): Record<string, unknown> {
  return valueAxis({
    name: "step",
    nameLocation: "middle",
    nameGap: 26,
    min: "dataMin",
    max: "dataMax",
    splitLine: { show: false },
    axisLabel: {
      color: light.muted,
      fontSize: 11.5,
      showMinLabel: true,
      showMaxLabel: false,
      hideOverlap: true,
    },
  });
}

/** Names of the lines, in the top right corner. */
export function legend(names: readonly string[]): Record<string, unknown> {
  return {
    data: [...names],
    // Without a DOM widths of texts are guessed, a little short.
    right: 14,
    top: 0,
    icon: "roundRect",
    itemWidth: 16,
    itemHeight: 3,
    itemGap: 18,
    selectedMode: false,
    textStyle: { color: light.soft, fontSize: 12 },
  };
}

/** Names down the left side, the first on top. */
export function nameAxis(names: readonly string[]): Record<string, unknown> {
  return {
    type: "category",
    data: [...names],
    inverse: true,
    axisLine: { show: false },
    axisTick: { show: false },
    axisLabel: { color: light.ink, fontSize: 12.5, margin: 14 },
  };
}

/** Pixels the longest name needs, about: the renderer has no font to measure with. */
export function nameWidth(names: readonly string[]): number {
  return 18 + 7.2 * Math.max(...names.map((name) => name.length), 4);
}
