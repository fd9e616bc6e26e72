/**
 * Espalier's side of the comparison in pruners.ts: imports a trace, then prunes it once for every line read, and writes
 * how long each part took.
 */
import { createInterface } from 'node:readline';
import { inferAxes } from '../../src/axes/infer.js';
import { importGraph } from '../../src/import/build-graph.js';
import { readModel } from '../../src/import/read-model.js';
import { loadRules } from '../../src/lang/load.js';
import { prune } from '../../src/prune/prune.js';
import type { Clocks, Result, Turn } from './turns.js';

/** Numbers of channels as they come out, as Torch-Pruning leaves them. */
const options = { ratio: 0.5, roundTo: 1, importance: 'l1' };

function timed<T>(work: () => T): { readonly value: T; readonly took: Clocks } {
  const start = performance.now();
  const used = process.cpuUsage();
  const value = work();
  const { user, system } = process.cpuUsage(used);
  return { value, took: [performance.now() - start, (user + system) / 1000] };
}

const rules = loadRules([]);
const source = await readModel(process.argv[2]!, { inputShapes: {} });
const { graph, weights } = importGraph(source.graph, source.weights, rules);
const names = new Set(Object.values(graph.parameters).map(({ name }) => name));

function pruneOnce(): { readonly turn: Turn; readonly report: Result } {
  const axes = timed(() => inferAxes(graph, rules));
  const pruned = timed(() => prune(graph, weights, rules, axes.value, options));
  // Slices are made when they are asked for; they are held until all are there, as a model would.
  const sliced = timed(() => [...names].map((name) => pruned.value.weights.get(name)));
  const { macs, params } = pruned.value.report;
  const left = sliced.value.reduce((count, { length }) => count + length, 0);
  if (left !== params.after) throw new Error(`${left} numbers are left, and ${params.after} were planned`);
  return {
    turn: { 'find channels': axes.took, 'score and choose': pruned.took, slice: sliced.took },
    report: { macs, params },
  };
}

const answer = (value: unknown): boolean => process.stdout.write(`${JSON.stringify(value)}\n`);

answer(pruneOnce().report);
for await (const _ of createInterface({ input: process.stdin })) answer(pruneOnce().turn);
