/**
 * PyTorch's operations, a family each, and torchvision's kinds of networks in small. `python test/torch/operations.py
 * test/torch/traces` and `python test/torch/models.py test/torch/traces small_vit …` write the traces.
 */
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { compileModel } from '../../src/compile/compile.js';
import { checkTrace } from './check.js';

const folder = (name: string): string => fileURLToPath(new URL(`traces/${name}`, import.meta.url));

const families = [
  ...['convolutions', 'pooling', 'activations', 'shapes', 'normalisation', 'attention', 'recurrent'],
  ...['signals', 'volumes', 'images', 'functions', 'statistics', 'matrices', 'tables'],
];

describe('operations', { timeout: 120_000 }, () => {
  it.each(families)('%s', async (name) => {
    expect(await checkTrace(folder(name))).toMatchSnapshot();
  });

  it.each(families)('%s: as a module', async (name) => {
    const out = await mkdtemp(join(tmpdir(), 'espalier-operations-'));
    const { verification } = await compileModel(folder(name), { out, backend: 'wasm', ratio: 0.5 });
    expect(verification!.result.passed).toBe(true);
  });
});

describe('networks', { timeout: 120_000 }, () => {
  it.each(['convnext', 'densenet', 'efficientnet', 'shufflenet', 'swin', 'vit', 'maxvit'])(
    '%s',
    async (name) => {
      expect(await checkTrace(folder(`small_${name}`))).toMatchSnapshot();
    },
  );
});

/** Permutations of axes in the text of a compiled module. */
async function transposesOf(name: string): Promise<string[]> {
  const out = await mkdtemp(join(tmpdir(), 'espalier-layout-'));
  const { verification } = await compileModel(folder(name), { out, backend: 'wasm', ratio: 0.5 });
  expect(verification!.result.passed).toBe(true);
  const text = await readFile(join(out, 'model.ts'), 'utf8');
  return [...text.matchAll(/tf\.transpose\(\w+, (\[.*?\])\)/g)].map(([, perm]) => perm!);
}

describe('no transpose is left that a person would not have written', { timeout: 240_000 }, () => {
  const image = '[0, 2, 3, 1]';

  it.each(['small_convnext', 'small_densenet', 'small_efficientnet'])(
    '%s: the input image alone',
    async (name) => {
      expect(await transposesOf(name)).toEqual([image]);
    },
  );

  it('shuffles of channels, with the channels last', async () => {
    expect(await transposesOf('small_shufflenet')).toEqual([
      image,
      ...repeat('[0, 1, 2, 4, 3]', 4),
      ...repeat('[0, 2, 1]', 2),
    ]);
  });

  it('attention: queries, keys, values, and what becomes of them', async () => {
    const layer = ['[0, 2, 1, 3]', '[0, 2, 3, 1]', '[0, 2, 1, 3]', '[0, 2, 1, 3]'];
    expect(await transposesOf('small_vit')).toEqual([image, ...layer, ...layer]);
  });
});

const repeat = (perm: string, times: number): string[] => Array.from({ length: times }, () => perm);
