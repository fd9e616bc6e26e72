import { beforeAll, describe, expect, it } from 'vitest';
import { DiagnosticError } from '../../src/diagnostics/diagnostic.js';
import { prepareGraph, runGraph } from '../../src/emit/interpret.js';
import { availableBackends, loadBackend, type Tf } from '../../src/emit/tf.js';
import type { NamedTensors } from '../../src/import/source-graph.js';
import { image, model, rules } from './support.js';

let tf: Tf;
beforeAll(async () => {
  tf = await loadBackend('cpu');
});

async function run(text: string, inputs: NamedTensors): Promise<NamedTensors> {
  const { graph, weights } = model(text);
  return runGraph(graph, weights, rules, inputs, tf);
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof DiagnosticError) return error.message;
    throw error;
  }
  return 'no error';
}

const vector = (...data: number[]): NamedTensors => ({
  x: { dtype: 'float32', shape: [1, data.length], data: new Float32Array(data) },
});

describe('running graphs', () => {
  it('computes what the emits say', async () => {
    const out = await run(
      `graph "g" {
        input %x "x": float32[N,3]
        param %two "two": float32[] = 2
        %a = times(x: %x, y: %two)
        %b = leaky(x: %a) { alpha: 0.5 }
        output "y": %b
      }`,
      { x: { dtype: 'float32', shape: [2, 3], data: new Float32Array([1, -1, 2, 0, -4, 3]) } },
    );
    expect(out).toEqual({
      y: { dtype: 'float32', shape: [2, 3], data: new Float32Array([2, -1, 4, 0, -4, 6]) },
    });
  });

  it('knows the batch size inside shapes and sizes', async () => {
    const text = `graph "g" {
      input %x "x": float32[N,2,3]
      %flat = flatten(x: %x) { shape: [N, 6] }
      %sizes = sizes(x: %flat)
      output "flat": %flat
      output "sizes": %sizes
    }`;
    const { sizes, flat } = await run(text, { x: image([5, 2, 3]) });
    expect(sizes).toEqual({ dtype: 'int32', shape: [2], data: new Int32Array([5, 6]) });
    expect(flat!.shape).toEqual([5, 6]);
  });

  it('takes apart and joins, and picks the results of a let', async () => {
    const text = `graph "g" {
      input %x "x": float32[N,4]
      %a, %b = parts(x: %x) { sizes: [1, 3] }
      %c = join(xs: [%b, %a])
      %values, %places = top(x: %c)
      output "joined": %c
      output "places": %places
    }`;
    const out = await run(text, vector(9, 1, 5, 2));
    expect(out.joined!.data).toEqual(new Float32Array([1, 5, 2, 9]));
    expect(out.places).toEqual({ dtype: 'int32', shape: [1, 2], data: new Int32Array([3, 1]) });
  });

  it('runs helpers', async () => {
    const out = await run(
      `graph "g" { 
        input %x "x": float32[N,2]
        %y = swish(x: %x)
        output "y": %y 
      }`,
      vector(0, 100),
    );
    expect(out.y!.data).toEqual(new Float32Array([0, 100]));
  });

  it('leaves no tensors behind, even where an emit gives back its operand', async () => {
    const { graph, weights } = model(`graph "g" {
      input %x "x": float32[N,4]
      %a = same(x: %x)
      %b = same(x: %a)
      %c = plus(x: %b, y: %x)
      output "y": %c
      output "x again": %x
    }`);
    const before = tf.memory().numTensors;
    const runner = prepareGraph(graph, weights, rules, tf);
    for (let i = 0; i < 3; i++) await runner.run(vector(1, 2, 3, 4));
    runner.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('frees values as they die', async () => {
    const { graph, weights } = model(`graph "g" {
      input %x "x": float32[N,4]
      ${Array.from({ length: 50 }, (_, i) => `%v${i} = leaky(x: %${i === 0 ? 'x' : `v${i - 1}`}) { alpha: 0.5 }`).join('\n')}
      output "y": %v49
    }`);
    let most = 0;
    const counting = new Proxy(tf, {
      get: (target, name) => {
        most = Math.max(most, target.memory().numTensors);
        return Reflect.get(target, name) as unknown;
      },
    });
    const before = tf.memory().numTensors;
    await runGraph(graph, weights, rules, vector(1, 2, 3, 4), counting);
    expect(most - before).toBeLessThanOrEqual(4);
  });

  it('refuses a helper that gives back what it was given', async () => {
    const text = `graph "g" {
      input %x "x": float32[N,4]
      %y = itself(x: %x)
      output "y": %y
    }`;
    expect(await codeOf(run(text, vector(1, 2, 3, 4)))).toBe(
      'E516: helper.itself gives back a tensor that it was given',
    );
  });

  it('refuses results that are not what the axes say', async () => {
    const text = `graph "g" {
      input %x "x": float32[N,4]
      %y = wrong(x: %x)
      output "y": %y
    }`;
    expect(await codeOf(run(text, vector(1, 2, 3, 4)))).toBe(
      'E508: the emit of wrong gives float32[], not float32[1, 4]',
    );
  });

  it('refuses inputs that do not fit', async () => {
    const text = `graph "g" { 
      input %x "x": float32[N,4]
      output "y": %x 
    }`;
    expect(await codeOf(run(text, {}))).toBe('E509: the input "x" does not fit the model');
    expect(await codeOf(run(text, vector(1)))).toBe('E509: the input "x" does not fit the model');
  });
});

describe('backends', () => {
  it('says which are installed', () => {
    expect(availableBackends()).toEqual(expect.arrayContaining(['cpu', 'wasm']));
  });
});
