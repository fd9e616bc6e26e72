/** A batch may be computed in parts where the axis of examples could be pruned. */
import { describe, expect, it } from 'vitest';
import { examplesAreIndependent } from '../../src/axes/examples.js';
import { parseGraph } from '../../src/ir/parse.js';
import { loadRules } from '../../src/lang/load.js';
import { rulesOf } from '../rules-of.js';

const rules = loadRules([]);

const independent = (body: string, given = rules): boolean =>
  examplesAreIndependent(parseGraph(`graph "g" {\n${body}\n}`, given).graph, given);

describe('examples are independent', () => {
  it('in a network of convolutions, sums, joins and dense layers', () => {
    const body = `
  input %x "x": float32[N,8,8,3]
  param %k "k": float32[3,3,3,4]
  param %d "d": float32[512,10]
  %a = conv2d(%x, %k) { pad: 'same', strides: [2, 2] }
  %b = relu(%a)
  %c = concat(xs: [%a, %b]) { axis: 3 }
  %e = reshape(%c) { shape: [N, 512] }
  %y = dense(%e, %d)
  %z = softmax(%y) { axis: 1 }
  output "z": %z`;
    expect(independent(body)).toBe(true);
  });

  it('where their axis is not the first one for a while, or part of another', () => {
    const body = `
  input %x "x": float32[N,6,4]
  param %d "d": float32[4,4]
  %a = permute(%x) { perm: [1, 0, 2] }
  %b = reshape(%a) { shape: [6N, 4] }
  %c = dense(%b, %d)
  %e = reshape(%c) { shape: [6, N, 4] }
  %y = permute(%e) { perm: [1, 0, 2] }
  output "y": %y`;
    expect(independent(body)).toBe(true);
  });

  it('of several inputs that have them', () => {
    const body = `
  input %x "x": float32[N,4]
  input %u "u": float32[N,4]
  %y = add(%x, %u)
  %z = mul(%x, %u)
  output "y": %y
  output "z": %z`;
    expect(independent(body)).toBe(true);
  });
});

describe('examples depend on others', () => {
  it.each([
    ['by a mean of them', '%y = sub(%x, %m)', '%m = mean(%x) { over: [0], keep_dims: true }'],
    ['by a sum of them', '%y = sub(%x, %m)', '%m = sum(%x) { over: [0], keep_dims: true }'],
    ['by the largest of them', '%y = sub(%x, %m)', '%m = max(%x) { over: [0], keep_dims: true }'],
    ['by a sum along them', '%y = relu(%m)', '%m = cumsum(%x) { axis: 0 }'],
    [
      'by a product of them',
      '%y = matmul(%s, %x)',
      '%t = permute(%x) { perm: [1, 0] }\n  %s = matmul(%x, %t)',
    ],
    ['by the order that they are in', '%y = relu(%m)', '%m = reverse(%x) { over: [0] }'],
  ])('%s', (_, uses, makes) => {
    const body = `
  input %x "x": float32[N,4]
  ${makes}
  ${uses}
  output "y": %y`;
    expect(independent(body)).toBe(false);
  });

  it('where an output has none of its own', () => {
    const body = `
  input %x "x": float32[N,4]
  param %k "k": float32[3,4]
  %a = relu(%x)
  %y = relu(%k)
  output "a": %a
  output "y": %y`;
    expect(independent(body)).toBe(false);
  });

  it('where an input has none', () => {
    const body = `
  input %x "x": float32[N,4]
  input %u "u": float32[4]
  %y = add(%x, %u)
  output "y": %y`;
    expect(independent(body)).toBe(false);
  });

  it('where they are told apart by another axis only, which the batch is not', () => {
    const body = `
  input %x "x": float32[1,4]
  %y = relu(%x)
  output "y": %y`;
    expect(independent(body)).toBe(false);
  });

  it('where an axis as long as the batch is made from its size', () => {
    const body = `
  input %x "x": float32[N,4]
  param %k "k": float32[1,4]
  %a = broadcast_to(%k) { shape: [N, 4] }
  %s = sum(%a) { over: [0] }
  %y = mul(%x, %s)
  output "y": %y`;
    expect(independent(body)).toBe(false);
  });

  it('where its size is a number to compute with', () => {
    const own = rulesOf(`
/// Divides by a number.
op shared(x) -> y { axes x[a...] -> y[a...] attrs by: int emit tf.div(x, by) }
`);
    expect(independent('input %x "x": float32[N,4]\n%y = shared(%x) { by: N }\noutput "y": %y', own)).toBe(
      false,
    );
    expect(independent('input %x "x": float32[N,4]\n%y = shared(%x) { by: 2 }\noutput "y": %y', own)).toBe(
      true,
    );
  });
});
