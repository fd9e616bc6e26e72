import { describe, expect, it } from 'vitest';
import { exactOf, roundingOf, type Attempt } from '../../src/compile/attempts.js';
import { DiagnosticError } from '../../src/diagnostics/diagnostic.js';
import type { Check } from '../../src/verify/verify.js';

const check = (name: Check['name'], relative: number): Check => ({
  name,
  comparisons: [],
  absolute: relative,
  relative,
  verdict: relative <= 1e-5 ? 'equal' : 'different',
});

/** What a pipeline made: how far the unpruned network is off, and the pruned one. */
function made(backend: string, unpruned: number, pruned: number, pipeline = 'tfjs'): Attempt {
  const checks = [check('unpruned against reference', unpruned), check('pruned against masked', pruned)];
  const passed = checks.every(({ verdict }) => verdict === 'equal');
  const result = { passed, tolerance: 1e-5, checks, remarks: [] };
  return { pipeline, verification: { backend, result } } as unknown as Attempt;
}

describe('pipelines', () => {
  const among = (attempts: readonly Attempt[]): ReturnType<typeof exactOf> =>
    exactOf(
      (name) => Promise.resolve(attempts.find(({ pipeline }) => pipeline === name) ?? null),
      ['tfjs', 'tfjs_own_at_first', 'tfjs_own', 'exact'],
    );

  it('are tried until one is exact, and what is left out is told', async () => {
    const exact = made('node-gpu', 0, 1e-6, 'exact');
    const { chosen, warnings } = await among([made('node-gpu', 0, 2e-5), exact]);
    expect(chosen).toBe(exact);
    expect(warnings.map(({ code }) => code)).toEqual(['E610']);
  });

  it.each([
    [
      'tfjs_own_at_first',
      'kernels that round differently were left out in the first layers: this network amplifies that',
    ],
    ['tfjs_own', 'kernels that round differently were left out: this network amplifies that'],
  ])('with other kernels: %s', async (pipeline, message) => {
    const { warnings } = await among([made('node-gpu', 0, 2e-5), made('node-gpu', 0, 0, pipeline)]);
    expect(warnings).toMatchObject([
      { code: 'E611', message, why: expect.stringContaining('results differ by 2.0e-5 of the') as string },
    ]);
  });

  it('where none is exact, the nearest is reported', async () => {
    const nearest = made('node-gpu', 0, 2e-5, 'tfjs_own');
    const others = [made('node-gpu', 1e-2, 1e-4), made('node-gpu', 0, 3e-5, 'exact')];
    expect(await among([...others, nearest])).toEqual({ chosen: nearest, warnings: [] });
  });
});

describe('rounding on a backend', () => {
  const after = (attempt: Attempt, onWasm: Attempt | Error): ReturnType<typeof roundingOf> =>
    roundingOf(attempt, () =>
      onWasm instanceof Error ? Promise.reject(onWasm) : Promise.resolve({ chosen: onWasm }),
    );

  it('is told from wrong pruning by wasm', async () => {
    expect(await after(made('node-gpu', 0, 1.1e-4), made('wasm', 1e-6, 2e-7))).toEqual({
      code: 'E612',
      severity: 'error',
      message: 'this network amplifies how the kernels of node-gpu round',
      why:
        "There, pruned and masked network differ by 1.1e-4 of the output's scale; 1e-5 is allowed. On wasm they differ " +
        'by 2.0e-7: what was pruned is right, and what differs is the order in which kernels add up.',
      help: 'Compile for wasm (`--backend wasm`), or prune less; `--no-verify` writes the module as it is.',
    });
  });

  it('is not to blame for an unpruned network that differs, nor for wrong pruning', async () => {
    expect(await after(made('node-gpu', 0.1, 1.1e-4), made('wasm', 0, 0))).toBeNull();
    expect(await after(made('node-gpu', 0, 1.1e-4), made('wasm', 0, 1e-4))).toBeNull();
    expect(await after(made('wasm', 0, 1.1e-4), made('wasm', 0, 0))).toBeNull();
    expect(await after(made('node-gpu', 0, 0), made('wasm', 0, 0))).toBeNull();
  });

  it('is not known where wasm has no kernels for the network', async () => {
    const refused = new DiagnosticError([{ code: 'E505', severity: 'error', message: 'no kernel' }]);
    expect(await after(made('node-gpu', 0, 1.1e-4), refused)).toBeNull();
    await expect(after(made('node-gpu', 0, 1.1e-4), new Error('a defect'))).rejects.toThrow('a defect');
  });
});
