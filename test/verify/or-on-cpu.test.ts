import { describe, expect, it } from 'vitest';
import { orOnCpu } from '../../src/compile/verify-lowered.js';
import { loadBackend } from '../../src/emit/tf.js';
import type { Runner } from '../../src/verify/verify.js';

const answer = { y: { dtype: 'float32', shape: [1], data: Float32Array.of(1) } } as const;

/** A model whose kernels work on some backends only, and where it was run. */
async function picky(backends: readonly string[], message: string): Promise<{ run: Runner; ran: string[] }> {
  const tf = await loadBackend('wasm');
  const ran: string[] = [];
  const run: Runner = () => {
    ran.push(tf.getBackend());
    return backends.includes(tf.getBackend()) ? Promise.resolve(answer) : Promise.reject(new Error(message));
  };
  return { run, ran };
}

describe("a model's own runtime", () => {
  it('runs on the backend where it can', async () => {
    const { run, ran } = await picky(['wasm'], '');
    const reference = orOnCpu(run, 'wasm');
    expect(await reference.run({})).toEqual(answer);
    expect(reference.remarks()).toEqual([]);
    expect(ran).toEqual(['wasm']);
  });

  it.each([
    ["Kernel 'Cumprod' not registered for backend 'wasm'", 'has no Cumprod on wasm'],
    [
      'BatchMatMul of whole numbers is not there.',
      'fails on wasm (BatchMatMul of whole numbers is not there.)',
    ],
  ])('runs on the CPU after "%s"', async (message, reason) => {
    const { run, ran } = await picky(['cpu'], message);
    const reference = orOnCpu(run, 'wasm');
    expect(await reference.run({})).toEqual(answer);
    expect(await reference.run({})).toEqual(answer);
    expect(reference.remarks()).toEqual([`The model's own runtime ${reason}: it ran on the CPU.`]);
    expect(ran).toEqual(['wasm', 'cpu', 'cpu']);
    expect((await loadBackend('wasm')).getBackend()).toBe('wasm');
  });

  it('fails as it does on the CPU where it fails there too', async () => {
    const { run, ran } = await picky([], 'It can do nothing.');
    await expect(orOnCpu(run, 'wasm').run({})).rejects.toThrow('It can do nothing.');
    await expect(orOnCpu(run, 'cpu').run({})).rejects.toThrow('It can do nothing.');
    expect(ran).toEqual(['wasm', 'cpu', 'wasm']);
  });
});
