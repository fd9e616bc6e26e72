/** Subnet files: Espalier's, MMRazor's as JSON and as YAML, and what is wrong with them. */
import { describe, expect, it } from 'vitest';
import { describeSubnet, printSubnet } from '../../src/prune/subnet.js';
import { keepOfFile, parseSubnetFile, printSubnetFile } from '../../src/supernet/subnet-file.js';
import { expectExact, messagesOf, prunerOf } from './support.js';

const net = `graph "plain" {
  input %x "x": float32[N,4,4,3]
  param %k1 "backbone.conv1.weight": float32[1,1,3,8]
  param %g "backbone.bn1.weight": float32[8] = random(0.5, 2)
  param %b "backbone.bn1.bias": float32[8]
  param %m "backbone.bn1.running_mean": float32[8]
  param %v "backbone.bn1.running_var": float32[8] = random(0.5, 2)
  param %kd "backbone.dw.weight": float32[3,3,8,1]
  param %k2 "backbone.conv2.weight": float32[1,1,8,6]
  param %k3 "head.weight": float32[1,1,14,5]
  %c1 = conv2d(x: %x, k: %k1, b: none, alpha: none)
  %n1 = batch_norm(x: %c1, gamma: %g, beta: %b, mean: %m, variance: %v)
  %d = depthwise_conv2d(x: %n1, k: %kd, b: none, alpha: none) { pad: 'same' }
  %c2 = conv2d(x: %d, k: %k2, b: none, alpha: none)
  %cat = concat(xs: [%c2, %d]) { axis: 3 }
  %y = conv2d(x: %cat, k: %k3, b: none, alpha: none)
  output "y": %y
}`;

/** As AutoSlim's configurations are. */
const yaml = `
backbone.bn1:
  out_channels: 4
  raw_out_channels: 8
backbone.conv1:
  in_channels: 3
  out_channels: 4
  raw_in_channels: 3
  raw_out_channels: 8
backbone.conv2: {in_channels: 4, out_channels: 2, raw_in_channels: 8, raw_out_channels: 6}
head:
  in_channels: 6
  out_channels: 5
  raw_in_channels: 14
  raw_out_channels: 5
`;

describe('subnet files', () => {
  it('name the kept channels of spaces, and are read as they are written', async () => {
    const { pruner, net: whole } = await prunerOf(net);
    pruner.setSubnet({ group_0: [1, 2, 7] });
    const text = printSubnetFile(pruner.spaces, pruner.keep);
    expect(text).toBe(`{
  "version": 1,
  "spaces": {
    "backbone.conv1.weight[3]": [1, 2, 7],
    "backbone.conv2.weight[3]": null
  }
}
`);
    expect(keepOfFile(pruner.spaces, parseSubnetFile(text, 'a.json'))).toEqual(pruner.keep);
    pruner.loadSubnet(parseSubnetFile(`{ "version": 1, "spaces": { "group_0": "01100001" } }`, 'a.json'));
    expect(printSubnetFile(pruner.spaces, pruner.keep)).toBe(text);
    await expectExact(pruner, whole);
  });

  it('may be what compile writes', async () => {
    const { pruner } = await prunerOf(net);
    pruner.setSubnet({ group_0: [0, 7] });
    const { graph } = pruner.supernet;
    const subnet = describeSubnet(graph, pruner.spaces.analysis, pruner.keep, {}, { model: '', rules: {} });
    expect(keepOfFile(pruner.spaces, parseSubnetFile(printSubnet(subnet), 'subnet.json'))).toEqual(
      pruner.keep,
    );
  });

  it('may be MMRazor’s, as YAML and as JSON: widths, of the first channels', async () => {
    const { pruner, net: whole } = await prunerOf(net);
    const file = parseSubnetFile(yaml, 'AUTOSLIM.yaml');
    pruner.loadSubnet(file);
    expect(printSubnetFile(pruner.spaces, pruner.keep)).toContain(
      '"backbone.conv1.weight[3]": [0, 1, 2, 3],',
    );
    expect(printSubnetFile(pruner.spaces, pruner.keep)).toContain('"backbone.conv2.weight[3]": [0, 1]\n');
    const json = JSON.stringify(Object.fromEntries(file.entries));
    expect(parseSubnetFile(json, 'export.json')).toEqual(file);
    await expectExact(pruner, whole);
  });

  it('may be an export, whose kept channels count', async () => {
    const { pruner } = await prunerOf(net);
    pruner.setSubnet({ group_0: [0, 3, 7], 'backbone.conv2': [5] });
    const exported = JSON.stringify(pruner.exportSubnet());
    const { keep } = pruner;
    pruner.setMaxChannel();
    pruner.loadSubnet(parseSubnetFile(exported, 'export.json'));
    expect(pruner.keep).toEqual(keep);
  });

  it('are refused with what is wrong', async () => {
    const { pruner } = await prunerOf(net);
    const load = (text: string, file = 'a.json') =>
      messagesOf(() => pruner.loadSubnet(parseSubnetFile(text, file)));
    expect(load('{')).toEqual(['E434 a.json is not JSON']);
    expect(load('a: [', 'a.yaml')).toEqual(['E434 a.yaml is not YAML']);
    expect(load('[]')).toEqual(['E434 a.json is not a subnet file']);
    expect(load('{ "version": 2, "spaces": {} }')).toEqual(['E434 a.json is not a subnet file']);
    expect(load('{ "conv1": 3 }')).toEqual(['E434 a.json is not a subnet file']);
    expect(load('{ "conv1": { "out_channels": -1 }, "b": 3 }')).toEqual([
      'E434 "conv1" has a `out_channels` that is not a whole number from 0',
      'E434 "b" is not an object',
    ]);
    expect(load('{ "conv1": { "out_channels": 4 } }')).toEqual(['E435 the network has no module "conv1"']);
    expect(load('{ "backbone.conv1": { "out_channels": 9 } }')).toEqual([
      'E436 "backbone.conv1" can\'t have 9 channels coming out',
    ]);
    expect(load('{ "backbone.conv1": { "out_channels": 4, "raw_out_channels": 16 } }')).toEqual([
      'E436 "backbone.conv1" has 8 channels coming out before pruning, not 16',
    ]);
    expect(load('{ "backbone.conv1": { "out_channels": 4 }, "backbone.dw": { "out_channels": 3 } }')).toEqual(
      ['E432 "backbone.dw" is to keep 3 channels, not 4, and it shares its channels with "backbone.conv1"'],
    );
    expect(load('{ "backbone.conv1": { "out_channels": 4 }, "head": { "in_channels": 9 } }')).toEqual([
      'E436 "head" is stated to have 9 channels going in, and it gets 10',
    ]);
    expect(load('{ "head": { "out_channels": 4 } }')).toEqual([
      'E436 "head" is stated to have 4 channels coming out, and it gets 5',
    ]);
  });
});
