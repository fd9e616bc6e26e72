import { copyFile, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DiagnosticError } from '../../../src/diagnostics/diagnostic.js';
import { importGraph } from '../../../src/import/build-graph.js';
import type { Json } from '../../../src/import/files/json.js';
import { detectFormat } from '../../../src/import/read-model.js';
import { readBackwardGraph, readTorchTrace } from '../../../src/import/torch/read-torch-trace.js';
import { backwardGraph, programGraph } from '../../../src/import/torch/source-graphs.js';
import { parseTrace } from '../../../src/import/torch/trace-file.js';
import { loadRules } from '../../../src/lang/load.js';
import {
  changedTrace,
  problemsOf,
  problemsOfChanged,
  readTrace,
  traceFolder,
  type Mutable,
} from './traces.js';

describe('a trace', () => {
  it('is told by its folder and by its file', async () => {
    const file = join(traceFolder('residual'), 'trace.json');
    expect(await detectFormat(traceFolder('residual'))).toEqual({ format: 'torch-trace', file });
    expect(await detectFormat(file)).toEqual({ format: 'torch-trace', file });
  });

  it('gives the program: tensors are inputs, everything else attributes', async () => {
    const { graph } = await readTrace('shared');
    expect(graph.source).toBe('aten');
    expect(graph.inputs).toEqual([
      { name: 'ids', dtype: 'int32', shape: [{ batch: 1 }, 4] },
      { name: 'scale', dtype: 'float32', shape: [{ batch: 1 }, 1, 6] },
    ]);
    expect(graph.nodes[0]).toEqual({
      name: 'embedding',
      type: 'embedding',
      inputs: [
        { name: '', node: 'embed.weight', output: 0 },
        { name: '', node: 'ids', output: 0 },
      ],
      attrs: { padding_idx: -1, scale_grad_by_freq: false, sparse: false, overload: 'default' },
      scope: 'embed',
      outputs: 1,
      types: [{ dtype: 'float32', shape: [{ batch: 1 }, 4, 6] }],
    });
    expect(graph.outputs).toEqual([
      { name: 'logits', ref: { node: 'linear_1', output: 0 } },
      { name: 'more.0', ref: { node: 'add_21', output: 0 } },
      { name: 'more.1', ref: { node: 'mul_2', output: 0 } },
    ]);
  });

  it('makes constants of numbers in the place of tensors, and leaves out what is left out', async () => {
    const { graph, weights } = await readTrace('shared');
    const three = graph.nodes.find(({ name }) => name === 'add_16')!.inputs[1]!.node;
    expect(graph.constants.find(({ name }) => name === three)).toEqual({
      name: 'add_16.other',
      dtype: 'float32',
      shape: [],
    });
    expect(weights.get(three)).toEqual(new Float32Array([3]));
    expect(graph.nodes.find(({ name }) => name === 'linear_1')!.inputs[2]).toEqual({
      name: '',
      node: '',
      output: 0,
    });
  });

  it('flattens lists of tensors, and says as an attribute which are given', async () => {
    const { graph } = await readTrace('recurrent');
    const node = graph.nodes.find(({ type }) => type === 'lstm')!;
    expect(node.inputs.map((input) => input.node)).toEqual([
      'x',
      'zeros',
      'zeros_1',
      'lstm.weight_ih_l0',
      'lstm.weight_hh_l0',
      'lstm.bias_ih_l0',
      'lstm.bias_hh_l0',
    ]);
    expect(node.attrs).toMatchObject({
      hx: [true, true],
      params: [true, true, true, true],
      has_biases: true,
    });
    expect(node.outputs).toBe(3);
  });

  it('gives the backward graph, with saved buffers and inputs that it does not read otherwise', async () => {
    const { backward } = await readTrace('residual');
    expect(backward!.source).toBe('torch');
    const norm = backward!.nodes.find(({ type }) => type === 'NativeBatchNormBackward0')!;
    expect(norm.inputs.slice(1).map(({ node }) => node)).toEqual([
      'block.bn1.weight',
      'block.bn1.bias',
      'block.bn1.running_mean',
      'block.bn1.running_var',
    ]);
    expect(norm.attrs).toMatchObject({ eps: 1e-5, training: false });

    const shared = (await readTrace('shared')).backward!;
    expect(shared.nodes[0]!.inputs.map(({ node }) => node)).toEqual(['embed.weight', 'ids']);
    // Scale is read and saved: it is an input once.
    expect(shared.nodes[1]!.inputs.map(({ node }) => node)).toEqual(['EmbeddingBackward0#0', 'scale']);
    expect(shared.nodes[2]!.types).toEqual([{ dtype: 'float32', shape: [{ batch: 4 }, 6] }]);
  });

  it('gives the backward graph alone where there is no program', async () => {
    const graph = await readBackwardGraph(join(traceFolder('no-program'), 'trace.json'));
    expect(graph.nodes.map(({ type }) => type)).toEqual(['TBackward0', 'AddmmBackward0']);
    expect((await readTrace('no-gradient')).backward).toBeUndefined();
  });

  it('reads weights of other widths, each when it is asked for', async () => {
    const { weights } = await readTrace('half');
    expect(weights.get('a')).toEqual(new Float32Array([1.5, -2.25]));
    expect(weights.get('b')).toEqual(new Float32Array([0.5, 65504]));
    expect(weights.get('c')).toEqual(new Float32Array([0.1, Infinity]));
    expect(weights.get('steps')).toEqual(new Int32Array([1, -(2 ** 31)]));
    expect(weights.get('small')).toEqual(new Int32Array([-3, 4]));
    expect(weights.get('flags')).toEqual(new Uint8Array([1, 0]));
    expect(weights.packed?.('b')).toEqual({
      codes: new Uint16Array([0x3800, 0x7bff]),
      coding: { kind: 'float16' },
      factors: [],
    });
    expect(['a', 'c', 'steps'].map((name) => weights.packed?.(name))).toEqual([null, null, null]);
    const file = join(traceFolder('half'), 'trace.json');
    expect(await problemsOf(() => weights.get('large'), file)).toMatchInlineSnapshot(`
      "error[E227]: the whole number 2147483648 does not fit in 32 bits
        at tensor "large" of weights.safetensors
        why: TensorFlow.js has whole numbers of 32 bits, PyTorch of 64
        help: change the model so that it does without such numbers; a bound that is never reached can be smaller"
    `);
  });

  it('keeps the batch static where torch.export does', async () => {
    const { graph, examples } = await readTrace('static');
    expect(graph.inputs[0]!.shape).toEqual([2, 4]);
    expect(examples!.map(({ name }) => name)).toEqual(['random', 'smooth']);
  });

  it('is imported by the rules, from either side', async () => {
    const rules = loadRules([]);
    const { graph: source, backward, weights } = await readTrace('residual');
    const { graph } = importGraph(source, weights, rules);
    expect(graph.outputs.map(({ value }) => graph.values[value])).toEqual([
      { dtype: 'float32', shape: [{ batch: 1 }, 5] },
    ]);
    const other = importGraph(backward!, weights, rules).graph;
    expect(
      Object.values(other.parameters)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(
      Object.values(graph.parameters)
        .map(({ name }) => name)
        .sort(),
    );
  });
});

describe('its examples', () => {
  it('are what the reference answers for, and nothing else', async () => {
    const model = await readTrace('residual');
    const reference = await model.reference();
    const [first, second] = model.examples!;
    expect([first!.name, second!.name]).toEqual(['random, batch 1', 'smooth, batch 2']);
    expect(await reference.run(first!.inputs)).toEqual(first!.outputs);
    expect(await reference.run(structuredClone(second!.inputs))).toEqual(second!.outputs);
    const image = { ...first!.inputs['image']!, data: new Float32Array(3 * 8 * 8) };
    const file = join(traceFolder('residual'), 'trace.json');
    expect(await problemsOf(() => reference.run({ image }), file)).toMatchInlineSnapshot(`
      "error[E228]: the trace has no example of these inputs
        at trace.json
        why: PyTorch does not run here; what is known of the model are 2 examples
        help: run the model with the inputs of its examples"
    `);
    expect(await problemsOf(() => reference.run({}), file)).toContain('E228');
  });

  it('may be missing', async () => {
    const model = await readTrace('half');
    const file = join(traceFolder('half'), 'trace.json');
    expect(await problemsOf(() => model.reference(), file)).toMatchInlineSnapshot(`
      "error[E228]: the trace has no examples to verify with
        at trace.json
        why: PyTorch does not run here, so the tracer writes example inputs and what the model makes of them
        help: trace the model again with --examples 2, or compile with --no-verify"
    `);
  });

  it('can not tell of outputs that the model has not', async () => {
    const model = await readTrace('residual');
    const file = join(traceFolder('residual'), 'trace.json');
    const reference = await model.reference(['relu']);
    expect(await problemsOf(() => reference.run(model.examples![0]!.inputs), file)).toMatchInlineSnapshot(`
      "error[E228]: the trace's examples have no output "relu"
        at trace.json
        why: they have output
        help: only the outputs of the whole model can be verified"
    `);
  });
});

describe('options', () => {
  it('may state the shape that the trace has, and no other', async () => {
    const file = join(traceFolder('residual'), 'trace.json');
    const read = (inputShapes: Parameters<typeof readTorchTrace>[1]['inputShapes']) =>
      problemsOf(() => readTorchTrace(file, { inputShapes }), file);
    expect(await read({ image: [{ batch: 1 }, 3, 8, 8] })).toBe('no problem');
    expect(await read({ image: [1, 3, 16, 16] })).toMatchInlineSnapshot(`
      "error[E209]: --input image does not fit the trace
        at trace.json
        why: a trace is made for one shape of each input
        help: give the tracer the shape: \`python espalier_tracer.py MODEL --input NAME=SHAPE --out DIR\`"
    `);
    expect(await read({ x: [1] })).toMatchInlineSnapshot(`
      "error[E209]: --input x does not fit the trace
        at trace.json
        why: its inputs are image
        help: give the tracer the shape: \`python espalier_tracer.py MODEL --input NAME=SHAPE --out DIR\`"
    `);
  });

  it('choose among the outputs', async () => {
    const file = join(traceFolder('shared'), 'trace.json');
    const { graph } = await readTorchTrace(file, { inputShapes: {}, outputs: ['more.1'] });
    expect(graph.outputs).toEqual([{ name: 'more.1', ref: { node: 'mul_2', output: 0 } }]);
    expect(await problemsOf(() => readTorchTrace(file, { inputShapes: {}, outputs: ['hidden'] }), file))
      .toMatchInlineSnapshot(`
      "error[E215]: the model has no output "hidden"
        at trace.json
        why: its outputs are logits, more.0, more.1
        help: name one of them"
    `);
  });
});

describe('a trace that can not be compiled says why', () => {
  it('no program', async () => {
    const file = join(traceFolder('no-program'), 'trace.json');
    expect(await problemsOf(() => readTorchTrace(file, { inputShapes: {} }), file)).toMatchInlineSnapshot(`
      "error[E223]: the trace has no program to compile
        at trace.json
        why: torch.export can't export the model: GuardOnDataDependentSymNode: Could not guard on data-dependent expression Eq(u0, 1) (unhinted: Eq(u0, 1)).  (Size-like symbols: none)
        help: change the model so that torch.export takes it: no Python control flow that depends on the values of tensors;
              its backward graph alone is enough for channel spaces, and not for a network"
    `);
  });

  it('no backward graph', async () => {
    const file = join(traceFolder('no-gradient'), 'trace.json');
    expect(await problemsOf(() => readBackwardGraph(file), file)).toMatchInlineSnapshot(`
      "error[E223]: the trace has no backward graph
        at trace.json
        why: autograd keeps no graph of the model: no output depends on a parameter or an input by operations that have a gradient
        help: a model has one where its outputs are computed from floats by operations that have a gradient"
    `);
  });

  it('no weights', async () => {
    const { weights } = await readTrace('resnet18');
    const file = join(traceFolder('resnet18'), 'trace.json');
    expect(weights.has('fc.weight')).toBe(true);
    expect(await problemsOf(() => weights.get('fc.weight'), file)).toMatchInlineSnapshot(`
      "error[E225]: the trace has no weights
        at trace.json
        why: it was written with --structure, which is enough for its channel spaces and not for a network
        help: trace the model again without --structure"
    `);
  });
});

/** Whether there is something inside that can be changed. */
function isParent(value: Mutable | undefined): value is Mutable {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

function pick<T>(items: readonly T[], at: number): T {
  return items[at % items.length]!;
}

describe('a damaged trace ends in a diagnostic', () => {
  const node = (trace: Mutable, i = 0): Mutable => trace['program']!['nodes']![i]!;
  const set = (object: Mutable, key: string, value: unknown): void => {
    object[key] = value as Mutable;
  };

  it.each<[string, (trace: Mutable) => unknown]>([
    ['another version', (trace) => set(trace, 'version', 2)],
    ['no list of nodes', (trace) => set(trace['program']!, 'nodes', {})],
    ['a node without a name', (trace) => delete node(trace)['name']],
    ['a node without outputs', (trace) => delete node(trace)['outputs']],
    ['a negative size', (trace) => set(trace['tensors']![0]!, 'shape', [-1])],
    ['a size that is no number', (trace) => set(trace['inputs']![0]!, 'shape', ['N'])],
    ['no batch at all', (trace) => set(trace['inputs']![0]!, 'shape', [{ batch: 0 }])],
    ['a kind of tensor that there is not', (trace) => set(trace['tensors']![0]!, 'kind', 'weight')],
    ['two tensors of one name', (trace) => set(trace['tensors']![1]!, 'name', trace['tensors']![0]!['name'])],
    ['two nodes of one name', (trace) => set(node(trace, 1), 'name', node(trace)['name'])],
    ['a tensor that is not there', (trace) => set(node(trace)['args']!, 'weight', { tensor: 'gone' })],
    ['an input that is not there', (trace) => set(node(trace)['args']!, 'input', { input: 'gone' })],
    [
      'a node that comes later',
      (trace) => set(node(trace)['args']!, 'input', { node: node(trace, 3)['name'] }),
    ],
    [
      'an output that a node has not',
      (trace) => set(trace['program']!['outputs']!, 'output', { node: 'relu', output: 7 }),
    ],
    ['an output that is no reference', (trace) => set(trace['program']!['outputs']!, 'output', 3)],
    [
      'a backward input that is no reference',
      (trace) => set(trace['backward']!['nodes']![0]!, 'inputs', [4]),
    ],
    [
      'lists in lists in lists',
      (trace) => {
        let deep: unknown = 1;
        for (let i = 0; i < 40; i++) deep = [deep];
        set(node(trace)['args']!, 'stride', deep);
      },
    ],
    ['complex numbers', (trace) => set(node(trace)['outputs']![0]!, 'dtype', 'complex64')],
    ['a number that is none', (trace) => set(node(trace, 1)['args']!, 'self', { number: { batch: 2 } })],
    ['a tensor of another shape', (trace) => set(trace['tensors']![0]!, 'shape', [8, 3, 3, 2])],
    ['a tensor that is not in the file', (trace) => set(trace['tensors']![0]!, 'name', 'constructor')],
    [
      'an example that is not in the file',
      (trace) => set(trace['examples']![0]!['inputs']!, 'image', 'gone'),
    ],
  ])('%s', async (_, change) => {
    expect(await problemsOfChanged('residual', change)).toMatchSnapshot();
  });

  it('no JSON', async () => {
    // What exactly is wrong with it is said in the engine's own words.
    expect(await problemsOfChanged('residual', () => '{"format": "espalier-trace"')).toMatch(
      /^error\[E211\]: trace.json is not valid JSON\n {2}at trace.json\n/,
    );
  });

  it('whatever is changed in it', async () => {
    const text = await readFile(join(traceFolder('residual'), 'trace.json'), 'utf8');
    const values = fc.oneof(
      fc.constantFrom<unknown>(null, true, -1, 0.5, 1e300, '', '__proto__', [], {}, [[]], { batch: 1 }),
      fc.constantFrom<unknown>(
        { tensor: null },
        { input: 'image' },
        { node: 'relu' },
        { number: 'x' },
        { batch: -1 },
      ),
    );
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat()), values, (choices, value) => {
        const trace = JSON.parse(text) as Mutable;
        let place: Mutable = trace;
        let key = pick(Object.keys(place), choices.next().value);
        for (let inner = place[key]; isParent(inner) && choices.next().value % 6 !== 0; inner = place[key]) {
          place = inner;
          key = pick(Object.keys(place), choices.next().value);
        }
        set(place, key, value);
        try {
          const parsed = parseTrace(trace as unknown as Json, 'trace.json');
          if (parsed.program !== null) programGraph(parsed, parsed.program, 'trace.json');
          if (parsed.backward !== null) backwardGraph(parsed, parsed.backward, 'trace.json');
        } catch (error) {
          expect(error).toBeInstanceOf(DiagnosticError);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('files that are missing or belong to another trace', async () => {
    const file = await changedTrace('residual');
    const folder = dirname(file);
    const read = (): Promise<string> => problemsOf(() => readTorchTrace(file, { inputShapes: {} }), file);
    await copyFile(join(traceFolder('shared'), 'weights.safetensors'), join(folder, 'weights.safetensors'));
    expect(await read()).toMatchInlineSnapshot(`
      "error[E224]: weights.safetensors does not hold the tensor "stem.weight" of the trace
        at weights.safetensors
        why: it has no tensor of that name
        help: trace.json and the file beside it belong to different traces; trace the model again"
    `);
    await rm(join(folder, 'weights.safetensors'));
    expect(await read()).toMatchInlineSnapshot(`
      "error[E703]: the file weights.safetensors is missing
        at trace.json
        help: a trace is the folder that the tracer has written, with all of its files"
    `);
    await copyFile(join(traceFolder('residual'), 'weights.safetensors'), join(folder, 'weights.safetensors'));
    await rm(join(folder, 'examples.safetensors'));
    expect(await read()).toMatchInlineSnapshot(`
      "error[E703]: the file examples.safetensors is missing
        at trace.json
        help: a trace is the folder that the tracer has written, with all of its files"
    `);
  });
});
