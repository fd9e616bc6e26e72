/** A test for each row of the seed: what the original's pruner does, and where this one does better. */
import { describe, expect, it } from 'vitest';
import { allOf } from '../../src/supernet/channels.js';
import { RatioPruner } from '../../src/supernet/ratio-pruner.js';
import { expectExact, indices, messagesOf, prunerOf } from './support.js';

/** conv1 -> bn1 -> relu -> conv2 (+ a shortcut of conv3) -> pooled -> fc. */
const plain = `graph "plain" {
  input %x "x": float32[N,8,8,3]
  param %k1 "conv1/weight": float32[3,3,3,8]
  param %g "bn1/weight": float32[8]
  param %b "bn1/bias": float32[8]
  param %m "bn1/mean": float32[8]
  param %v "bn1/var": float32[8] = random(0.5, 2)
  param %k2 "conv2/weight": float32[3,3,8,6]
  param %k3 "conv3/weight": float32[1,1,8,6]
  param %w "fc/weight": float32[6,5]
  param %bias "fc/bias": float32[5]
  %c1 = conv2d(x: %x, k: %k1, b: none, alpha: none) { pad: 'same' }
  %n1 = batch_norm(x: %c1, gamma: %g, beta: %b, mean: %m, variance: %v)
  %r1 = relu(x: %n1)
  %c2 = conv2d(x: %r1, k: %k2, b: none, alpha: none) { pad: 'same' }
  %c3 = conv2d(x: %r1, k: %k3, b: none, alpha: none) { pad: 'same' }
  %s = add(x: %c2, y: %c3)
  %p = mean(x: %s) { over: [1, 2] }
  %y = dense(x: %p, k: %w, b: %bias, alpha: none)
  output "y": %y
}`;

describe('row 2: PASS and NON_PASS come from the axes', () => {
  it('knows no operation by name', async () => {
    const { pruner } = await prunerOf(plain);
    const classes = [...pruner.spaces.topology.modules].map(([name, module]) => [name, module.class]);
    expect(Object.fromEntries(classes)).toEqual({
      conv1: 'NON_PASS',
      bn1: 'PASS',
      conv2: 'NON_PASS',
      conv3: 'NON_PASS',
      fc: 'NON_PASS',
    });
  });
});

describe('row 4: any number of inputs, outputs and input shapes', () => {
  it('prepares a network of two inputs and two outputs', async () => {
    const { pruner, net } = await prunerOf(`graph "two" {
      input %a "a": float32[N,4]
      input %b "b": float32[1,3]
      param %k1 "one/weight": float32[4,6]
      param %k2 "two/weight": float32[3,6]
      param %k3 "three/weight": float32[6,2]
      %p = dense(x: %a, k: %k1, b: none, alpha: none)
      %q = dense(x: %b, k: %k2, b: none, alpha: none)
      %s = add(x: %p, y: %q)
      %y = dense(x: %s, k: %k3, b: none, alpha: none)
      output "y": %y
      output "q": %y
    }`);
    expect([...pruner.channelSpaces.keys()]).toEqual(['group_0']);
    expect(pruner.makeSameOutChannelGroups().get('group_0')).toEqual(['one', 'two']);
    pruner.setSubnet({ group_0: [1, 4] });
    await expectExact(pruner, net);
  });
});

describe('row 5: paths of NON_PASS modules', () => {
  it('visits every module once, from the outputs to the inputs', async () => {
    const { pruner } = await prunerOf(plain);
    expect(pruner.traceNonPassPath()).toEqual(['fc', 'conv2', 'conv1', 'conv3']);
  });

  it('takes linear time where there are 2^400 paths', async () => {
    const blocks = Array.from({ length: 400 }, (_, i) => [
      `param %k${i} "conv${i}/weight": float32[1,1,2,2]`,
      `%c${i} = conv2d(x: %s${i}, k: %k${i}, b: none, alpha: none)`,
      `%s${i + 1} = add(x: %s${i}, y: %c${i})`,
    ]).flat();
    const { pruner } = await prunerOf(`graph "deep" {
      input %x "x": float32[1,1,1,2]
      param %stem "stem/weight": float32[1,1,2,2]
      %s0 = conv2d(x: %x, k: %stem, b: none, alpha: none)
      ${blocks.join('\n      ')}
      output "y": %s400
    }`);
    expect(pruner.traceNonPassPath()).toHaveLength(401);
  });
});

describe('row 6: concat and linear', () => {
  it('has a node for a concatenation and one for each of its items, on any axis', async () => {
    const { pruner } = await prunerOf(joined(3));
    expect(pruner.traceNonPassPath()).toEqual(['last', 'concat_0', 'left', 'right']);
    expect(pruner.findNodeParents('last')).toEqual(['concat_0']);
    expect(pruner.findNodeParents('concat_0')).toEqual(['concat_0_item_0', 'concat_0_item_1']);
    expect(pruner.findNodeParents('concat_0_item_1')).toEqual(['right']);
    // Images put side by side have the same channels.
    const { pruner: beside } = await prunerOf(joined(2));
    expect(beside.getSpaceId('concat_0')).toBe('group_0');
    expect(beside.makeSameOutChannelGroups().get('group_0')).toEqual(['left', 'right']);
  });

  it('takes linear layers without a bias', async () => {
    const { pruner, net } = await prunerOf(`graph "linear" {
      input %x "x": float32[N,4]
      param %k1 "fc1/weight": float32[4,6]
      param %k2 "fc2/weight": float32[6,2]
      %h = dense(x: %x, k: %k1, b: none, alpha: none)
      %y = dense(x: %h, k: %k2, b: none, alpha: none)
      output "y": %y
    }`);
    expect(pruner.traceNonPassPath()).toEqual(['fc2', 'fc1']);
    pruner.setSubnet({ fc1: [0, 5] });
    await expectExact(pruner, net);
  });
});

/** Two convolutions side by side, and one over both. */
const joined = (axis: number): string => `graph "joined" {
  input %x "x": float32[N,4,4,3]
  param %k1 "left/weight": float32[1,1,3,4]
  param %k2 "right/weight": float32[1,1,3,${axis === 3 ? 6 : 4}]
  param %k3 "last/weight": float32[1,1,${axis === 3 ? 10 : 4},2]
  %a = conv2d(x: %x, k: %k1, b: none, alpha: none)
  %b = conv2d(x: %x, k: %k2, b: none, alpha: none)
  %c = concat(xs: [%a, %b]) { axis: ${axis} }
  %y = conv2d(x: %c, k: %k3, b: none, alpha: none)
  output "y": %y
}`;

describe('row 7: chunk, split and slice', () => {
  it('takes a split apart, and keeps each part’s channels apart', async () => {
    const { pruner, net } = await prunerOf(`graph "split" {
      input %x "x": float32[N,4,4,3]
      param %k1 "conv1/weight": float32[1,1,3,8]
      param %k2 "left/weight": float32[1,1,4,2]
      param %k3 "right/weight": float32[1,1,4,2]
      %c = conv2d(x: %x, k: %k1, b: none, alpha: none)
      %a, %b = split(x: %c) { axis: 3, sizes: [4, 4] }
      %l = conv2d(x: %a, k: %k2, b: none, alpha: none)
      %r = conv2d(x: %b, k: %k3, b: none, alpha: none)
      %y = add(x: %l, y: %r)
      output "y": %y
    }`);
    expect(pruner.getSpaceId('conv1')).toEqual({ concat: ['conv1/weight[3]#0', 'conv1/weight[3]#1'] });
    expect(pruner.findNodeParents('left')).toEqual(['chunk_0']);
    expect(pruner.findNodeParents('chunk_0')).toEqual(['conv1']);
    expect(pruner.getSpaceId('chunk_0_item_1')).toBe('conv1/weight[3]#1');
    pruner.setSubnet({ 'conv1/weight[3]#0': [3], 'conv1/weight[3]#1': [0, 2] });
    expect(pruner.exportSubnet()['conv1']).toMatchObject({ out_channels: 3, kept_out: [3, 4, 6] });
    await expectExact(pruner, net);
  });

  it('takes slices', async () => {
    const { pruner, net } = await prunerOf(`graph "slice" {
      input %x "x": float32[N,3]
      param %k1 "fc1/weight": float32[3,8]
      param %k2 "fc2/weight": float32[5,2]
      %h = dense(x: %x, k: %k1, b: none, alpha: none)
      %s = slice(x: %h) { begin: [0, 2], size: [-1, 5] }
      %y = dense(x: %s, k: %k2, b: none, alpha: none)
      output "y": %y
    }`);
    expect(pruner.findNodeParents('fc2')).toEqual(['chunk_0']);
    const id = pruner.getSpaceId('chunk_0_item_0') as string;
    pruner.setSubnet({ [id]: [0, 4] });
    expect(pruner.exportSubnet()['fc2']).toMatchObject({ in_channels: 2, raw_in_channels: 5 });
    await expectExact(pruner, net);
  });
});

describe('row 8: which channels a normalisation takes', () => {
  it('links it to the convolution before it', async () => {
    const { pruner } = await prunerOf(plain);
    expect([...pruner.traceBnConvLinks()]).toEqual([['bn1', ['conv1']]]);
  });

  it('finds them before a convolution, after a concatenation, and where it is shared', async () => {
    const { pruner, net } = await prunerOf(preActivation);
    expect([...pruner.traceBnConvLinks()]).toEqual([
      ['bn0', [null]],
      ['bn1', ['concat_0']],
      ['bn2', ['conv2', 'conv3']],
    ]);
    pruner.setSubnet({ conv0: [1, 2], conv1: [0], group_0: [0, 3] });
    expect(indices(pruner.addPruningAttrs().get('bn1')!.outMask!)).toEqual([1, 2, 4]);
    expect(indices(pruner.addPruningAttrs().get('bn2')!.outMask!)).toEqual([0, 3]);
    await expectExact(pruner, net);
  });
});

const norm = (id: string, x: string, of: string): string =>
  `%${id} = batch_norm(x: %${x}, gamma: %g${of}, beta: %b${of}, mean: %m${of}, variance: %v${of})`;
const normParams = (of: string, size: number): string =>
  ['g weight', 'b bias', 'm mean', 'v var']
    .map((pair) => pair.split(' '))
    .map(([id, name]) => {
      const range = id === 'v' ? ' = random(0.5, 2)' : '';
      return `param %${id}${of} "bn${of}/${name}": float32[${size}]${range}`;
    })
    .join('\n  ');

/** Normalisation in front: of the input, of a concatenation, and one that is shared by two. */
const preActivation = `graph "pre" {
  input %x "x": float32[N,4,4,3]
  ${normParams('0', 3)}
  ${normParams('1', 6)}
  ${normParams('2', 4)}
  param %k0 "conv0/weight": float32[1,1,3,4]
  param %k1 "conv1/weight": float32[1,1,4,2]
  param %k2 "conv2/weight": float32[1,1,6,4]
  param %k3 "conv3/weight": float32[1,1,6,4]
  param %k4 "conv4/weight": float32[1,1,4,2]
  ${norm('n0', 'x', '0')}
  %c0 = conv2d(x: %n0, k: %k0, b: none, alpha: none)
  %c1 = conv2d(x: %c0, k: %k1, b: none, alpha: none)
  %cat = concat(xs: [%c0, %c1]) { axis: 3 }
  ${norm('n1', 'cat', '1')}
  %r = relu(x: %n1)
  %c2 = conv2d(x: %r, k: %k2, b: none, alpha: none)
  %c3 = conv2d(x: %r, k: %k3, b: none, alpha: none)
  ${norm('n2', 'c2', '2')}
  ${norm('n3', 'c3', '2')}
  %p = mul(x: %n2, y: %n3)
  %y = conv2d(x: %p, k: %k4, b: none, alpha: none)
  output "y": %y
}`;

describe('row 9: parents', () => {
  it('are the nearest modules before one', async () => {
    const { pruner } = await prunerOf(plain);
    expect(pruner.findNodeParents('fc')).toEqual(['conv2', 'conv3']);
    expect(pruner.findNodeParents('conv3')).toEqual(['conv1']);
    expect(pruner.findNodeParents('conv1')).toEqual([]);
  });
});

describe('rows 10 and 11: groups', () => {
  it('are transitive: a + b and b + c put a, b and c into one', async () => {
    const { pruner, net } = await prunerOf(`graph "chain" {
      input %x "x": float32[N,4]
      param %ka "a/weight": float32[4,6]
      param %kd "d/weight": float32[4,6]
      param %kb "b/weight": float32[4,6]
      param %kc "c/weight": float32[4,6]
      param %k1 "y1/weight": float32[6,2]
      param %k2 "y2/weight": float32[6,2]
      param %k3 "y3/weight": float32[6,2]
      %a = dense(x: %x, k: %ka, b: none, alpha: none)
      %d = dense(x: %x, k: %kd, b: none, alpha: none)
      %b = dense(x: %x, k: %kb, b: none, alpha: none)
      %c = dense(x: %x, k: %kc, b: none, alpha: none)
      %s1 = add(x: %a, y: %d)
      %s2 = add(x: %b, y: %c)
      %s3 = add(x: %d, y: %b)
      %y1 = dense(x: %s1, k: %k1, b: none, alpha: none)
      %y2 = dense(x: %s2, k: %k2, b: none, alpha: none)
      %y3 = dense(x: %s3, k: %k3, b: none, alpha: none)
      %t = add(x: %y1, y: %y2)
      %y = add(x: %t, y: %y3)
      output "y": %y
    }`);
    expect([...pruner.makeSameOutChannelGroups()]).toEqual([['group_0', ['a', 'd', 'b', 'c']]]);
    pruner.setSubnet({ group_0: [0, 2, 5] });
    await expectExact(pruner, net);
  });

  it('have depthwise convolutions in them, whose multiplied channels are crossed', async () => {
    const { pruner, net } = await prunerOf(`graph "depthwise" {
      input %x "x": float32[N,4,4,3]
      param %k1 "conv1/weight": float32[1,1,3,4]
      param %kd "dw/weight": float32[3,3,4,2]
      param %k2 "conv2/weight": float32[1,1,8,2]
      %c = conv2d(x: %x, k: %k1, b: none, alpha: none)
      %d = depthwise_conv2d(x: %c, k: %kd, b: none, alpha: none) { pad: 'same' }
      %y = conv2d(x: %d, k: %k2, b: none, alpha: none)
      output "y": %y
    }`);
    expect([...pruner.makeSameOutChannelGroups()]).toEqual([['group_0', ['conv1', 'dw']]]);
    expect(pruner.getSpaceId('dw')).toEqual({ product: ['group_0', 'dw/weight[3]'] });
    pruner.setSubnet({ group_0: [0, 3], 'dw/weight[3]': [1] });
    expect(pruner.exportSubnet()['conv2']).toMatchObject({ in_channels: 2, kept_in: [1, 7] });
    await expectExact(pruner, net);
  });

  it('take grouped convolutions', async () => {
    const { pruner, net } = await prunerOf(grouped);
    expect(pruner.getSpaceId('grouped')).toBe('grouped');
    expect([...pruner.channelSpaces].map(([id, mask]) => [id, mask.length])).toEqual([
      ['conv1', 2],
      ['grouped', 3],
    ]);
    pruner.setSubnet({ conv1: [1], grouped: [0, 2] });
    const config = pruner.exportSubnet();
    expect(config['conv1']).toMatchObject({ out_channels: 2, raw_out_channels: 4, kept_out: [1, 3] });
    expect(config['grouped']).toMatchObject({ out_channels: 4, kept_out: [0, 2, 3, 5] });
    await expectExact(pruner, net);
  });
});

const grouped = `graph "grouped" {
  input %x "x": float32[N,4,4,3]
  param %k1 "conv1/weight": float32[1,1,3,4]
  param %kg "grouped/weight": float32[1,1,2,6]
  param %k2 "conv2/weight": float32[1,1,6,2]
  %c = conv2d(x: %x, k: %k1, b: none, alpha: none)
  %g = conv2d(x: %c, k: %kg, b: none, alpha: none)
  %y = conv2d(x: %g, k: %k2, b: none, alpha: none)
  output "y": %y
}`;

describe('row 12: space ids', () => {
  it('are the module’s name, its group’s, or null at the output', async () => {
    const { pruner } = await prunerOf(plain);
    expect(pruner.getSpaceId('conv1')).toBe('conv1');
    expect(pruner.getSpaceId('conv2')).toBe('group_0');
    expect(pruner.getSpaceId('fc')).toBeNull();
    expect(messagesOf(() => pruner.getSpaceId('conv9'))).toEqual(['E435 the network has no module "conv9"']);
  });

  it('name the parts of a concatenation, nested ones too, and of a split of one', async () => {
    const { pruner, net } = await prunerOf(`graph "nested" {
      input %x "x": float32[N,3]
      param %ka "a/weight": float32[3,2]
      param %kb "b/weight": float32[3,3]
      param %kc "c/weight": float32[3,4]
      param %kd "d/weight": float32[9,2]
      param %ke "e/weight": float32[4,2]
      %a = dense(x: %x, k: %ka, b: none, alpha: none)
      %b = dense(x: %x, k: %kb, b: none, alpha: none)
      %c = dense(x: %x, k: %kc, b: none, alpha: none)
      %ab = concat(xs: [%a, %b]) { axis: 1 }
      %abc = concat(xs: [%ab, %c]) { axis: 1 }
      %d = dense(x: %abc, k: %kd, b: none, alpha: none)
      %p, %q = split(x: %abc) { axis: 1, sizes: [5, 4] }
      %e = dense(x: %q, k: %ke, b: none, alpha: none)
      %y = add(x: %d, y: %e)
      output "y": %y
      output "b": %b
    }`);
    // b is an output, and stays.
    expect(pruner.getSpaceId('concat_0')).toEqual({ concat: ['a', null] });
    expect(pruner.getSpaceId('concat_1')).toEqual({ concat: [{ concat: ['a', null] }, 'c'] });
    expect(pruner.getSpaceId('chunk_0_item_0')).toEqual({ concat: ['a', null] });
    expect(pruner.getSpaceId('chunk_0_item_1')).toBe('c');
    pruner.setSubnet({ a: [1], c: [0, 3] });
    expect(pruner.exportSubnet()['d']).toMatchObject({ in_channels: 6, kept_in: [1, 2, 3, 4, 5, 8] });
    await expectExact(pruner, net);
  });
});

describe('row 13: what there is to choose from', () => {
  it('is a mask of ones for each space, without the output layer', async () => {
    const { pruner } = await prunerOf(plain);
    expect([...pruner.channelSpaces]).toEqual([
      ['conv1', new Uint8Array(8).fill(1)],
      ['group_0', new Uint8Array(6).fill(1)],
    ]);
  });

  it('leaves out modules by the beginning of their names, or by globs', async () => {
    for (const key of ['conv2', 'con*2']) {
      const { pruner } = await prunerOf(plain, { exceptStartKeys: [key] });
      expect([...pruner.channelSpaces.keys()]).toEqual(['conv1']);
      expect(pruner.getSpaceId('conv3')).toBeNull();
    }
    const { pruner } = await prunerOf(plain);
    expect(pruner.exceptStartKeys).toEqual(['head.fc']);
  });
});

describe('rows 14 and 15: masks', () => {
  it('are on the input and output of what bears channels, and on the output of what hands them on', async () => {
    const { pruner } = await prunerOf(plain);
    pruner.setSubnet({ conv1: '01000001', group_0: [false, true, false, true, false, false] });
    const attrs = [...pruner.addPruningAttrs()].map(([name, { inMask, outMask }]) => [
      name,
      inMask === null ? null : indices(inMask),
      outMask === null ? null : indices(outMask),
    ]);
    expect(attrs).toEqual([
      ['conv1', allOf(3), [1, 7]],
      ['bn1', null, [1, 7]],
      ['conv2', [1, 7], [1, 3]],
      ['conv3', [1, 7], [1, 3]],
      ['fc', [1, 3], allOf(5)],
    ]);
  });

  it('have any pattern, and are taken by mask, not from the front', async () => {
    const { pruner, net } = await prunerOf(plain);
    pruner.setSubnet(new Map([['conv1', new Uint8Array([0, 0, 1, 0, 1, 1, 0, 1])]]));
    expect(indices(pruner.subnet.get('conv1')!)).toEqual([2, 4, 5, 7]);
    expect(pruner.subnet.get('group_0')).toEqual(new Uint8Array(6).fill(1));
    await expectExact(pruner, net);
  });

  it('are refused with all that is wrong', async () => {
    const { pruner } = await prunerOf(plain);
    const wrong = { conv1: [8], group_0: [], head: [0], 'fc/weight[1]': [0] };
    expect(messagesOf(() => pruner.setSubnet(wrong))).toEqual([
      'E431 the space "conv1" has channels 0 to 7, and is given 8',
      'E431 the space "group_0" would be left without channels',
      'E430 there is no channel space "head"',
      'E433 the space "fc/weight[1]" can\'t lose channels',
    ]);
    const contradicting = { group_0: [0, 1], 'conv2/weight[3]': [2, 3, 4] };
    expect(messagesOf(() => pruner.setSubnet(contradicting))).toEqual([
      'E432 "conv2/weight[3]" is to keep 3 channels, not 2, and it shares its channels with "group_0"',
    ]);
    // The modules of a group stand for it.
    expect(messagesOf(() => pruner.setSubnet({ conv2: [0, 1], conv3: [0, 2] }))).toEqual([
      'E432 "conv3" is to keep other channels, and it shares its channels with "conv2"',
    ]);
    expect(messagesOf(() => pruner.setSubnet({ conv1: '101' }))).toEqual([
      'E431 the space "conv1" has 8 channels, and its mask 3',
    ]);
  });
});

describe('row 16: sampling', () => {
  it('draws a ratio for each space, the same for the same seed', async () => {
    const draw = async (seed: number): Promise<number[][]> => {
      const { pruner } = await prunerOf(plain, { seed });
      return Array.from({ length: 6 }, () =>
        [...pruner.sampleSubnet().values()].map((m) => indices(m).length),
      );
    };
    const first = await draw(1);
    expect(await draw(1)).toEqual(first);
    expect(await draw(2)).not.toEqual(first);
    for (const [conv1, group] of first) {
      expect([2, 4, 8]).toContain(conv1);
      expect([2, 3, 6]).toContain(group);
    }
  });

  it('takes the first channels, or any', async () => {
    const { pruner } = await prunerOf(plain, { ratios: [0.5] });
    expect(indices(pruner.sampleSubnet().get('conv1')!)).toEqual([0, 1, 2, 3]);
    const { pruner: any, net } = await prunerOf(plain, { ratios: [0.5], channels: 'random' });
    const drawn = any.sampleSubnet();
    expect(indices(drawn.get('conv1')!)).toHaveLength(4);
    expect(indices(drawn.get('conv1')!)).not.toEqual([0, 1, 2, 3]);
    any.setSubnet(drawn);
    await expectExact(any, net);
  });
});

describe('row 17: export', () => {
  it('has the channels of every module, and which of them stay', async () => {
    const { pruner } = await prunerOf(plain);
    pruner.setSubnet({ conv1: [1, 7] });
    expect(pruner.exportSubnet()['conv2']).toEqual({
      in_channels: 2,
      raw_in_channels: 8,
      out_channels: 6,
      raw_out_channels: 6,
      kept_in: [1, 7],
      kept_out: null,
    });
    expect(pruner.exportSubnet()['bn1']).toMatchObject({ out_channels: 2, raw_out_channels: 8 });
  });
});

describe('row 18: most and fewest channels', () => {
  it('are all of them, and those of the smallest ratio', async () => {
    const { pruner, net } = await prunerOf(plain);
    pruner.setMinChannel();
    expect([...pruner.subnet.values()].map(indices)).toEqual([
      [0, 1],
      [0, 1],
    ]);
    await expectExact(pruner, net);
    pruner.setMaxChannel();
    expect([...pruner.subnet.values()]).toEqual([...pruner.channelSpaces.values()]);
    await expectExact(pruner, net);
  });

  it('are an error where that is none', async () => {
    const { pruner } = await prunerOf(plain, { ratios: [0.05, 1] });
    expect(messagesOf(() => pruner.setMinChannel())).toEqual([
      'E431 the space "conv1" would be left without channels',
      'E431 the space "group_0" would be left without channels',
    ]);
    expect(messagesOf(() => new RatioPruner({ ratios: [0] }))).toEqual(['E437 0 is not a ratio to keep']);
  });
});

describe('row 20: bins', () => {
  it('cover every channel: all on is the maximum', async () => {
    const { pruner, net } = await prunerOf(plain);
    const bins = pruner.getMaxChannelBins(4);
    expect(bins['group_0']).toEqual(new Uint8Array(4).fill(1));
    pruner.setChannelBins(bins, 4);
    expect([...pruner.subnet.values()]).toEqual([...pruner.channelSpaces.values()]);
    // Six channels in four bins: 1, 2, 1, 2.
    for (const [bin, channels] of [[0], [1, 2], [3], [4, 5]].entries()) {
      pruner.setChannelBins({ group_0: allOf(4).map((i) => i === bin) }, 4);
      expect(indices(pruner.subnet.get('group_0')!)).toEqual(channels);
    }
    pruner.setChannelBins({ conv1: [0, 1, 0, 1], group_0: [1, 0, 0, 1] }, 4);
    expect([...pruner.subnet.values()].map(indices)).toEqual([
      [2, 3, 6, 7],
      [0, 4, 5],
    ]);
    await expectExact(pruner, net);
  });

  it('are refused where they do not fit', async () => {
    const { pruner } = await prunerOf(plain);
    expect(messagesOf(() => pruner.setChannelBins({ conv1: [1, 1] }, 3))).toEqual([
      'E437 the space "conv1" is given 2 bins, and has 3',
    ]);
    expect(messagesOf(() => pruner.setChannelBins({ conv1: [0, 0, 0] }, 3))).toEqual([
      'E431 the space "conv1" would be left without channels',
    ]);
    expect(messagesOf(() => pruner.getMaxChannelBins(0))).toEqual(['E437 0 is no number of bins']);
    // More bins than channels: those without a channel change nothing.
    expect(messagesOf(() => pruner.setChannelBins(pruner.getMaxChannelBins(100), 100))).toEqual([]);
    expect([...pruner.subnet.values()]).toEqual([...pruner.channelSpaces.values()]);
  });
});

describe('shared modules', () => {
  it('have one space, whatever runs them', async () => {
    const { pruner, net } = await prunerOf(`graph "shared" {
      input %x "x": float32[N,4]
      input %z "z": float32[N,4]
      param %k1 "head/weight": float32[4,6]
      param %b1 "head/bias": float32[6]
      param %k2 "one/weight": float32[6,2]
      param %k3 "two/weight": float32[6,2]
      %p = dense(x: %x, k: %k1, b: %b1, alpha: none)
      %q = dense(x: %z, k: %k1, b: %b1, alpha: none)
      %a = dense(x: %p, k: %k2, b: none, alpha: none)
      %b = dense(x: %q, k: %k3, b: none, alpha: none)
      %y = add(x: %a, y: %b)
      output "y": %y
    }`);
    expect(pruner.spaces.topology.modules.get('head')!.nodes).toHaveLength(2);
    expect(pruner.traceNonPassPath()).toEqual(['one', 'head', 'two']);
    pruner.setSubnet({ head: [0, 2, 5] });
    expect(pruner.exportSubnet()['two']).toMatchObject({ in_channels: 3, raw_in_channels: 6 });
    await expectExact(pruner, net);
  });
});
