/** Supernets of real models. */
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compileModel } from '../../src/compile/compile.js';
import { verifyFolder } from '../../src/compile/verify-folder.js';
import { relativeDifference } from '../../src/cases/data.js';
import { runGraph } from '../../src/emit/interpret.js';
import { readSafetensors } from '../../src/emit/safetensors.js';
import { loadBackend } from '../../src/emit/tf.js';
import { RatioPruner } from '../../src/supernet/ratio-pruner.js';
import { printSubnetFile } from '../../src/supernet/subnet-file.js';
import { testInputs } from '../../src/verify/inputs.js';
import { writeFile } from 'node:fs/promises';
import { zooModel } from '../zoo/fetch.mjs';
import { indices } from './support.js';

const folder = (): Promise<string> => mkdtemp(join(tmpdir(), 'espalier-test-'));

describe('a MobileNetV2 of the zoo', () => {
  it('is prepared, sampled, masked and deployed', async () => {
    const pruner = new RatioPruner({ ratios: [0.25, 0.5, 1], seed: 5, channels: 'random' });
    await pruner.prepareFromSupernet(await zooModel('nsfw_mobilenet_v2'));
    expect(pruner.channelSpaces.size).toBe(27);
    expect(pruner.getSpaceId('block_3_depthwise')).toBe(pruner.getSpaceId('block_3_expand'));
    expect(pruner.getSpaceId('dense_3')).toBeNull();
    const group = pruner.getSpaceId('block_4_project') as string;
    expect(pruner.makeSameOutChannelGroups().get(group)).toEqual([
      'block_3_project',
      'block_4_project',
      'block_5_project',
    ]);
    expect(pruner.traceBnConvLinks().get('block_3_depthwise_BN')).toEqual(['block_3_depthwise']);
    expect(pruner.findNodeParents('block_3_depthwise')).toEqual(['block_3_expand']);
    expect(pruner.traceNonPassPath().slice(0, 3)).toEqual(['dense_3', 'dense_2', 'dense_1']);

    pruner.setSubnet(pruner.sampleSubnet());
    expect(indices(pruner.subnet.get('dense_1')!)).not.toEqual([]);
    const tf = await loadBackend('wasm');
    const { rules, source } = pruner.supernet;
    const [input] = testInputs(source!.graph.inputs, { seed: 0 });
    const masked = pruner.maskedSupernet();
    const deployed = await pruner.deploySubnet();
    const expected = await runGraph(masked.graph, masked.weights, rules, input!.tensors, tf);
    const actual = await runGraph(deployed.graph, deployed.weights, rules, input!.tensors, tf);
    const [name] = Object.keys(expected);
    expect(relativeDifference(expected[name!]!.data, actual[name!]!.data)).toBeLessThan(1e-5);
  });
});

describe('iris', () => {
  it('is compiled to a supernet that equals its deployed subnets, and is verified again from its folder', async () => {
    const model = await zooModel('iris');
    const out = await folder();
    const { verification, files } = await compileModel(model, { out, supernet: true, backend: 'wasm' });
    expect(verification!.result.passed).toBe(true);
    expect(verification!.result.checks.map(({ name, verdict }) => [name, verdict])).toEqual([
      ['unpruned against reference', 'equal'],
      ['supernet against deployed', 'equal'],
    ]);
    expect(files).toHaveLength(3);
    const again = await verifyFolder(out, { backend: 'wasm' });
    expect(again.result.checks.map(({ verdict }) => verdict)).toEqual(['equal', 'equal']);
  });

  it('is compiled to a subnet of a file, exactly', async () => {
    const model = await zooModel('iris');
    const pruner = new RatioPruner({ ratios: [0.5, 0.75], seed: 2 });
    await pruner.prepareFromSupernet(model);
    pruner.setSubnet(pruner.sampleSubnet());
    const out = await folder();
    const file = join(out, 'choice.json');
    await writeFile(file, printSubnetFile(pruner.spaces, pruner.keep));
    const { verification, report } = await compileModel(model, { out, subnet: file, backend: 'wasm' });
    expect(verification!.result.checks.map(({ verdict }) => verdict)).toEqual(['equal', 'equal']);
    expect(report.spaces.pruned).toBe(pruner.keep.size);
    // What compile writes is a subnet file too: it leads to the same module.
    const second = await folder();
    await compileModel(model, {
      out: second,
      subnet: join(out, 'subnet.json'),
      backend: 'wasm',
      verify: false,
    });
    const read = (dir: string): Promise<string> => readFile(join(dir, 'model.ts'), 'utf8');
    expect(await read(second)).toBe(await read(out));
    // Deployed for its own framework, the weights have the names of the source.
    const { files } = await pruner.deploySubnet({ out: second });
    const names = [...readSafetensors(await readFile(files[0]!)).keys()];
    expect(new Set(names)).toEqual(new Set(pruner.supernet.source!.graph.constants.map(({ name }) => name)));
  });

  it('refuses options that do not go together', async () => {
    const model = await zooModel('iris');
    const compile = (options: object): Promise<unknown> =>
      compileModel(model, { out: '/nowhere', ...options });
    await expect(compile({ supernet: true, ratio: 0.5 })).rejects.toThrow(
      "E439: --supernet and --ratio can't be used together",
    );
    await expect(compile({ subnet: 'x.json', flops: 0.5 })).rejects.toThrow('E439');
    await expect(compile({ switchableBn: 2 })).rejects.toThrow("E439: --switchable-bn 2 can't be");
    await expect(compile({ subnet: '/nowhere/x.json' })).rejects.toThrow(
      "E434: the subnet file /nowhere/x.json can't be read",
    );
  });
});
