/** Small supernets as IR text over the core's rules, with made-up weights. */
import { expect } from 'vitest';
import { caseInputs, caseWeights, relativeDifference } from '../../src/cases/data.js';
import { DiagnosticError } from '../../src/diagnostics/diagnostic.js';
import { runGraph } from '../../src/emit/interpret.js';
import { loadBackend } from '../../src/emit/tf.js';
import { parseGraph } from '../../src/ir/parse.js';
import { loadRules } from '../../src/lang/load.js';
import type { RuleSet } from '../../src/lang/ast.js';
import { RatioPruner, type RatioPrunerOptions } from '../../src/supernet/ratio-pruner.js';
import type { Supernet } from '../../src/supernet/supernet.js';

let loaded: RuleSet | undefined;
export const coreRules = (): RuleSet => (loaded ??= loadRules([]));

export interface TestNet extends Supernet {
  readonly inputs: ReturnType<typeof caseInputs>;
}

export function supernetOf(text: string, rules = coreRules()): TestNet {
  const { graph, weights, ranges } = parseGraph(text, rules);
  return { graph, weights: caseWeights(graph, weights, ranges), rules, inputs: caseInputs(graph, ranges) };
}

export async function prunerOf(
  text: string,
  options: Partial<RatioPrunerOptions> = {},
): Promise<{ readonly pruner: RatioPruner; readonly net: TestNet }> {
  const net = supernetOf(text);
  const pruner = new RatioPruner({ ratios: [0.25, 0.5, 1], ...options });
  await pruner.prepareFromSupernet(net);
  return { pruner, net };
}

/** The deployed subnet computes what the masked network does, to 1e-5 of the output's scale. */
export async function expectExact(pruner: RatioPruner, net: TestNet): Promise<void> {
  const tf = await loadBackend('cpu');
  const masked = pruner.maskedSupernet();
  const deployed = await pruner.deploySubnet();
  const expected = await runGraph(masked.graph, masked.weights, net.rules, net.inputs, tf);
  const actual = await runGraph(deployed.graph, deployed.weights, net.rules, net.inputs, tf);
  for (const [name, output] of Object.entries(expected)) {
    expect(actual[name]!.shape).toEqual(output.shape);
    expect(relativeDifference(output.data, actual[name]!.data)).toBeLessThan(1e-5);
  }
}

/** The messages of what a call throws. */
export function messagesOf(run: () => unknown): string[] {
  try {
    run();
  } catch (error) {
    if (error instanceof DiagnosticError) return error.diagnostics.map((d) => `${d.code} ${d.message}`);
    throw error;
  }
  return [];
}

/** `indices(mask)`: which channels stay. */
export const indices = (mask: ArrayLike<number>): number[] =>
  Array.from(mask, (on, i) => (on ? i : -1)).filter((i) => i >= 0);
