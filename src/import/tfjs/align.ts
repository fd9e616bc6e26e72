/** Several runs of one model side by side: they must do the same, up to the size of the batch. */
import { fail } from '../../diagnostics/diagnostic.js';
import type { Attr, Attrs, DType, Shape, TensorData } from '../../ir/graph.js';
import { fitAttr, fitShape, Unfit } from './fit.js';
import type { Origin, RecordedNode, RecordedType, Recording, Ref } from './recording.js';

export interface AlignedType {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** A value that does not depend on the inputs, with its data from every run. */
export interface AlignedConstant extends AlignedType {
  readonly name: string | null;
  readonly origin: 'parameter' | 'literal';
  readonly scope: string;
  readonly data: readonly TensorData[];
}

export interface AlignedNode {
  readonly type: string;
  readonly inputs: readonly { readonly name: string; readonly ref: Ref }[];
  readonly attrs: Attrs;
  readonly scope: string;
  readonly outputs: readonly AlignedType[];
  readonly list: boolean;
  readonly origin: Origin;
  /** Where the origin is `literal`: the outputs, with their data from every run. */
  readonly values: readonly AlignedConstant[] | null;
}

export interface Aligned {
  readonly batches: readonly number[];
  readonly nodes: readonly AlignedNode[];
  readonly constants: readonly AlignedConstant[];
  readonly outputs: Recording['outputs'];
  /** Where random numbers were drawn, or null. */
  readonly random: string | null;
}

/** Puts runs side by side, with numbers that follow the batch made symbolic. */
export function alignRecordings(model: string, recordings: readonly Recording[]): Aligned {
  const batches = recordings.map(({ batch }) => batch);
  const random = recordings.find((recording) => recording.random !== null)?.random ?? null;
  checkSequence(model, recordings, random);
  // What a model makes in its first run and keeps is a parameter from then on.
  const last = recordings.at(-1)!;
  return {
    batches,
    random,
    outputs: last.outputs,
    nodes: last.nodes.map((node, i) => {
      const all = recordings.map((recording) => recording.nodes[i]!);
      const where = describeNode(node);
      const outputs = node.outputs.map((type, j) =>
        alignType(
          type,
          all.map(({ outputs }) => outputs[j]!),
          batches,
          `result ${j} of ${where}`,
        ),
      );
      return {
        type: node.type,
        inputs: node.inputs,
        scope: node.scope,
        list: node.list,
        origin: node.origin,
        outputs,
        attrs: fit(
          () =>
            fitAttr(
              all.map(({ attrs }) => attrs as Attr),
              batches,
            ) as Attrs,
          batches,
          `attributes of ${where}`,
          random,
        ),
        values:
          node.origin !== 'literal'
            ? null
            : outputs.map((type, j) => ({
                ...type,
                name: null,
                origin: 'literal' as const,
                scope: node.scope,
                data: all.map(({ values }) => values![j]!),
              })),
      };
    }),
    constants: last.constants.map((constant, i) => {
      const all = recordings.map((recording) => recording.constants[i]!);
      const where = `constant${constant.name === null ? '' : ` ${JSON.stringify(constant.name)}`}${inScope(constant.scope)}`;
      return {
        ...constant,
        ...alignType(constant, all, batches, where),
        data: all.map(({ data }) => data),
      };
    }),
  };
}

/** A kernel call, for a message. */
export function describeNode({ type, scope }: Pick<RecordedNode, 'type' | 'scope'>): string {
  return `kernel ${type}${inScope(scope)}`;
}

function inScope(scope: string): string {
  return scope === '' ? '' : ` in ${JSON.stringify(scope)}`;
}

function alignType(
  type: RecordedType,
  all: readonly RecordedType[],
  batches: readonly number[],
  where: string,
): AlignedType {
  const shape = fit(
    () =>
      fitShape(
        all.map(({ shape }) => shape),
        batches,
      ),
    batches,
    `the shape of ${where}`,
    null,
  );
  return { dtype: type.dtype, shape };
}

function fit<T>(work: () => T, batches: readonly number[], what: string, random: string | null): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Unfit)) throw error;
    const seen = batches.map((batch, i) => `${error.values[i]} (batch ${batch})`).join(', ');
    const why = `in ${batches.length} runs it was ${seen}${drewRandom(random)}`;
    if (batches.every((batch) => batch === batches[0])) {
      return fail({
        code: 'E252',
        message: `${what}: a number depends on the values of the inputs`,
        where: what,
        why,
        help:
          'a compiled model has fixed sizes: export the part before, and do the rest in your own code, or use a\n' +
          'function whose results always have the same size',
      });
    }
    return fail({
      code: 'E252',
      message: `${what}: a number is neither constant nor a multiple of the batch`,
      where: what,
      why,
      help:
        'write the model so that it treats every example of a batch alike, and so that no number is computed from the\n' +
        'batch size except multiples of it, nor from the values of the inputs; or fix the batch with --input NAME=1,…',
    });
  }
}

export function drewRandom(random: string | null): string {
  return random === null ? '' : `\nrandom numbers were drawn at ${random}`;
}

/** All runs must call the same kernels on the same values, and return the same ones. */
function checkSequence(model: string, recordings: readonly Recording[], random: string | null): void {
  const [first, ...others] = recordings;
  for (const other of others) {
    const length = Math.max(first!.nodes.length, other.nodes.length);
    for (let i = 0; i < length; i++) {
      const [a, b] = [first!.nodes[i], other.nodes[i]];
      if (a !== undefined && b !== undefined && signature(a) === signature(b)) continue;
      differs(model, i, [first!, a], [other, b], random);
    }
    if (JSON.stringify(first!.outputs) !== JSON.stringify(other.outputs)) {
      differs(model, length, [first!, undefined], [other, undefined], random);
    }
  }
}

function signature({ type, inputs, scope, outputs }: RecordedNode): string {
  return JSON.stringify([type, scope, inputs, outputs.map(({ dtype, shape }) => [dtype, shape.length])]);
}

function differs(
  model: string,
  index: number,
  [runA, a]: readonly [Recording, RecordedNode | undefined],
  [runB, b]: readonly [Recording, RecordedNode | undefined],
  random: string | null,
): never {
  const show = (node: RecordedNode | undefined): string =>
    node === undefined
      ? 'the end'
      : `${describeNode(node)} (${node.inputs.map(({ ref }) => printRef(ref)).join(', ')})`;
  return fail({
    code: 'E251',
    message: 'the model does not do the same in every run',
    where: model,
    why:
      `step ${index + 1} was ${show(a)} with a batch of ${runA.batch},\n` +
      `and ${show(b)} with a batch of ${runB.batch}` +
      drewRandom(random),
    help:
      'a compiled model is one fixed graph: the model must not branch on the batch size (x.shape[0]; note that\n' +
      'tf.squeeze without axes drops a batch of 1), nor on random numbers or on what it kept from an earlier call.\n' +
      'Or fix the batch with --input NAME=1,…',
  });
}

function printRef(ref: Ref): string {
  switch (ref.kind) {
    case 'input':
      return `input ${ref.index}`;
    case 'constant':
      return `constant ${ref.index}`;
    case 'node':
      return `step ${ref.index + 1}`;
  }
}
