import { describe, expect, it } from 'vitest';
import { parseGraph } from '../../src/ir/parse.js';
import { printGraph } from '../../src/ir/print.js';
import { loadRules } from '../../src/lang/load.js';
import { settleWeights } from '../../src/passes/settle.js';

const rules = loadRules([]);

async function settled(...lines: string[]): Promise<string> {
  const text = ['graph {', '  input %x "x": float32[N,2]', ...lines.map((line) => `  ${line}`), '}'].join(
    '\n',
  );
  const { graph, weights } = parseGraph(text, rules);
  const result = await settleWeights(graph, weights, rules);
  return printGraph(result.graph, { provenance: false, weights: result.weights });
}

describe('weights that are computed from others', () => {
  it('are computed once, to the last step that has their shape', async () => {
    const text = await settled(
      'param %k "dense.weight": float32[2,2] = [3, 0, 4, 2]',
      'param %g "dense.length": float32[1,2] = [10, 3]',
      '%n = euclidean_norm(x: %k) { over: [0], keep_dims: true }',
      '%s = div(x: %g, y: %n)',
      '%w = mul(x: %k, y: %s)',
      '%d = add(x: %w, y: %w)',
      '%y = dense(x: %x, k: %d)',
      'output "y": %y',
    );
    expect(text).toContain('param %d "dense.weight.computed": float32[2,2] = [12, 0, 16, 6]');
    expect(text).not.toMatch(/euclidean_norm|dense\.length|"dense\.weight":/);
  });

  it('are left alone where every element is changed on its own, or what is computed is no weight', async () => {
    const lines = [
      'param %k "k": float32[2,2] = [3, 0, 4, 2]',
      '%p = permute(x: %k) { perm: [1, 0] }',
      '%s = sum(x: %k) { over: [0] }',
      '%h = dense(x: %x, k: %p)',
      '%y = add(x: %h, y: %s)',
      'output "y": %y',
    ];
    expect(await settled(...lines)).toMatch(/permute.*\n.*sum/);
  });
});
