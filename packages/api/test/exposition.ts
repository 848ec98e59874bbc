/** One line of Prometheus' text format. */
export interface Line {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads Prometheus' text format; a line that it does not know is an error. */
export function parseExposition(text: string): { lines: Line[]; types: Map<string, string> } {
  const types = new Map<string, string>();
  const lines: Line[] = [];
  for (const row of text.split('\n').filter((each) => each !== '')) {
    const type = /^# TYPE (\S+) (counter|gauge|histogram|summary)$/.exec(row);
    if (type !== null) types.set(type[1] ?? '', type[2] ?? '');
    else if (!/^# HELP \S+ \S/.test(row)) lines.push(parseLine(row));
  }
  return { lines, types };
}

function parseLine(row: string): Line {
  const [, name = '', labels = '', value = ''] =
    /^([a-z_][a-z0-9_]*)(?:\{(.*)\})? (-?[\d.e+-]+|NaN|[+-]Inf)$/i.exec(row) ?? [];
  if (name === '') throw new Error(`not a line of Prometheus' text format: ${row}`);
  const pairs = [...labels.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)];
  return {
    name,
    labels: Object.fromEntries(pairs.map(([, key = '', text = '']) => [key, text])),
    value: Number(value),
  };
}
