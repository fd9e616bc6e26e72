/** How long axis inference takes, and how it grows with the graph: DenseNet-201's structure, and up to 100,000 nodes. */
import { inferAxes } from '../src/axes/infer.js';
import type { Graph } from '../src/ir/graph.js';
import { parseGraph } from '../src/ir/parse.js';
import { loadRules } from '../src/lang/load.js';
import { table } from '../src/cli/table.js';
import { denseNet, denseNet201, residualChain } from './graphs.js';

const rules = loadRules([]);
const graphOf = (text: string): Graph => parseGraph(text, rules).graph;

/** Milliseconds of each of several runs, sorted. */
function times(graph: Graph, runs: number): number[] {
  const measured: number[] = [];
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    inferAxes(graph, rules);
    measured.push(performance.now() - start);
  }
  return measured.sort((a, b) => a - b);
}

const warm = graphOf(denseNet([6, 12]));
for (let i = 0; i < 20; i++) inferAxes(warm, rules);

const cases: [string, string, number][] = [
  ['DenseNet-201', denseNet201(), 11],
  ['DenseNet of 800 layers', denseNet([200, 200, 200, 200]), 5],
  ['residual chain', residualChain(1_000), 11],
  ['residual chain', residualChain(10_000), 5],
  ['residual chain', residualChain(100_000), 3],
];
const rows = cases.map(([name, text, runs]) => {
  const graph = graphOf(text);
  const sorted = times(graph, runs);
  const median = sorted[Math.floor(sorted.length / 2)]!;
  return [
    name,
    `${graph.nodes.length}`,
    sorted[0]!.toFixed(1),
    median.toFixed(1),
    ((1000 * median) / graph.nodes.length).toFixed(1),
    `${Math.round(process.memoryUsage().rss / 2 ** 20)}`,
  ];
});
process.stdout.write(
  `${table(['graph', 'nodes', 'fastest ms', 'median ms', 'µs a node', 'process MiB'], rows)}\n`,
);
