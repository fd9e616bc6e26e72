import { describe, expect, it } from 'vitest';
import { orOnCpu } from '../../src/compile/or-on-cpu.js';
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

  it('computes with kernels of the CPU what the backend has no kernels for', async () => {
    const tf = await loadBackend('wasm');
    const before = tf.getKernelsForBackend('wasm').length;
    const run: Runner = async () => {
      const product = tf.tidy(() =>
        tf.einsum('ij,jk->ik', tf.ones([2, 3]), tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2])),
      );
      return { y: { dtype: 'float32', shape: [2, 2], data: (await product.data()) as Float32Array } };
    };
    const reference = orOnCpu(run, 'wasm');
    for (let i = 0; i < 2; i++)
      expect((await reference.run({})).y!.data).toEqual(Float32Array.of(9, 12, 9, 12));
    expect(reference.remarks()).toEqual([
      "The model's own runtime has no Einsum on wasm: that ran on the CPU.",
    ]);
    expect(tf.getBackend()).toBe('wasm');
    expect(tf.getKernelsForBackend('wasm')).toHaveLength(before);
    await expect(run({})).rejects.toThrow("Kernel 'Einsum' not registered for backend 'wasm'");
  });

  it('runs on the CPU where it fails otherwise', async () => {
    const { run, ran } = await picky(['cpu'], 'BatchMatMul of whole numbers is not there.');
    const reference = orOnCpu(run, 'wasm');
    expect(await reference.run({})).toEqual(answer);
    expect(await reference.run({})).toEqual(answer);
    expect(reference.remarks()).toEqual([
      "The model's own runtime fails on wasm (BatchMatMul of whole numbers is not there.): it ran on the CPU.",
    ]);
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
