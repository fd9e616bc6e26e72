/** Supernets from traces of PyTorch: the committed ones, so that no Python is needed. */
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compileModel } from '../../src/compile/compile.js';
import { readSafetensors } from '../../src/emit/safetensors.js';
import { RatioPruner } from '../../src/supernet/ratio-pruner.js';
import { traceFolder } from '../import/torch/traces.js';

const folder = (): Promise<string> => mkdtemp(join(tmpdir(), 'espalier-test-'));

describe('a trace of PyTorch', () => {
  it.each(['residual', 'shared'])('is deployed under the names of state_dict: %s', async (name) => {
    const pruner = new RatioPruner({ ratios: [0.5], seed: 1, channels: 'random' });
    await pruner.prepareFromSupernet(traceFolder(name));
    pruner.setSubnet(pruner.sampleSubnet());
    const { files } = await pruner.deploySubnet({ out: await folder() });
    const trace = JSON.parse(await readFile(join(traceFolder(name), 'trace.json'), 'utf8')) as {
      tensors: { name: string; kind: string; shape: number[] }[];
    };
    const own = trace.tensors.filter(({ kind }) => kind !== 'constant');
    const tensors = readSafetensors(await readFile(files[0]!));
    expect(new Set(tensors.keys())).toEqual(new Set(own.map((tensor) => tensor.name)));
    for (const { name: key, shape } of own) {
      const { shape: sliced } = tensors.get(key)!;
      expect(sliced).toHaveLength(shape.length);
      sliced.forEach((size, dim) => expect(size).toBeLessThanOrEqual(shape[dim]!));
    }
  });

  it('is compiled to a supernet that equals its deployed subnets', async () => {
    const { verification } = await compileModel(traceFolder('residual'), {
      out: await folder(),
      supernet: true,
      switchableBn: 2,
      backend: 'wasm',
    });
    expect(verification!.result.checks.map(({ name, verdict }) => [name, verdict])).toEqual([
      ['unpruned against reference', 'equal'],
      ['supernet against deployed', 'equal'],
    ]);
  });
});
