import { describe, expect, it } from 'vitest';
import { measures, scoreChannels } from '../../src/prune/importance.js';
import { network, type Network, plain } from './network.js';

function score(net: Network, names: readonly [string, number][], measure: string, seed = 0) {
  const spaces = names.map(([parameter, dim]) => net.space(parameter, dim));
  const { scores, diagnostics } = scoreChannels(net, spaces, measures.get(measure)!, seed);
  return { scores: spaces.map((s) => [...scores.get(s.leaf)!]), diagnostics };
}

const small = `
  input %x "x": float32[N,1]
  param %k1 "a/kernel": float32[1,3]
  param %g "a/gamma": float32[3]
  param %b "a/beta": float32[3]
  param %k2 "b/kernel": float32[3,2]
  param %k3 "c/kernel": float32[2,1]
  %y1 = dense(x: %x, k: %k1)
  %y2 = norm(x: %y1, gamma: %g, beta: %b)
  %y3 = dense(x: %y2, k: %k2)
  %y4 = dense(x: %y3, k: %k3)
  output "y": %y4`;

const given = {
  'a/kernel': Float32Array.of(1, -2, 3),
  'a/gamma': Float32Array.of(-5, 0, 1),
  'a/beta': Float32Array.of(0, 1, 0),
  'b/kernel': Float32Array.of(3, 4, 6, 8, 0, 1),
  'c/kernel': Float32Array.of(10, -20),
};

describe('importance of channels', () => {
  it('is added up over every slice that a channel owns', () => {
    const { scores, diagnostics } = score(
      network(small, given),
      [
        ['a/kernel', 1],
        ['b/kernel', 1],
      ],
      'l1',
    );
    expect(scores).toEqual([
      [1 + 5 + 0 + 7, 2 + 0 + 1 + 14, 3 + 1 + 0 + 1],
      [9 + 10, 13 + 20],
    ]);
    expect(diagnostics).toEqual([]);
  });

  it('adds norms of slices for l2', () => {
    const { scores } = score(network(small, given), [['a/kernel', 1]], 'l2');
    expect(scores).toEqual([[1 + 5 + 0 + 5, 2 + 0 + 1 + 10, 3 + 1 + 0 + 1]]);
  });

  it('reads the parameters with the role, and falls back where there are none', () => {
    const { scores, diagnostics } = score(
      network(small, given),
      [
        ['a/kernel', 1],
        ['b/kernel', 1],
      ],
      'bn-scale',
    );
    expect(scores).toEqual([
      [5, 0, 1],
      [Math.sqrt(9 + 36) + 10, Math.sqrt(16 + 64 + 1) + 20],
    ]);
    expect(diagnostics).toEqual([
      {
        code: 'E405',
        severity: 'warning',
        message: '1 of 2 channel spaces have no parameter with the role "scale"; l2 ranks them',
        why: 'These are b/kernel[1].',
      },
    ]);
  });

  it('counts both rows and columns of a matrix from a space to itself', () => {
    const net = network(
      `
      input %x "x": float32[N,1]
      param %k "k": float32[1,2]
      param %r "r": float32[2,2]
      param %o "o": float32[2,1]
      %h = dense(x: %x, k: %k)
      %s = dense(x: %h, k: %r)
      %t = add(x: %h, y: %s)
      %y = dense(x: %t, k: %o)
      output "y": %y`,
      {
        k: Float32Array.of(0, 0),
        r: Float32Array.of(1, 2, 4, 8),
        o: Float32Array.of(100, 200),
      },
    );
    expect(net.space('k', 1)).toBe(net.space('r', 0));
    expect(score(net, [['k', 1]], 'l1').scores).toEqual([[3 + 5 + 100, 12 + 10 + 200]]);
  });

  it('finds channels inside sums and products', () => {
    const net = network(
      `
      input %x "x": float32[N,1,1,1]
      param %k1 "a": float32[1,1,1,2]
      param %k2 "b": float32[1,1,1,1]
      param %k3 "c": float32[1,1,3,2]
      param %k4 "d": float32[6,1]
      %y1 = conv(x: %x, k: %k1)
      %y2 = conv(x: %x, k: %k2)
      %y3 = concat(xs: [%y2, %y1]) { axis: 3 }
      %y4 = depthwise(x: %y3, k: %k3)
      %y5 = dense(x: %y4, k: %k4)
      output "y": %y5`,
      {
        a: Float32Array.of(1, 2),
        b: Float32Array.of(0),
        c: Float32Array.of(9, 9, 10, 20, 30, 40),
        d: Float32Array.of(9, 9, 100, 200, 300, 400),
      },
    );
    // the dense layer's rows are (b + a) · 2, in this order
    expect(score(net, [['a', 3]], 'l1').scores).toEqual([[1 + 30 + 300, 2 + 70 + 700]]);
  });

  it('is random by seed and space', () => {
    const net = network(plain);
    const places: [string, number][] = [
      ['a/kernel', 3],
      ['b/kernel', 3],
    ];
    const [first, second] = score(net, places, 'random', 1).scores;
    expect(score(net, places, 'random', 1).scores).toEqual([first, second]);
    expect(score(net, places, 'random', 2).scores[0]).not.toEqual(first);
    expect(second!.slice(0, 3)).not.toEqual(first!.slice(0, 3));
  });

  it('warns about weights that are not finite', () => {
    const broken = { ...given, 'b/kernel': Float32Array.of(NaN, 4, 6, 8, 0, Infinity) };
    const { diagnostics } = score(network(small, broken), [['a/kernel', 1]], 'l1');
    expect(diagnostics.map((d) => [d.code, d.severity, d.why])).toEqual([
      ['E410', 'warning', 'These are a/kernel[1].'],
    ]);
  });

  it('finds weights that do not fit their shape', () => {
    const short = { ...given, 'b/kernel': Float32Array.of(1, 2) };
    expect(() => score(network(small, short), [['a/kernel', 1]], 'l1')).toThrow(
      'E407: weight "b/kernel" has 2 elements, its shape [3, 2] needs 6',
    );
  });
});
