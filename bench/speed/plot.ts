/** A plot of lines over two logarithmic axes, as SVG. */

export interface Series {
  readonly label: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Plot {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly Series[];
}

const size = { width: 460, height: 320, left: 64, right: 120, top: 32, bottom: 44 };
const colours = ['#1b6ca8', '#c0392b', '#2e8b57', '#8e44ad', '#b9770e', '#34495e'];

/** Several plots, side by side. */
export function svg(plots: readonly Plot[]): string {
  const width = size.width * plots.length;
  const parts = plots.map(
    (plot, i) => `<g transform="translate(${i * size.width} 0)">${plotParts(plot)}</g>`,
  );
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${size.height}" font-family="sans-serif" font-size="11">\n` +
    `<rect width="${width}" height="${size.height}" fill="#fff"/>\n${parts.join('\n')}\n</svg>\n`
  );
}

function plotParts({ title, xLabel, yLabel, series }: Plot): string {
  const all = series.flatMap(({ points }) => points);
  const x = scale(
    all.map(([value]) => value),
    size.left,
    size.width - size.right,
  );
  const y = scale(
    all.map(([, value]) => value),
    size.height - size.bottom,
    size.top,
  );
  const [left, right] = [size.left, size.width - size.right];
  const grid = [
    ...x.ticks.map(
      (tick) =>
        line(
          [
            [x.at(tick), size.top],
            [x.at(tick), size.height - size.bottom],
          ],
          '#ddd',
        ) + label(x.at(tick), size.height - size.bottom + 16, tick.toLocaleString('en'), 'middle'),
    ),
    ...y.ticks.map(
      (tick) =>
        line(
          [
            [left, y.at(tick)],
            [right, y.at(tick)],
          ],
          '#ddd',
        ) + label(left - 6, y.at(tick) + 4, `${tick}`, 'end'),
    ),
  ];
  const lines = series.map(({ label: name, points }, i) => {
    const colour = colours[i % colours.length]!;
    const places = points.map(([a, b]): [number, number] => [x.at(a), y.at(b)]);
    const dots = places.map(([a, b]) => `<circle cx="${fixed(a)}" cy="${fixed(b)}" r="3" fill="${colour}"/>`);
    const key = size.top + 8 + 16 * i;
    return (
      line(places, colour, 2) +
      dots.join('') +
      line(
        [
          [right + 8, key],
          [right + 24, key],
        ],
        colour,
        2,
      ) +
      label(right + 28, key + 4, name, 'start')
    );
  });
  return [
    label((left + right) / 2, 18, title, 'middle'),
    ...grid,
    ...lines,
    label((left + right) / 2, size.height - 8, xLabel, 'middle'),
    `<text transform="translate(14 ${size.height / 2}) rotate(-90)" text-anchor="middle">${yLabel}</text>`,
  ].join('\n');
}

/** Whole powers of ten around the values, from one end to the other. */
function scale(
  values: readonly number[],
  from: number,
  to: number,
): { at: (value: number) => number; ticks: number[] } {
  const low = Math.floor(Math.log10(Math.min(...values)) + 1e-9);
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values)) - 1e-9));
  return {
    at: (value) => from + ((Math.log10(value) - low) / (high - low)) * (to - from),
    ticks: Array.from({ length: high - low + 1 }, (_, i) => Number(`1e${low + i}`)),
  };
}

const fixed = (value: number): string => value.toFixed(1);

function line(points: readonly (readonly [number, number])[], colour: string, width = 1): string {
  const list = points.map(([x, y]) => `${fixed(x)},${fixed(y)}`).join(' ');
  return `<polyline points="${list}" fill="none" stroke="${colour}" stroke-width="${width}"/>`;
}

const label = (x: number, y: number, text: string, anchor: string): string =>
  `<text x="${fixed(x)}" y="${fixed(y)}" text-anchor="${anchor}">${text}</text>`;
