/** Small GraphModels on disk, for tests. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiagnosticError } from '../../src/diagnostics/diagnostic.js';
import type { Diagnostic } from '../../src/diagnostics/diagnostic.js';

export interface TestNode {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
  readonly attr?: Readonly<Record<string, unknown>>;
}

export interface TestWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly quantization?: unknown;
}

export interface TestModel {
  readonly nodes: readonly TestNode[];
  readonly weights?: readonly TestWeight[];
  /** The bytes of the one weight file. */
  readonly data?: Uint8Array;
  readonly signature?: unknown;
  readonly userDefinedMetadata?: unknown;
}

/** Writes `model.json` and `weights.bin` into a new folder; the path of the model.json. */
export async function writeModel(model: TestModel): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'espalier-test-'));
  const json = {
    format: 'graph-model',
    modelTopology: { node: model.nodes, versions: {} },
    weightsManifest: [{ paths: ['weights.bin'], weights: model.weights ?? [] }],
    ...(model.signature === undefined ? {} : { signature: model.signature }),
    ...(model.userDefinedMetadata === undefined ? {} : { userDefinedMetadata: model.userDefinedMetadata }),
  };
  await writeFile(join(folder, 'model.json'), JSON.stringify(json));
  await writeFile(join(folder, 'weights.bin'), model.data ?? new Uint8Array());
  return join(folder, 'model.json');
}

/** A `Placeholder`; -1 for unknown sizes. */
export function placeholder(name: string, sizes: readonly number[], type = 'DT_FLOAT'): TestNode {
  const dim = sizes.map((size) => ({ size: String(size) }));
  return { name, op: 'Placeholder', attr: { dtype: { type }, shape: { shape: { dim } } } };
}

export function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** Float32, int32 and byte arrays end to end. */
export function bytesOf(...arrays: readonly ArrayBufferView[]): Uint8Array {
  return new Uint8Array(Buffer.concat(arrays.map((a) => Buffer.from(a.buffer, a.byteOffset, a.byteLength))));
}

/** The diagnostics that a promise is rejected with. */
export async function diagnosticsOf(promise: Promise<unknown>): Promise<readonly Diagnostic[]> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof DiagnosticError) return error.diagnostics;
    throw error;
  }
  throw new Error('no diagnostic was raised');
}

/** A diagnostic as plain text, without places in rule files; the folder of the model is left out. */
export function printDiagnostic({ code, message, where, why, help, notes }: Diagnostic): string {
  return [
    `${code}: ${message}`,
    ...(where === undefined ? [] : [`  at ${where}`]),
    ...(why === undefined ? [] : [`  because ${why}`]),
    ...(help === undefined ? [] : [`  help: ${help}`]),
    ...(notes ?? []).map((note) => `  note: ${note.message}`),
  ]
    .join('\n')
    .replaceAll(new RegExp(`${tmpdir()}/espalier-test-\\w+/`, 'g'), '');
}
