import { describe, expect, it } from 'vitest';
import { DiagnosticError } from '../../src/diagnostics/diagnostic.js';
import { moduleChannels, moduleOf } from '../../src/prune/modules.js';
import { readSubnet } from '../../src/prune/read-subnet.js';
import { describeSubnet, printSubnet, type Subnet } from '../../src/prune/subnet.js';
import { network, plain } from './network.js';

const hashes = { model: 'abc', rules: { 'conv.rules': 'def' } };

function plainSubnet(): Subnet {
  const net = network(plain);
  const keep = new Map([[net.space('a/kernel', 3).leaf, [0, 2, 7]]]);
  return describeSubnet(net.graph, net.analysis, keep, { ratio: 0.6, exclude: ['x'] }, hashes);
}

describe('subnet.json', () => {
  it('says what was kept, and of what', () => {
    const subnet = plainSubnet();
    expect(subnet.spaces.filter((s) => s.kept !== null)).toEqual([
      {
        id: 'a/kernel[3]',
        size: 8,
        kept: [0, 2, 7],
        shared_by: [
          { parameter: 'a/kernel', dim: 3 },
          { parameter: 'a/norm/gamma', dim: 0 },
          { parameter: 'a/norm/beta', dim: 0 },
          { parameter: 'b/kernel', dim: 2 },
        ],
      },
    ]);
    expect(subnet.parameters['b/kernel']).toEqual({
      raw_shape: [1, 1, 8, 6],
      shape: [1, 1, 3, 6],
      kept: [null, null, [0, 2, 7], null],
    });
    expect(Object.keys(subnet.parameters)).toEqual([
      'a/kernel',
      'a/norm/gamma',
      'a/norm/beta',
      'b/kernel',
      'c/kernel',
    ]);
    expect(subnet.channels).toEqual({
      a: { in_channels: 3, raw_in_channels: 3, out_channels: 3, raw_out_channels: 8 },
      'a/norm': { in_channels: 3, raw_in_channels: 8, out_channels: 3, raw_out_channels: 8 },
      b: { in_channels: 3, raw_in_channels: 8, out_channels: 6, raw_out_channels: 6 },
      c: { in_channels: 6, raw_in_channels: 6, out_channels: 5, raw_out_channels: 5 },
    });
  });

  it('is the same when read back, and prints one line a list', () => {
    const subnet = plainSubnet();
    const text = printSubnet(subnet);
    expect(readSubnet(text, 'subnet.json')).toEqual(subnet);
    expect(printSubnet(readSubnet(text, 'subnet.json'))).toBe(text);
    expect(text).toContain('"kept": [0, 2, 7]');
    expect(text).toContain('"raw_shape": [1, 1, 8, 6],\n');
    expect(JSON.parse(text)).toEqual(subnet);
  });

  it('takes any name as data', () => {
    const net = network(`
      input %x "x": float32[N,3]
      param %k "__proto__": float32[3,4]
      %y = dense(x: %x, k: %k)
      output "y": %y`);
    const subnet = describeSubnet(net.graph, net.analysis, new Map(), {}, hashes);
    const text = printSubnet(subnet);
    expect(text).toContain('"__proto__": {\n      "raw_shape": [3, 4],');
    expect(Object.keys(readSubnet(text, 'f').parameters)).toEqual(['__proto__']);
  });
});

describe('reading subnet.json', () => {
  const problems = (text: string): string[] => {
    try {
      readSubnet(text, 'out/subnet.json');
    } catch (error) {
      if (error instanceof DiagnosticError) return error.diagnostics.map((d) => `${d.code} ${d.message}`);
      throw error;
    }
    return [];
  };
  interface Editable {
    spaces: { size: number; kept: unknown }[];
    parameters: Record<string, object>;
    hashes: object;
  }
  const edited = (edit: (subnet: Editable) => void): string => {
    const subnet = JSON.parse(printSubnet(plainSubnet())) as Editable;
    edit(subnet);
    return JSON.stringify(subnet);
  };

  it('rejects what is cut short', () => {
    expect(problems(printSubnet(plainSubnet()).slice(0, 100))).toEqual(['E409 out/subnet.json is not JSON']);
    expect(problems('[]')).toEqual(['E409 the file is not an object']);
  });

  it('finds every problem', () => {
    const text = edited((subnet) => {
      Object.assign(subnet, { version: 2, options: null, channels: [] });
      Object.assign(subnet.spaces[0]!, { kept: [2, 1] });
      Object.assign(subnet.parameters['b/kernel']!, { shape: [1, 1, 4, 6] });
      Object.assign(subnet.parameters['c/kernel']!, { kept: [null] });
      Object.assign(subnet.hashes, { model: 5 });
    });
    expect(problems(text)).toEqual([
      'E409 version is not 1',
      'E409 spaces.0.kept is not an ascending list of indices below 3',
      'E409 channels is not an object',
      'E409 parameters."b/kernel".shape.2 is not the number of kept indices',
      'E409 parameters."c/kernel" has lists of different length for raw_shape, shape and kept',
      'E409 options is not an object',
      'E409 hashes.model is not a text',
    ]);
  });

  it.each([[[]], [[0, 0]], [[-1, 2]], [[7, 8]], [[0.5]], [['0']], [[0, null]], ['all']])(
    'does not take %j for kept indices of eight',
    (kept) => {
      const text = edited(({ spaces }) => {
        spaces.find((s) => s.size === 8)!.kept = kept;
      });
      expect(problems(text)).not.toEqual([]);
    },
  );
});

describe('modules', () => {
  it('are named by their parameters', () => {
    expect(moduleOf('features/3/conv/weights')).toBe('features/3/conv');
    expect(moduleOf('layer1.0.conv1.weight')).toBe('layer1.0.conv1');
    expect(moduleOf('a/b.c/kernel.0')).toBe('a/b.c');
    expect(moduleOf('kernel')).toBe('kernel');
    expect(moduleOf('/kernel')).toBe('/kernel');
  });

  it('of several nodes take in what the first takes, and give what the last gives', () => {
    const { graph, analysis } = network(`
      input %x "x": float32[N,2,2,3]
      param %k1 "sep/depthwise": float32[3,3,3,2]
      param %k2 "sep/pointwise": float32[1,1,6,8]
      param %b "sep/bias": float32[8]
      param %k3 "head/kernel": float32[8,2]
      %y1 = depthwise(x: %x, k: %k1)
      %y2 = conv(x: %y1, k: %k2)
      %y3 = add(x: %y2, y: %b)
      %y4 = dense(x: %y3, k: %k3)
      output "y": %y4`);
    expect([...moduleChannels(graph, analysis, new Map())]).toEqual([
      ['sep', { in_channels: 3, raw_in_channels: 3, out_channels: 8, raw_out_channels: 8 }],
      ['head', { in_channels: 8, raw_in_channels: 8, out_channels: 2, raw_out_channels: 2 }],
    ]);
  });

  it('are found behind what is computed from parameters', () => {
    const { graph, analysis } = network(`
      input %x "x": float32[N,3]
      param %k "m/kernel": float32[4,3]
      %t = transpose(x: %k) { perm: [1, 0] }
      %y = dense(x: %x, k: %t)
      output "y": %y`);
    expect([...moduleChannels(graph, analysis, new Map())]).toEqual([
      ['m', { in_channels: 3, raw_in_channels: 3, out_channels: 4, raw_out_channels: 4 }],
    ]);
  });
});
