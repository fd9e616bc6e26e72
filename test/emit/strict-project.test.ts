import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { build, createLogger } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackendName } from '../../src/emit/backends.js';
import { emitModule } from '../../src/emit/module.js';
import { blocksModel } from './models.js';
import { rules } from './support.js';
import { checkProject } from './user-project.js';

describe('an emitted module in a user’s project', () => {
  let root: string;
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'espalier-project-'));
  });
  afterAll(() => rmSync(root, { recursive: true }));

  const check = (
    backend: BackendName,
    more: ts.CompilerOptions,
    withNodeTypes: boolean,
  ): ReturnType<typeof checkProject> => checkProject(root, backend, more, withNodeTypes);

  it.each(['wasm', 'cpu', 'webgl'] as const)(
    'type-checks under strict with only the packages of %s',
    async (backend) => {
      const { problems, files } = await check(backend, {}, false);
      expect(problems).toEqual([]);
      expect(files.filter((file) => file.includes('/@types/node/'))).toEqual([]);
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
