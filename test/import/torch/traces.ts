/** Traces on disk: the committed ones, and copies of them with something changed. */
import { cp, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DiagnosticError } from '../../../src/diagnostics/diagnostic.js';
import { formatDiagnostics } from '../../../src/diagnostics/format.js';
import { readTorchTrace } from '../../../src/import/torch/read-torch-trace.js';
import type { SourceModel } from '../../../src/import/source-graph.js';

/** The folder of a committed trace. */
export function traceFolder(name: string): string {
  return fileURLToPath(new URL(`traces/${name}`, import.meta.url));
}

export function readTrace(name: string): Promise<SourceModel> {
  return readTorchTrace(join(traceFolder(name), 'trace.json'), { inputShapes: {} });
}

/** JSON as tests change it. */
export type Mutable = { [key: string]: Mutable } & { [index: number]: Mutable };

/** A copy of a trace with trace.json changed; the path of its trace.json. */
export async function changedTrace(
  name: string,
  change: (trace: Mutable) => unknown = () => undefined,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'espalier-trace-'));
  await cp(traceFolder(name), folder, { recursive: true });
  const file = join(folder, 'trace.json');
  const trace = JSON.parse(await readFile(file, 'utf8')) as Mutable;
  const text = change(trace);
  await writeFile(file, typeof text === 'string' ? text : JSON.stringify(trace));
  return file;
}

/** The text of the diagnostics that something ends in, with the folder of the trace left out. */
export async function problemsOf(run: () => unknown, file = ''): Promise<string> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error;
    const text = formatDiagnostics(error.diagnostics, new Map(), { colour: false });
    return text.replaceAll(file.replace(/trace\.json$/, ''), '').trim();
  }
  return 'no problem';
}

/** What reading a changed trace ends in. */
export async function problemsOfChanged(name: string, change: (trace: Mutable) => unknown): Promise<string> {
  const file = await changedTrace(name, change);
  return problemsOf(() => readTorchTrace(file, { inputShapes: {} }), file);
}
