/** A user's project with nothing but an emitted module and the packages of its backend, type-checked. */
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import type { BackendName } from '../../src/emit/backends.js';
import { emitModule } from '../../src/emit/module.js';
import { batchModel, blocksModel } from './models.js';
import { rules } from './support.js';

const require = createRequire(import.meta.url);
const packages = dirname(dirname(dirname(require.resolve('@tensorflow/tfjs-core/package.json'))));

/** What a project must install for a backend. */
const installed: Partial<Record<BackendName, readonly string[]>> = {
  cpu: ['tfjs-core', 'tfjs-backend-cpu'],
  wasm: ['tfjs-core', 'tfjs-backend-wasm'],
  webgl: ['tfjs-core', 'tfjs-backend-webgl'],
  'node-gpu': ['tfjs-node-gpu'],
};

/** Type-checks the module with TypeScript's own libraries and nothing else installed. */
export async function checkProject(
  root: string,
  backend: BackendName,
  more: ts.CompilerOptions,
  withNodeTypes: boolean,
): Promise<{ problems: string[]; files: readonly string[] }> {
  const folder = mkdtempSync(join(root, `${backend}-`));
  mkdirSync(join(folder, 'node_modules', '@tensorflow'), { recursive: true });
  for (const name of installed[backend]!) {
    symlinkSync(join(packages, '@tensorflow', name), join(folder, 'node_modules', '@tensorflow', name));
  }
  const { graph, weights } = backend === 'wasm' ? blocksModel() : batchModel();
  const trainable = backend === 'webgl';
  const { modelTs } = await emitModule(graph, weights, rules, { backend, trainable });
  writeFileSync(join(folder, 'model.ts'), modelTs);
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const program = ts.createProgram([join(folder, 'model.ts')], {
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    types: withNodeTypes ? [join(packages, '@types', 'node')] : [],
    ...more,
  });
  const problems = ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
  return { problems, files: program.getSourceFiles().map(({ fileName }) => fileName) };
}
