/**
 * Graphs of 1,000 to 100,000 nodes through the whole compiler, each in a process of its own: how time and memory grow.
 * `node dist/bench/scale.js` prints the table; `npm run bench` also draws docs/scale.svg.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { table } from '../src/cli/table.js';
import { lowerModel } from '../src/compile/lower.js';
import type { PreparedModel } from '../src/compile/prepare.js';
import { Timings } from '../src/compile/timings.js';
import type { Graph, WeightStore } from '../src/ir/graph.js';
import { parseGraph } from '../src/ir/parse.js';
import { loadRules } from '../src/lang/load.js';
import { residualChain } from './graphs.js';
import { peakMemory } from './speed/memory.js';
import { svg } from './speed/plot.js';

const sizes = [1_000, 10_000, 100_000];
const stages = ['read', 'axes', 'prune', 'passes', 'emit'] as const;

interface Scale {
  readonly nodes: number;
  /** Milliseconds of processor time, which other work on the machine does not change. */
  readonly times: Readonly<Record<(typeof stages)[number], number>>;
  /** Bytes. */
  readonly memory: number;
}

/** Weights that are made when they are asked for, and not kept. */
function madeWeights(graph: Graph): WeightStore {
  const sizesByName = new Map(
    Object.values(graph.parameters).map(({ name, shape }) => [
      name,
      shape.reduce<number>((product, size) => product * (size as number), 1),
    ]),
  );
  return {
    has: (name) => sizesByName.has(name),
    get: (name) => new Float32Array(sizesByName.get(name)!).fill(0.5).map((value, i) => value + (i % 7) / 16),
  };
}

async function compileChain(size: number): Promise<Scale> {
  const { emitModule } = await import('../src/emit/module.js');
  const rules = loadRules([]);
  const timings = new Timings(undefined, processorTime);
  const graph = timings.time('read', () => parseGraph(residualChain(size, 1), rules).graph);
  const weights = madeWeights(graph);
  const prepared = { rules, graph, weights, tail: null, warnings: [] } as unknown as PreparedModel;
  const lowered = await lowerModel(prepared, { pipeline: 'tfjs' }, { flops: 0.5 }, timings);
  await timings.timeAsync('emit', () =>
    emitModule(lowered.graph, lowered.weights, rules, { backend: 'wasm', trainable: false }),
  );
  const times = { read: 0, axes: 0, prune: 0, passes: 0, emit: 0 };
  for (const { stage, milliseconds } of timings.entries) times[groupOf(stage)] += milliseconds;
  return { nodes: graph.nodes.length, times, memory: peakMemory() };
}

function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function groupOf(stage: string): (typeof stages)[number] {
  if (stage === 'infer_axes') return 'axes';
  return stage === 'read' || stage === 'prune' || stage === 'emit' ? stage : 'passes';
}

function measure(): Scale[] {
  // The first one makes the type checker's verdicts known.
  return [100, ...sizes]
    .map((size) => {
      const script = fileURLToPath(import.meta.url);
      const { stdout, stderr, status } = spawnSync(process.execPath, [script, `${size}`], {
        encoding: 'utf8',
      });
      if (status !== 0) throw new Error(stderr);
      return JSON.parse(stdout) as Scale;
    })
    .slice(1);
}

function scaleTable(scales: readonly Scale[]): string {
  const rows = scales.map(({ nodes, times, memory }) => [
    `${nodes}`,
    ...stages.map((stage) => times[stage].toFixed(0)),
    (total(times) / nodes).toFixed(3),
    (memory / 2 ** 20).toFixed(0),
  ]);
  return table(['nodes', ...stages.map((stage) => `${stage} ms`), 'ms a node', 'peak MiB'], rows);
}

const total = (times: Scale['times']): number => stages.reduce((sum, stage) => sum + times[stage], 0);

/** The plot as SVG; the table goes to the terminal. */
export function scalePlot(): string {
  const scales = measure();
  process.stderr.write(`${scaleTable(scales)}\n`);
  return svg([
    {
      title: 'Time to compile',
      xLabel: 'nodes',
      yLabel: 'milliseconds',
      series: [
        { label: 'all', points: scales.map(({ nodes, times }) => [nodes, total(times)]) },
        ...stages.map((stage) => ({
          label: stage,
          points: scales.map(({ nodes, times }) => [nodes, times[stage]] as const),
        })),
      ],
    },
    {
      title: 'Memory',
      xLabel: 'nodes',
      yLabel: 'MiB',
      series: [{ label: 'peak', points: scales.map(({ nodes, memory }) => [nodes, memory / 2 ** 20]) }],
    },
  ]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const size = process.argv[2];
  if (size === undefined) process.stdout.write(`${scaleTable(measure())}\n`);
  else process.stdout.write(JSON.stringify(await compileChain(Number(size))));
}
