/** Rows 19, 21 and 22: deployment, switching, and normalisation in several sets. */
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSafetensors } from '../../src/emit/safetensors.js';
import { expectExact, messagesOf, prunerOf } from './support.js';

const net = `graph "plain" {
  input %x "x": float32[N,4,4,3]
  param %k1 "conv1.weight": float32[8,3,1,1]
  param %b1 "conv1.bias": float32[8]
  param %g "bn1.weight": float32[8] = random(0.5, 2)
  param %b "bn1.bias": float32[8]
  param %m "bn1.running_mean": float32[8]
  param %v "bn1.running_var": float32[8] = random(0.5, 2)
  param %kg "grouped.weight": float32[1,1,4,6]
  param %k2 "conv2.weight": float32[1,1,6,2]
  %k = permute(x: %k1) { perm: [2, 3, 1, 0] }
  %c1 = conv2d(x: %x, k: %k, b: %b1, alpha: none)
  %n1 = batch_norm(x: %c1, gamma: %g, beta: %b, mean: %m, variance: %v)
  %c2 = conv2d(x: %n1, k: %kg, b: none, alpha: none)
  %y = conv2d(x: %c2, k: %k2, b: none, alpha: none)
  output "y": %y
}`;

describe('row 19: deployment', () => {
  it('gathers weight, bias, mean and variance by mask, grouped convolutions too', async () => {
    const { pruner, net: whole } = await prunerOf(net);
    pruner.setSubnet({ conv1: [0, 3], grouped: [2] });
    const { graph, weights } = await pruner.deploySubnet();
    const shapes = Object.fromEntries(
      Object.values(graph.parameters).map(({ name, shape }) => [name, shape]),
    );
    expect(shapes).toMatchObject({
      'conv1.weight': [4, 3, 1, 1],
      'conv1.bias': [4],
      'bn1.running_mean': [4],
      'bn1.running_var': [4],
      'grouped.weight': [1, 1, 2, 2],
      'conv2.weight': [1, 1, 2, 2],
    });
    const bias = whole.weights.get('conv1.bias');
    // Channels 0 and 3 of each of the two groups.
    expect([...weights.get('conv1.bias')]).toEqual([0, 3, 4, 7].map((i) => bias[i]));
    expect(graph.nodes.find(({ id }) => id === 'c2')!.attrs['g']).toBe(2);
    await expectExact(pruner, whole);
  });

  it('writes the weights under the names, and in the layout, of the source', async () => {
    const { pruner, net: whole } = await prunerOf(net);
    pruner.setSubnet({ conv1: [1, 2], grouped: [0] });
    const out = await mkdtemp(join(tmpdir(), 'espalier-test-'));
    const { files } = await pruner.deploySubnet({ out });
    expect(files).toEqual([join(out, 'weights.safetensors'), join(out, 'channels.json')]);
    const tensors = readSafetensors(await readFile(files[0]!));
    expect(Object.fromEntries([...tensors].map(([name, { shape }]) => [name, shape]))).toEqual({
      'conv1.weight': [4, 3, 1, 1],
      'conv1.bias': [4],
      'bn1.weight': [4],
      'bn1.bias': [4],
      'bn1.running_mean': [4],
      'bn1.running_var': [4],
      'grouped.weight': [1, 1, 2, 2],
      'conv2.weight': [1, 1, 2, 2],
    });
    const raw = whole.weights.get('conv1.weight');
    expect([...tensors.get('conv1.weight')!.data]).toEqual(
      [1, 2, 5, 6].flatMap((o) => [0, 1, 2].map((i) => raw[o * 3 + i])),
    );
    const channels = JSON.parse(await readFile(files[1]!, 'utf8')) as Record<string, object>;
    expect(channels['grouped']).toMatchObject({ in_channels: 4, out_channels: 2, kept_out: [0, 3] });
  });
});

describe('row 21: switchSubnet', () => {
  it('sets the masks from a channel configuration', async () => {
    const { pruner, net: whole } = await prunerOf(net);
    pruner.setSubnet({ conv1: [0, 3], grouped: [2] });
    const config = pruner.exportSubnet();
    pruner.setMaxChannel();
    pruner.switchSubnet(config);
    expect(pruner.exportSubnet()).toEqual(config);
    // Widths alone: the first channels of each group.
    pruner.switchSubnet({ conv1: { out_channels: 4 }, grouped: { in_channels: 4, out_channels: 4 } });
    expect(pruner.exportSubnet()['conv1']).toMatchObject({ kept_out: [0, 1, 4, 5] });
    await expectExact(pruner, whole);
    expect(messagesOf(() => pruner.switchSubnet({ conv1: { out_channels: 3 } }))).toEqual([
      'E436 "conv1" can\'t have 3 channels coming out',
    ]);
    expect(messagesOf(() => pruner.switchSubnet({}, 1))).toEqual([
      'E438 the normalisations have one set of parameters each',
    ]);
  });
});

describe('row 22: SwitchableBatchNorm2d', () => {
  it('has a set of parameters for each subnet, and deploys the one in use', async () => {
    const { pruner, net: whole } = await prunerOf(net);
    const bns = pruner.convertSwitchableBn(2);
    expect([...bns.keys()]).toEqual(['bn1']);
    const bn = bns.get('bn1')!;
    expect(bn.parameters).toEqual(['bn1.weight', 'bn1.bias', 'bn1.running_mean', 'bn1.running_var']);
    bn.set(1).get('bn1.bias')!.fill(7);
    expect(whole.weights.get('bn1.bias')).not.toContain(7);

    const config = { conv1: { out_channels: 2 } };
    pruner.switchSubnet(config, 1);
    expect(bn.index).toBe(1);
    expect([...(await pruner.deploySubnet()).weights.get('bn1.bias')]).toEqual([7, 7]);
    await expectExact(pruner, whole);
    pruner.switchSubnet(config, 0);
    const own = whole.weights.get('bn1.bias');
    expect([...(await pruner.deploySubnet()).weights.get('bn1.bias')]).toEqual([own[0], own[4]]);
    expect(messagesOf(() => pruner.switchSubnet(config, 2))).toEqual([
      'E438 there is no set 2 of normalisation parameters',
    ]);
    expect(messagesOf(() => pruner.convertSwitchableBn(0))).toEqual([
      'E438 0 is no number of sets of normalisation parameters',
    ]);
  });
});
