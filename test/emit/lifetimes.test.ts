/** Emitted functions free what nothing reads any more, and nothing else. */
import { beforeAll, describe, expect, it } from 'vitest';
import { emitModule } from '../../src/emit/module.js';
import { importEmitted, loadEmitted, type EmittedModel } from '../../src/emit/run-module.js';
import { runGraph } from '../../src/emit/interpret.js';
import { loadBackend, type Tensor, type Tf } from '../../src/emit/tf.js';
import type { NamedTensors } from '../../src/import/source-graph.js';
import { difference, model, rules } from './support.js';

let tf: Tf;
beforeAll(async () => {
  tf = await loadBackend('cpu');
});

const inputs: NamedTensors = {
  x: { dtype: 'float32', shape: [1, 4], data: new Float32Array([1, -2, 3, -4]) },
};

/** The statements of the function of a model, which computes what the interpreter does. */
async function statementsOf(text: string, trainable = false): Promise<string[]> {
  const { graph, weights } = model(text);
  const module = await emitModule(graph, weights, rules, { backend: 'cpu', trainable });
  const loaded = await loadEmitted(module, 'cpu');
  const outputs = await loaded.predict(inputs);
  loaded.dispose();
  expect(difference(outputs, await runGraph(graph, weights, rules, inputs, tf))).toBe(0);
  const [, body] = /\nfunction g\(.*\{\n((?: {2}.*\n)*)\}/.exec(module.modelTs)!;
  return body!
    .trimEnd()
    .split('\n  ')
    .map((line) => line.trim());
}

const disposalsIn = (statements: readonly string[]): string[] =>
  statements.filter((line) => line.includes('dispose'));

/** An emitted module with its weights in memory. */
async function loadModel(text: string): Promise<EmittedModel> {
  const { graph, weights } = model(text);
  const module = await emitModule(graph, weights, rules, { backend: 'cpu', trainable: false });
  const { load } = await importEmitted(module.modelTs);
  return load(Uint8Array.from(module.weights).buffer);
}

describe('a value', () => {
  it('is freed after its last use', async () => {
    const statements = await statementsOf(`graph "g" {
      input %x "x": float32[N,4]
      %a = leaky(x: %x) { alpha: 0.5 }
      %b = leaky(x: %a) { alpha: 0.5 }
      %c = plus(x: %a, y: %b)
      %d = leaky(x: %c) { alpha: 0.5 }
      %e = plus(x: %d, y: %x)
      output "y": %e
    }`);
    expect(disposalsIn(statements)).toEqual(['tf.dispose([leaky, leaky2]);', 'plus.dispose();']);
    // What the last statement reads is freed by the end of the function.
    expect(statements.at(-1)).toMatch(/^return tf\.add\(leaky3, x\)/);
  });

  it('is freed when nothing reads it by another name either', async () => {
    const statements = await statementsOf(`graph "g" {
      input %x "x": float32[N,4]
      %a = leaky(x: %x) { alpha: 0.5 }
      %again = same(x: %a)
      %b = leaky(x: %a) { alpha: 0.5 }
      %c = plus(x: %b, y: %b)
      %d = plus(x: %again, y: %c)
      %e = plus(x: %d, y: %x)
      output "y": %e
    }`);
    expect(disposalsIn(statements)).toEqual(['leaky2.dispose();', 'tf.dispose([leaky, plus]);']);
  });

  it('stays where it is an output, an input, or what an input is called elsewhere', async () => {
    const statements = await statementsOf(`graph "g" {
      input %x "x": float32[N,4]
      %same = same(x: %x)
      %a = leaky(x: %same) { alpha: 0.5 }
      %b = leaky(x: %a) { alpha: 0.5 }
      %c = plus(x: %a, y: %b)
      output "a": %a
      output "same": %same
      output "c": %c
    }`);
    expect(disposalsIn(statements)).toEqual([]);
    expect(statements.join(' ')).toContain('same: tf.clone(x)');
  });

  it('stays where a gradient may ask for it', async () => {
    const statements = await statementsOf(
      `graph "g" {
        input %x "x": float32[N,4]
        %a = leaky(x: %x) { alpha: 0.5 }
        %b = leaky(x: %a) { alpha: 0.5 }
        %c = plus(x: %b, y: %x)
        output "y": %c
      }`,
      true,
    );
    expect(disposalsIn(statements)).toEqual([]);
  });
});

it('few values are in memory at a time, however long the model is', async () => {
  const layers = Array.from({ length: 100 }, (_, i) => `%v${i + 1} = leaky(x: %v${i}) { alpha: 0.5 }`);
  const loaded = await loadModel(`graph "g" {
    input %v0 "x": float32[N,4]
    ${layers.join('\n')}
    output "y": %v100
  }`);
  const input = tf.ones([1, 4]);
  const before = tf.memory().numTensors;
  const { kernels } = await tf.profile(() => {
    const result = loaded.predict(input) as Tensor;
    expect(tf.memory().numTensors).toBe(before + 1);
    return result;
  });
  expect(kernels).toHaveLength(100);
  expect(Math.max(...kernels.map(({ totalTensorsSnapshot }) => totalTensorsSnapshot))).toBeLessThan(
    before + 8,
  );
  tf.dispose(input);
  loaded.dispose();
});

it('what a model gives back belongs to the caller, even where it is the input itself', async () => {
  const loaded = await loadModel(`graph "g" {
    input %x "x": float32[N,4]
    %y = same(x: %x)
    output "y": %y
  }`);
  const input = tf.ones([1, 4]);
  tf.dispose(loaded.predict(input) as Tensor);
  expect(input.isDisposed).toBe(false);
  input.dispose();
  loaded.dispose();
});
