import { type Html, html } from '../html.js';
import { type Scale, scaleTo } from './scale.js';

/** One day, or one test: its name and a value for each series, `null` where nothing was measured. */
export interface Point {
  readonly label: string;
  readonly values: readonly (number | null)[];
}

interface Chart {
  /** Unique on the page. */
  readonly id: string;
  readonly title: string;
  /** The same in a sentence, for those who do not see it. */
  readonly description: string;
  readonly points: readonly Point[];
  /** Stacked where `stacked`, else the later drawn before the earlier. The names are also classes: series-1, series-2. */
  readonly series: readonly string[];
  readonly stacked: boolean;
  readonly unit: Scale['unit'];
  /** A line that values should stay under. */
  readonly target?: number | undefined;
}

const WIDTH = 340;
const HEIGHT = 120;
const [LEFT, RIGHT, TOP, BOTTOM] = [50, 6, 10, 20];

/** Bars over time as an SVG picture that needs no script and no other file. */
export function barChart(chart: Chart): Html {
  const heights = chart.points.map(({ values }) => {
    const known = values.map((value) => value ?? 0);
    return chart.stacked ? known.reduce((sum, value) => sum + value, 0) : Math.max(0, ...known);
  });
  const scale = scaleTo(Math.max(0, chart.target ?? 0, ...heights), chart.unit);
  const y = (value: number) => HEIGHT - BOTTOM - (value / scale.top) * (HEIGHT - BOTTOM - TOP);
  return html`<figure><figcaption>${chart.title} ${legend(chart)}</figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="${chart.id}-title ${chart.id}-text">
<title id="${chart.id}-title">${chart.title}</title><desc id="${chart.id}-text">${chart.description}</desc>
${scale.ticks.map((tick) => gridLine(y(tick.value), tick.label))}
${chart.points.map((point, at) => bars(chart, point, at, y))}
${chart.target === undefined ? null : targetLine(y(chart.target))}
${axis(chart.points)}
</svg></figure>`;
}

function legend({ series, target }: Chart): Html {
  const names = series.map((name, at) => html`<span class="key series-${at + 1}"></span>${name} `);
  const line = target === undefined ? null : html`<span class="key target"></span>target`;
  return series.length > 1 || target !== undefined
    ? html`<span class="legend">${names}${line}</span>`
    : html``;
}

const round = (value: number) => Math.round(value * 10) / 10;

function gridLine(y: number, label: string): Html {
  return html`<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${round(y)}" y2="${round(y)}"/><text x="${LEFT - 5}" y="${round(y + 3)}" text-anchor="end">${label}</text>\n`;
}

function targetLine(y: number): Html {
  return html`<line class="target" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${round(y)}" y2="${round(y)}"/>`;
}

const slot = (points: readonly Point[]) => (WIDTH - LEFT - RIGHT) / Math.max(points.length, 8);

function bars(chart: Chart, point: Point, at: number, y: (value: number) => number): Html {
  const width = slot(chart.points);
  const x = LEFT + at * width + width * 0.12;
  let below = 0;
  const rectangles = point.values.map((value, series) => {
    const [from, to] = chart.stacked ? [below, below + (value ?? 0)] : [0, value ?? 0];
    below = to;
    const name = chart.series[series] ?? '';
    return value === null || value === 0
      ? html``
      : html`<rect class="series-${series + 1}" x="${round(x)}" width="${round(width * 0.76)}" y="${round(y(to))}" height="${round(Math.max(1, y(from) - y(to)))}"><title>${point.label}: ${name} ${scaleTo(value, chart.unit).name(value)}</title></rect>`;
  });
  // What lies behind is drawn first.
  return html`${chart.stacked ? rectangles : rectangles.reverse()}\n`;
}

function axis(points: readonly Point[]): Html {
  const bottom = HEIGHT - BOTTOM;
  const width = slot(points);
  const shown = [...new Set([0, Math.floor((points.length - 1) / 2), points.length - 1])];
  const labels = shown.flatMap((at) => {
    const label = points[at]?.label;
    if (label === undefined) return [];
    const anchor = at === 0 ? 'start' : at === points.length - 1 && points.length > 8 ? 'end' : 'middle';
    const x = LEFT + (at + (anchor === 'start' ? 0 : anchor === 'end' ? 1 : 0.5)) * width;
    return html`<text x="${round(x)}" y="${HEIGHT - 6}" text-anchor="${anchor}">${label}</text>`;
  });
  return html`<line class="axis" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${bottom}" y2="${bottom}"/>${labels}`;
}
