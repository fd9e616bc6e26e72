/**
 * Inputs to verify a network with. Random ones exercise everything at once; structured ones find what random ones
 * hide: a mask that leaks only where activations are constant, borders of windows, a transposed axis.
 */
import type { NamedTensor, NamedTensors, SourcePort } from '../import/source-graph.js';
import type { Dim, DType, Shape } from '../ir/graph.js';
import { newTensorData } from '../ir/weights.js';
import { type Random, random, randomInteger } from '../prune/random.js';

export interface TestInput {
  /** As shown in results: `random, batch 3`. */
  readonly name: string;
  readonly tensors: NamedTensors;
}

export interface InputOptions {
  readonly seed: number;
  /** The sizes that a symbolic batch takes; structured inputs use the first. */
  readonly batches?: readonly number[];
  /** Values that whole-number inputs may have, `[low, high)`, by input name. */
  readonly ranges?: Readonly<Record<string, readonly [low: number, high: number]>>;
}

/** What an element is, from 0 to 1 (`random`: uniform), by its position. */
interface Kind {
  readonly name: string;
  fill(shape: readonly number[], next: Random): (index: number) => number;
}

const kinds: readonly Kind[] = [
  { name: 'random', fill: (_, next) => () => next() },
  { name: 'zeros', fill: () => () => 0 },
  { name: 'ones', fill: () => () => 1 },
  { name: 'ramp', fill: (shape) => ramp(elements(shape)) },
  { name: 'spike', fill: (shape, next) => spike(elements(shape), next) },
  { name: 'smooth', fill: smooth },
];

/**
 * Random inputs for every batch size, and structured ones for the first: the same for the same seed.
 * Floats lie in [0, 1], random ones in [-1, 1). Whole numbers lie in `ranges`; without one, in [0, 256) for tensors
 * that can be images (three dimensions or more), else in [0, 2), which is safe for indices.
 */
export function testInputs(signature: readonly SourcePort[], options: InputOptions): TestInput[] {
  const { seed, ranges = {} } = options;
  const symbolic = signature.some((port) => port.shape.some((dim) => typeof dim !== 'number'));
  const batches = symbolic ? (options.batches ?? [1, 3]) : [1];
  return kinds.flatMap((kind) =>
    (kind.name === 'random' ? batches : batches.slice(0, 1)).map((batch) => ({
      name: symbolic ? `${kind.name}, batch ${batch}` : kind.name,
      tensors: Object.fromEntries(
        signature.map((port) => [
          port.name,
          makeTensor(port, batch, kind, ranges[port.name], random(seed, kind.name, batch, port.name)),
        ]),
      ),
    })),
  );
}

function makeTensor(
  port: SourcePort,
  batch: number,
  kind: Kind,
  range: readonly [number, number] | undefined,
  next: Random,
): NamedTensor {
  const shape = withBatch(port.shape, batch);
  const value = kind.fill(shape, next);
  const scaled = scaling(port.dtype, shape.length, range, kind.name === 'random');
  const data = newTensorData(port.dtype, elements(shape));
  for (let i = 0; i < data.length; i++) data[i] = scaled(value(i));
  return { dtype: port.dtype, shape, data };
}

/** From [0, 1] to the values that a tensor of this type may have. */
function scaling(
  dtype: DType,
  rank: number,
  range: readonly [number, number] | undefined,
  signed: boolean,
): (unit: number) => number {
  if (dtype === 'float32') return signed ? (unit) => 2 * unit - 1 : (unit) => unit;
  if (dtype === 'bool') return (unit) => (unit >= 0.5 ? 1 : 0);
  const [low, high] = range ?? [0, rank >= 3 ? 256 : 2];
  return (unit) => Math.min(high - 1, low + Math.floor(unit * (high - low)));
}

export function withBatch(shape: Shape, batch: number): number[] {
  return shape.map((dim: Dim) => (typeof dim === 'number' ? dim : dim.batch * batch));
}

function elements(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

function ramp(count: number): (index: number) => number {
  return (index) => index / Math.max(1, count - 1);
}

function spike(count: number, next: Random): (index: number) => number {
  const at = randomInteger(next, 0, count);
  return (index) => (index === at ? 1 : 0);
}

/** Like a photograph out of focus: a few slow waves along each dimension, each with its own phase per channel. */
function smooth(shape: readonly number[], next: Random): (index: number) => number {
  const waves = Array.from({ length: 3 }, () => ({
    phase: next(),
    turns: shape.map(() => next() * 1.5),
  }));
  const strides = shape.map((_, dim) => elements(shape.slice(dim + 1)));
  return (index) => {
    let sum = 0;
    for (const { phase, turns } of waves) {
      let angle = phase;
      for (let dim = 0; dim < shape.length; dim++) {
        const position = Math.floor(index / strides[dim]!) % shape[dim]!;
        angle += (turns[dim]! * position) / shape[dim]!;
      }
      sum += Math.cos(2 * Math.PI * angle);
    }
    return (sum / waves.length + 1) / 2;
  };
}
