/** One model of the zoo, compiled and verified: what its row of the table says. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compileModel, type CompileResult } from '../src/compile/compile.js';
import { DiagnosticError } from '../src/diagnostics/diagnostic.js';
import type { Dim, Shape } from '../src/ir/graph.js';
import { projectFile } from '../src/lang/project-file.js';
import type * as Fetch from '../test/zoo/fetch.mjs';

/** The fraction of the channels of every space that is removed. */
const ratio = 0.5;

export interface ZooResult {
  readonly name: string;
  /** Nodes of the imported graph. */
  readonly nodes: number;
  /** Channel spaces pruned, and all. */
  readonly spaces: readonly [number, number];
  readonly macs: readonly [number, number];
  readonly params: readonly [number, number];
  /** The largest differences, relative to the output's scale. */
  readonly unpruned: number;
  readonly pruned: number;
  readonly passed: boolean;
  /** Milliseconds. */
  readonly times: {
    readonly import: number;
    readonly axes: number;
    readonly prune: number;
    readonly compile: number;
    readonly verify: number;
  };
  /** The model ends where a part begins that can't be compiled. */
  readonly cut: boolean;
  /** Constants were not moved into weights, because the model amplifies how they round. */
  readonly exact: boolean;
}

/** The script that fetches models; it is not compiled, so that it also runs from a checkout. */
export const zoo = (): Promise<typeof Fetch> =>
  import(pathToFileURL(projectFile('test/zoo/fetch.mjs')).href) as Promise<typeof Fetch>;

/** Compiles a model at ratio 0.5 for the wasm backend, both comparisons of `verify` included. */
export async function measureModel(
  name: string,
  onStage: (stage: string) => void = () => undefined,
): Promise<ZooResult> {
  const { zooEntries, zooModel } = await zoo();
  const entry = (await zooEntries()).find((one) => one.name === name)!;
  const path = await zooModel(name, onStage);
  const out = await mkdtemp(join(tmpdir(), 'espalier-zoo-'));
  try {
    const compile = (inputShapes: Readonly<Record<string, Shape>>): Promise<CompileResult> =>
      compileModel(path, { out, backend: 'wasm', ratio, inputShapes, onStage });
    return summarise(name, await withShapes(compile, entry));
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}

/** Shapes are stated only for models that leave sizes open. */
async function withShapes(
  compile: (shapes: Readonly<Record<string, Shape>>) => Promise<CompileResult>,
  { inputs }: Fetch.ZooEntry,
): Promise<CompileResult> {
  try {
    return await compile({});
  } catch (error) {
    const open = error instanceof DiagnosticError && error.diagnostics.some(({ code }) => code === 'E208');
    if (!open) throw error;
    const shapes = Object.entries(inputs).map(([name, shape]): [string, Shape] => [
      name,
      shape.map((size, i): Dim => (i === 0 ? { batch: 1 } : size)),
    ]);
    return compile(Object.fromEntries(shapes));
  }
}

/** The row of a model that was compiled and verified. */
export function summarise(name: string, result: CompileResult): ZooResult {
  const { report, nodes, timings, warnings } = result;
  const { checks, passed } = result.verification!.result;
  const difference = (what: string): number => checks.find((check) => check.name === what)!.relative;
  // A model that is compiled twice, with constants moved into weights and without, has stages twice.
  const time = (...stages: string[]): number =>
    stages.reduce((sum, name) => sum + timings.find(({ stage }) => stage === name)!.milliseconds, 0);
  const total = (of: (stage: string) => boolean): number =>
    timings.filter(({ stage }) => of(stage)).reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  return {
    name,
    nodes: nodes.before,
    spaces: [report.spaces.pruned, report.spaces.total],
    macs: [report.macs.before, report.macs.after],
    params: [report.params.before, report.params.after],
    unpruned: difference('unpruned against reference'),
    pruned: difference('pruned against masked'),
    passed,
    times: {
      import: time('read model', 'import'),
      axes: time('infer_axes'),
      prune: time('prune'),
      compile: total((stage) => stage !== 'verify'),
      verify: total((stage) => stage === 'verify'),
    },
    cut: warnings.some(({ code }) => code === 'E250'),
    exact: warnings.some(({ code }) => code === 'E610'),
  };
}
