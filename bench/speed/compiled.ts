/** Models compiled for a bench: as they are and with half of the multiply-accumulates removed, as JavaScript. */
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { minify } from 'vite';
import { compileModel, type CompileOptions } from '../../src/compile/compile.js';
import { DiagnosticError } from '../../src/diagnostics/diagnostic.js';
import type { Dim, Shape } from '../../src/ir/graph.js';
import type { PruneOptions } from '../../src/prune/options.js';
import { zoo } from '../zoo-model.js';

export type SpeedBackend = 'wasm' | 'node-gpu';

/** What a process that measures is given. */
export interface CompiledModel {
  readonly name: string;
  readonly backend: SpeedBackend;
  /** The original's model.json. */
  readonly model: string;
  /** Folders with model.mjs and weights.safetensors; `half` is null where so much can't be removed. */
  readonly unpruned: string;
  readonly half: string | null;
}

/** Compiles a model of the zoo into folders below `folder`, which must be in the project: modules import its packages. */
export async function compileForBench(
  name: string,
  backend: SpeedBackend,
  folder: string,
): Promise<CompiledModel> {
  const { zooEntries, zooModel } = await zoo();
  const { inputs } = (await zooEntries()).find((entry) => entry.name === name)!;
  const model = await zooModel(name);
  const compile = async (what: string, options: PruneOptions): Promise<string> => {
    const out = join(folder, name, backend, what);
    const run = (inputShapes: Readonly<Record<string, Shape>>): Promise<unknown> =>
      compileTo(out, model, { backend, inputShapes, ...options });
    try {
      await run({});
    } catch (error) {
      if (!hasCode(error, 'E208')) throw error;
      await run(Object.fromEntries(Object.entries(inputs).map(([port, shape]) => [port, withBatch(shape)])));
    }
    return out;
  };
  return {
    name,
    backend,
    model,
    unpruned: await compile('unpruned', {}),
    half: await compile('half', { flops: 0.5 }).catch((error: unknown) => {
      if (hasCode(error, 'E404') || hasCode(error, 'E403')) return null;
      throw error;
    }),
  };
}

/** Compiles a model into a folder, verified as for users: that decides the pipeline; and its module to JavaScript. */
export async function compileTo(
  out: string,
  model: string,
  options: Omit<CompileOptions, 'out'>,
): Promise<void> {
  mkdirSync(out, { recursive: true });
  await compileModel(model, { out, ...options });
  const module = readFileSync(join(out, 'model.ts'), 'utf8');
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
  writeFileSync(join(out, 'model.mjs'), ts.transpileModule(module, { compilerOptions }).outputText);
}

const withBatch = (shape: readonly number[]): Shape =>
  shape.map((size, i): Dim => (i === 0 ? { batch: 1 } : size));

function hasCode(error: unknown, code: string): boolean {
  return error instanceof DiagnosticError && error.diagnostics.some((diagnostic) => diagnostic.code === code);
}

/** The bytes of some files. */
export const bytesOf = (...files: readonly string[]): number =>
  files.reduce((sum, file) => sum + statSync(file).size, 0);

/** The bytes of an emitted module as bundlers write it, minified as the original's JSON is, and of its weights. */
export async function deployedBytes(out: string): Promise<number> {
  const { code, errors } = await minify('model.mjs', readFileSync(join(out, 'model.mjs'), 'utf8'), {
    module: true,
  });
  if (errors.length > 0) throw new Error(errors[0]!.message);
  return Buffer.byteLength(code) + bytesOf(join(out, 'weights.safetensors'));
}
