import { describe, expect, it } from 'vitest';
import type { WeightStore } from '../../src/ir/graph.js';
import { unpack, type PackedData } from '../../src/ir/packed.js';
import { parseGraph } from '../../src/ir/parse.js';
import { mapWeights } from '../../src/ir/weights.js';
import { foldConstants } from '../../src/passes/fold.js';
import { runOf } from '../../src/passes/packed-values.js';
import { toyRules } from './toy.js';

const rules = toyRules();

/** A store in which one weight is packed, and others are plain. */
function withPacked(name: string, packed: PackedData, others: WeightStore): WeightStore {
  const plain = mapWeights(new Map([[name, unpack(packed)]]));
  return {
    has: (asked) => plain.has(asked) || others.has(asked),
    get: (asked) => (plain.has(asked) ? plain.get(asked) : others.get(asked)),
    packed: (asked) => (asked === name ? packed : null),
  };
}

const packed: PackedData = {
  codes: new Uint8Array([0, 1, 2, 100, 200, 255, 7, 8]),
  coding: { kind: 'affine', scale: 0.1, min: -1 },
  factors: [],
};

const graphOf = (...lines: string[]): string =>
  `graph "toy" { input %x "x": float32[N,2,4]\nparam %k "k": float32[2,4]\n${lines.join('\n')}\noutput "y": %y }`;

/** What is known of the one constant that is left when constants are folded. */
async function folded(...lines: string[]): Promise<{ packed: PackedData | null; data: ArrayLike<number> }> {
  const { graph, weights } = parseGraph(graphOf(...lines), rules);
  const result = await foldConstants(graph, withPacked('k', packed, weights), { rules });
  const reader = result.graph.nodes.at(-1)!;
  const { name } = result.graph.parameters[reader.operands['y'] as string]!;
  const left = result.weights.packed?.(name) ?? null;
  const data = result.weights.get(name);
  if (left !== null) expect(unpack(left)).toEqual(data);
  return { packed: left, data };
}

describe('what a model stores', () => {
  it('moves with re-layouts', async () => {
    const { packed: moved } = await folded(
      '%t = permute(x: %k) { perm: [1, 0] }',
      '%r = reshape(x: %t) { shape: [2, 4] }',
      '%y = mul(x: %x, y: %r)',
    );
    expect(moved).toEqual({ ...packed, codes: new Uint8Array([0, 200, 1, 255, 2, 7, 100, 8]) });
  });

  it('keeps factors that repeat along it, on either side', async () => {
    const { packed: multiplied } = await folded(
      'param %a "a": float32[4] = [0.1, 0.2, 0.3, 0.4]',
      'param %b "b": float32[2,1] = [3, -7]',
      '%m = mul(x: %k, y: %a)',
      '%n = mul(x: %b, y: %m)',
      '%y = mul(x: %x, y: %n)',
    );
    expect(multiplied!.factors).toEqual([
      { data: new Float32Array([0.1, 0.2, 0.3, 0.4]), run: 1 },
      { data: new Float32Array([3, -7]), run: 4 },
    ]);
  });

  it('keeps factors through new shapes, and drops them where the order changes', async () => {
    const times = ['param %a "a": float32[4] = [0.1, 0.2, 0.3, 0.4]', '%m = mul(x: %k, y: %a)'];
    const shaped = await folded(
      ...times,
      '%r = reshape(x: %m) { shape: [1, 2, 4] }',
      '%y = mul(x: %x, y: %r)',
    );
    expect(shaped.packed?.factors).toHaveLength(1);
    const turned = await folded(
      ...times,
      '%r = permute(x: %m) { perm: [1, 0] }',
      '%s = reshape(x: %r) { shape: [2, 4] }',
      '%y = mul(x: %x, y: %s)',
    );
    expect(turned.packed).toBeNull();
  });

  it('is given up where it is computed with in another way', async () => {
    const { packed: gone } = await folded('%n = neg(x: %k)', '%y = mul(x: %x, y: %n)');
    expect(gone).toBeNull();
  });
});

describe('a part that is broadcast to a whole', () => {
  it.each([
    [[], [2, 3], 6],
    [[1], [2, 3], 6],
    [[3], [2, 3], 1],
    [[2, 1], [2, 3], 3],
    [[2, 3], [4, 2, 3], 1],
    [[2, 1, 3], [2, 1, 3], 1],
    [[2, 1, 3], [2, 5, 3], null],
  ])('%j of %j', (part, whole, run) => {
    expect(runOf(part, whole)).toBe(run);
  });
});
