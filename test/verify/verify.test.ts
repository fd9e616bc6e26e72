import { describe, expect, it } from 'vitest';
import type { NamedTensors } from '../../src/import/source-graph.js';
import type { TestInput } from '../../src/verify/inputs.js';
import { type Runner, verificationFailures, verifyModel } from '../../src/verify/verify.js';

const tensors = (...data: number[]): NamedTensors => ({
  x: { dtype: 'float32', shape: [data.length], data: Float32Array.from(data) },
});

const inputs: TestInput[] = [
  { name: 'ones', tensors: tensors(1, 1) },
  { name: 'ramp', tensors: tensors(0, 8) },
];

/** A network with one output y = factor · x + offset. */
const affine =
  (factor: number, offset = 0): Runner =>
  ({ x }) =>
    Promise.resolve({ y: { ...x!, data: Float32Array.from(x!.data, (v) => factor * v + offset) } });

const exact = { reference: affine(2), unpruned: affine(2), masked: affine(3), pruned: affine(3) };

describe('verification', () => {
  it('makes both comparisons on every input', async () => {
    const verification = await verifyModel(exact, inputs);
    expect(verification.passed).toBe(true);
    expect(verification.checks.map((c) => [c.name, c.verdict, c.relative])).toEqual([
      ['unpruned against reference', 'equal', 0],
      ['pruned against masked', 'equal', 0],
    ]);
    expect(verification.checks[0]!.comparisons.map((c) => [c.input, c.output])).toEqual([
      ['ones', 'y'],
      ['ramp', 'y'],
    ]);
    expect(verification.remarks).toEqual([]);
    expect(verificationFailures(verification)).toEqual([]);
  });

  it('asks a reference that knows some inputs only for those', async () => {
    const examples = [{ name: 'example', tensors: tensors(5) }];
    const { checks } = await verifyModel(exact, inputs, { referenceInputs: examples });
    expect(checks.map(({ comparisons }) => comparisons.map(({ input }) => input))).toEqual([
      ['example'],
      ['ones', 'ramp'],
    ]);
  });

  it('finds a difference, and shows the worst', async () => {
    const verification = await verifyModel({ ...exact, pruned: affine(3, 0.25) }, inputs);
    expect(verification.passed).toBe(false);
    expect(verification.checks[1]).toMatchObject({
      verdict: 'different',
      absolute: 0.25,
      relative: 0.25 / 3,
    });
    expect(verificationFailures(verification)).toEqual([
      {
        code: 'E602',
        severity: 'error',
        message: 'pruned against masked: output "y" differs on input "ones"',
        why: "The largest difference is 2.50e-1, 8.33e-2 of the output's scale 3.00e+0; allowed is 1e-5.",
        help: '2 of 2 comparisons differ; see `espalier explain E602`.',
      },
    ]);
  });

  it('allows what the tolerance allows, and no more', async () => {
    const runners = { ...exact, unpruned: affine(2, 2 ** -10) };
    expect((await verifyModel(runners, inputs.slice(1), { tolerance: 2 ** -14 })).passed).toBe(true);
    expect((await verifyModel(runners, inputs.slice(1), { tolerance: 2 ** -15 })).passed).toBe(false);
  });

  it('leaves out what there is no network for; nothing compared is not a pass', async () => {
    const onlyFirst = await verifyModel({ ...exact, masked: null, pruned: null }, inputs);
    expect(onlyFirst.checks.map((c) => c.name)).toEqual(['unpruned against reference']);
    expect(onlyFirst.passed).toBe(true);
    const nothing = await verifyModel(
      { reference: null, unpruned: null, masked: null, pruned: null },
      inputs,
    );
    expect(nothing.passed).toBe(false);
    expect((await verifyModel(exact, [])).passed).toBe(false);
  });

  it('reports, and does not judge, the masked network where mixed spaces were pruned on request', async () => {
    const runners = { ...exact, pruned: affine(4), prunedGraph: affine(4) };
    const verification = await verifyModel(runners, inputs, { mixed: ['a/kernel[3]'] });
    expect(verification.passed).toBe(true);
    expect(verification.checks.map((c) => [c.name, c.verdict, c.absolute])).toEqual([
      ['unpruned against reference', 'equal', 0],
      ['pruned against masked', 'differs as asked', 8],
      ['pruned against its graph', 'equal', 0],
    ]);
    expect(verification.remarks).toHaveLength(1);
    expect(verification.remarks[0]).toContain('(a/kernel[3])');
  });

  it('still finds a wrong emission of mixed spaces', async () => {
    const runners = { ...exact, pruned: affine(4), prunedGraph: affine(5) };
    const verification = await verifyModel(runners, inputs, { mixed: ['s'] });
    expect(verification.passed).toBe(false);
    expect(verificationFailures(verification).map((d) => d.code)).toEqual(['E603']);
  });

  it('still finds a wrong shape where mixed spaces were pruned', async () => {
    const wide: Runner = () => Promise.resolve({ y: tensors(1, 2, 3)['x']! });
    const verification = await verifyModel({ ...exact, pruned: wide }, inputs, { mixed: ['s'] });
    expect(verificationFailures(verification).map((d) => d.why)).toEqual(['the shape is [3] instead of [2]']);
  });

  it('says where equality proves nothing', async () => {
    const broken = affine(NaN);
    const verification = await verifyModel({ ...exact, reference: broken, unpruned: broken }, inputs);
    expect(verification.passed).toBe(true);
    const nowhere = { reference: broken, unpruned: broken, masked: null, pruned: null };
    expect((await verifyModel(nowhere, inputs)).passed).toBe(false);
    expect(verification.remarks).toEqual([
      'In "unpruned against reference", 2 of 2 reference outputs have values that are infinite or not numbers ' +
        '("y" on input "ones"); there, only the rest is compared.',
    ]);
  });

  it('tells its progress', async () => {
    const steps: string[] = [];
    await verifyModel({ ...exact, masked: null }, inputs, {
      onProgress: (check, input) => steps.push(`${check}: ${input}`),
    });
    expect(steps).toEqual(['unpruned against reference: ones', 'unpruned against reference: ramp']);
  });
});
