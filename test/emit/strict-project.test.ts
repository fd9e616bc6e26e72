import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { build, createLogger } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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

describe('an emitted module in a user’s project', () => {
  let root: string;
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'espalier-project-'));
  });
  afterAll(() => rmSync(root, { recursive: true }));

  /** Type-checks the module with TypeScript's own libraries and nothing else installed. */
  async function check(
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

  it.each(['wasm', 'cpu', 'webgl', 'node-gpu'] as const)(
    'type-checks under strict with only the packages of %s',
    async (backend) => {
      const { problems, files } = await check(backend, {}, false);
      expect(problems).toEqual([]);
      if (backend !== 'node-gpu') expect(files.filter((file) => file.includes('/@types/node/'))).toEqual([]);
    },
    120_000,
  );

  it('is bundled for browsers without a complaint', async () => {
    const { graph, weights } = blocksModel();
    const { modelTs } = await emitModule(graph, weights, rules, { backend: 'wasm', trainable: false });
    const folder = mkdtempSync(join(root, 'bundle-'));
    writeFileSync(join(folder, 'model.ts'), modelTs);
    const complaints: string[] = [];
    const note = (message: string): void => void complaints.push(message);
    await build({
      root: folder,
      configFile: false,
      logLevel: 'warn',
      customLogger: { ...createLogger('silent'), warn: note, warnOnce: note, error: note },
      build: {
        write: false,
        lib: { entry: 'model.ts', formats: ['es'], fileName: 'model' },
        rollupOptions: { external: /^@tensorflow/ },
      },
    });
    expect(complaints).toEqual([]);
  }, 120_000);

  it('type-checks under every option that strict projects add', async () => {
    const options: ts.CompilerOptions = {
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      noPropertyAccessFromIndexSignature: true,
      noImplicitOverride: true,
      noImplicitReturns: true,
      noFallthroughCasesInSwitch: true,
      noUnusedLocals: true,
      noUnusedParameters: true,
      verbatimModuleSyntax: true,
      isolatedModules: true,
      erasableSyntaxOnly: true,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
    };
    expect((await check('wasm', options, true)).problems).toEqual([]);
    expect((await check('cpu', options, true)).problems).toEqual([]);
  }, 120_000);
});
