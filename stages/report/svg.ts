/**
 * From a chart description to an SVG picture, by ECharts' server-side renderer: no DOM, no canvas.
 *
 * ECharts is loaded when the first picture is drawn (about 0.2 s, and it reads `NODE_ENV`), so that
 * workflows without a report do not wait for it.
 * @module
 */
import { darkRules } from "./theme.ts";

/** A chart to draw. */
export interface ChartSpec {
  /** Name of the file, without `.svg`; also the prefix of the ids inside. Letters, digits, hyphens. */
  readonly name: string;
  /** One sentence for readers who cannot see the picture. */
  readonly description: string;
  /** Width in CSS pixels. */
  readonly width: number;
  /** Height in CSS pixels. */
  readonly height: number;
  /** ECharts' own description of the chart. */
  readonly option: Readonly<Record<string, unknown>>;
}

/** A drawn chart. */
export interface Picture {
  /** Name of the file, without `.svg`. */
  readonly name: string;
  /** The `<svg>` element, to be put into a page that has the theme's dark rules. */
  readonly svg: string;
}

/** Draws charts. The same description gives the same bytes. */
export async function drawCharts(
  specs: readonly ChartSpec[],
): Promise<Picture[]> {
  const core = await loadEcharts();
  return specs.map((spec) => {
    const chart = core.init(null, null, {
      renderer: "svg",
      ssr: true,
      width: spec.width,
      height: spec.height,
    });
    try {
      chart.setOption({ animation: false, ...spec.option });
      return { name: spec.name, svg: tidy(chart.renderToSVGString(), spec) };
    } finally {
      // A chart left alone keeps a timer, and with it the process, alive.
      chart.dispose();
    }
  });
}

/** The picture as a file of its own, which brings its dark colours along. */
export function standaloneSvg(picture: Picture): string {
  return picture.svg.replace(/>/, `>\n<style>${darkRules("")}</style>`) + "\n";
}

async function loadEcharts(): Promise<typeof import("echarts/core")> {
  const [core, charts, components, renderers] = await Promise.all([
    import("echarts/core"),
    import("echarts/charts"),
    import("echarts/components"),
    import("echarts/renderers"),
  ]);
  core.use([
    charts.BarChart,
    charts.CustomChart,
    charts.LineChart,
    charts.ScatterChart,
    components.GridComponent,
    components.LegendComponent,
    components.TitleComponent,
    renderers.SVGRenderer,
  ]);
  return core;
}

/**
 * Makes the renderer's output independent of how many charts were drawn before (its ids count up
 * over the process), drops its hover styles, which recolour text to black, and names the picture.
 */
function tidy(svg: string, spec: ChartSpec): string {
  const clips = new Map<string, string>();
  const plain = svg
    .replace(/<style\s*>[\s\S]*?<\/style>/g, "")
    .replace(/ class="zr\d+-cls-\d+"/g, "")
    .replace(/ ecmeta_\w+="[^"]*"/g, "")
    .replace(/ pointer-events="visible"/g, "")
    .replace(/zr\d+-c\d+/g, (id) => {
      const known = clips.get(id) ?? `${spec.name}-clip${clips.size}`;
      clips.set(id, known);
      return known;
    })
    .replace(/\n+/g, "\n")
    .trim();
  const label = spec.description.replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
  // A function, because "$" in a replacement string means something.
  return plain.replace(
    /^<svg /,
    () => `<svg role="img" aria-label="${label}" `,
  );
}
