/** Follows one run of a model, kernel by kernel, and refuses what a graph can't hold. */
import type * as Tf from '@tensorflow/tfjs';
import { DiagnosticError, fail } from '../../diagnostics/diagnostic.js';
import type { Diagnostic } from '../../diagnostics/diagnostic.js';
import type { DType, TensorData } from '../../ir/graph.js';
import type { NamedTensor } from '../source-graph.js';
import { readAttributes } from './attributes.js';
import type { Foresee } from './foresee.js';
import { codePlace, printPlace, stackHere } from './places.js';
import type { Locate, ScopeStack } from './places.js';
import type { Origin, RecordedConstant, RecordedNode, RecordedType, Recording, Ref } from './recording.js';
import type { TensorFlow } from './tensorflow.js';

/** What kernels give and take; a result may be a Tensor already. */
export type KernelResult = Tf.TensorInfo | Tf.TensorInfo[];
export type KernelInputs = Readonly<
  Record<string, Tf.TensorInfo | readonly Tf.TensorInfo[] | null | undefined>
>;

/** Data of tensors that outlive a run, by tensor id, so that each is read once for all runs. */
export type ParameterCache = Map<number, { readonly dataId: object; readonly data: TensorData }>;

/** Told of every kernel call after it has run; `read` gives its results. */
export type StepListener = (step: number, read: () => readonly NamedTensor[]) => void;

export interface RecorderOptions {
  readonly batch: number;
  /** Names of tensors by id. */
  readonly names: ReadonlyMap<number, string>;
  readonly parameters: ParameterCache;
  readonly scopes: ScopeStack;
  readonly locate: Locate;
  /** Tells results of kernels that depend on the inputs, which are not computed then. */
  readonly foresee: Foresee | null;
  readonly onStep?: StepListener;
}

/** Computes a kernel, or gives empty results of these types. */
export interface KernelRun {
  (): KernelResult;
  empty(types: RecordedType | readonly RecordedType[]): KernelResult;
}

export class Recorder {
  private readonly nodes: RecordedNode[] = [];
  private readonly constants: RecordedConstant[] = [];
  private readonly refs = new Map<number, Ref>();
  private readonly origins = new Map<number, Origin>();
  /** Data that depends on the inputs; tensors that are views of the same data share it. */
  private readonly dependent = new WeakSet<object>();
  private depth = 0;
  private readonly firstId: number;
  private random: string | null = null;
  private problem: DiagnosticError | null = null;

  constructor(
    private readonly tf: TensorFlow,
    private readonly options: RecorderOptions,
  ) {
    const marker = tf.scalar(0);
    this.firstId = marker.id;
    marker.dispose();
  }

  /** Declares the next input. */
  input(tensor: Tf.Tensor): void {
    this.define(tensor, { kind: 'input', index: this.refs.size }, 'input');
  }

  /** Runs a kernel and records it, unless it runs inside another one. Results get an identity of their own. */
  kernel(type: string, inputs: KernelInputs, attrs: object | undefined, run: KernelRun): KernelResult {
    if (this.depth > 0) return run();
    const scope = this.options.scopes.path();
    const where = `kernel ${type}${this.inPlace(scope)}`;
    const args = namedInputs(inputs).map(({ name, tensor }) => ({ name, ref: this.refOf(tensor, where) }));
    const origin = this.combine(namedInputs(inputs).map(({ tensor }) => this.originOf(tensor)));
    const foreseen = origin === 'input' ? this.foreseen(type, args, inputs, attrs, where) : null;
    const results = foreseen === null ? this.inside(run) : run.empty(foreseen);
    const list = Array.isArray(results) ? results : [results];
    const tensors = list.map((info) => this.adopt(info));
    const index = this.nodes.length;
    this.nodes.push({
      type,
      inputs: args,
      attrs: this.guard(() => readAttributes(attrs, where)),
      scope,
      outputs: tensors.map((tensor) => this.typeOf(tensor, where)),
      list: Array.isArray(results),
      origin,
      values: origin === 'literal' ? tensors.map((tensor) => this.data(tensor)) : null,
    });
    tensors.forEach((tensor, output) => this.define(tensor, { kind: 'node', index, output }, origin));
    this.options.onStep?.(index, () =>
      tensors.map((tensor) => ({ ...this.typeOf(tensor, where), data: this.data(tensor).slice() })),
    );
    return Array.isArray(results) ? tensors : tensors[0]!;
  }

  private foreseen(
    type: string,
    inputs: RecordedNode['inputs'],
    tensors: KernelInputs,
    attrs: object | undefined,
    where: string,
  ): ReturnType<Foresee> {
    if (this.options.foresee === null) return null;
    return this.options.foresee({
      index: this.nodes.length,
      type,
      inputs,
      operands: namedInputs(tensors).map(({ name, tensor }) => ({
        name,
        ...this.typeOf(tensor as Tf.Tensor, where),
        data: this.originOf(tensor) === 'input' ? null : () => this.data(tensor as Tf.Tensor),
      })),
      attrs: this.guard(() => readAttributes(attrs, where)),
    });
  }

  /** Called before values are read: refuses where they depend on the inputs. */
  reading(dataId: object): void {
    if (this.depth > 0 || !this.dependent.has(dataId)) return;
    const place = this.place(stackHere(), this.options.scopes.path());
    this.refuse({
      code: 'E250',
      message: 'the model reads values that depend on its inputs while it runs',
      where: place,
      why:
        'a compiled model is one fixed graph; what is decided after reading a value (dataSync, data, arraySync, array,\n' +
        'bufferSync, print) holds for the inputs of the trace only',
      help:
        'compute it with tensors (for a branch, tf.where selects between both results), or split the model there:\n' +
        'export the part before the read, and do the rest in your own code. Constants may be read.',
    });
  }

  /** Called when a random number is drawn. */
  drawing(): void {
    if (this.depth === 0) this.random ??= this.place(stackHere(), this.options.scopes.path());
  }

  /** What has been recorded, given the run's results. */
  finish(outputs: readonly { readonly name: string; readonly tensor: Tf.Tensor }[]): Recording {
    if (this.problem !== null) throw this.problem;
    return {
      batch: this.options.batch,
      outputs: outputs.map(({ name, tensor }) => ({
        name,
        ref: this.refOf(tensor, `output ${JSON.stringify(name)}`),
      })),
      nodes: this.nodes,
      constants: this.constants,
      random: this.random,
    };
  }

  /** The refusal of this run, even where the model's code caught it. */
  refusal(): DiagnosticError | null {
    return this.problem;
  }

  private refOf(tensor: Tf.TensorInfo, where: string): Ref {
    if (!(tensor instanceof this.tf.Tensor)) {
      return this.refuse({
        code: 'E263',
        message: `${where} was given something that is not a tensor`,
        where,
        why: 'values are followed from kernel to kernel by their tensors',
        help: 'call kernels with tensors, as the functions of tf do, not with {dataId, shape, dtype} of your own',
      });
    }
    if (tensor.isDisposed) {
      return this.refuse({
        code: 'E255',
        message: `${where} uses a tensor that has been disposed of`,
        where: this.place(stackHere(), this.options.scopes.path()),
        why: 'tf.tidy disposes of every tensor made inside it except those that it returns',
        help: 'return the tensor from tf.tidy, or keep it with tf.keep, until the model has run',
      });
    }
    return this.refs.get(tensor.id) ?? this.constant(tensor, where);
  }

  private originOf(tensor: Tf.TensorInfo): Origin {
    return this.origins.get((tensor as Tf.Tensor).id)!;
  }

  private combine(origins: readonly Origin[]): Origin {
    return origins.includes('input') ? 'input' : origins.includes('parameter') ? 'parameter' : 'literal';
  }

  /** A tensor that no kernel of this run made: it was there before, or was made from numbers. */
  private constant(tensor: Tf.Tensor, where: string): Ref {
    if (this.dependent.has(tensor.dataId)) {
      this.refuse({
        code: 'E263',
        message: `${where} uses a tensor whose values came from the inputs without a kernel`,
        where,
        why: 'a variable was assigned while the model ran, or a tensor was made from the data of another',
        help: 'a compiled model has no state: return what you want to keep as an output, and give it back as an input',
      });
    }
    const type = this.typeOf(tensor, where);
    const existed = tensor.id < this.firstId || tensor instanceof this.tf.Variable;
    const origin = existed ? 'parameter' : 'literal';
    const index = this.constants.length;
    this.constants.push({
      ...type,
      name: this.nameOf(tensor),
      origin,
      data: this.data(tensor),
      scope: this.options.scopes.path(),
    });
    const ref: Ref = { kind: 'constant', index };
    this.refs.set(tensor.id, ref);
    this.origins.set(tensor.id, origin);
    return ref;
  }

  /** Variables that were given no name get a number from the engine, which says nothing. */
  private nameOf(tensor: Tf.Tensor): string | null {
    const known = this.options.names.get(tensor.id);
    if (known !== undefined) return known;
    return tensor instanceof this.tf.Variable && !/^\d+$/.test(tensor.name) ? tensor.name : null;
  }

  private data(tensor: Tf.Tensor): TensorData {
    const cached = this.options.parameters.get(tensor.id);
    if (cached?.dataId === tensor.dataId) return cached.data;
    const data = this.inside(() => asTensorData(tensor.dataSync(), tensor.dtype));
    // Ids are never used twice, so that entries of tensors that are gone are only unused.
    if (tensor.id < this.firstId) this.options.parameters.set(tensor.id, { dataId: tensor.dataId, data });
    return data;
  }

  private define(tensor: Tf.Tensor, ref: Ref, origin: Origin): void {
    this.refs.set(tensor.id, ref);
    this.origins.set(tensor.id, origin);
    if (origin === 'input') this.dependent.add(tensor.dataId);
  }

  /** A tensor for a kernel's result. A kernel that hands its input through gives a second tensor of the same data. */
  private adopt(info: Tf.TensorInfo): Tf.Tensor {
    const engine = this.tf.engine();
    if (!(info instanceof this.tf.Tensor)) return engine.makeTensorFromTensorInfo(info);
    if (!this.refs.has(info.id)) return info;
    engine.backend.incRef(info.dataId);
    return engine.makeTensorFromTensorInfo({ dataId: info.dataId, shape: info.shape, dtype: info.dtype });
  }

  private typeOf(tensor: Tf.Tensor, where: string): RecordedType {
    const { dtype } = tensor;
    if (isDType(dtype)) return { dtype, shape: [...tensor.shape] };
    return this.refuse({
      code: 'E256',
      message: `${where} has a tensor of type ${dtype}`,
      where,
      why: 'only float32, int32 and bool can be compiled',
      help: 'keep this part out of the exported model, before its inputs or after its outputs',
    });
  }

  private inside<T>(work: () => T): T {
    this.depth++;
    try {
      return work();
    } finally {
      this.depth--;
    }
  }

  private inPlace(scope: string): string {
    return scope === '' ? '' : ` in ${JSON.stringify(scope)}`;
  }

  private place(stack: string | undefined, scope: string): string {
    const code = codePlace(stack, this.options.locate);
    const parts = [
      scope === '' ? null : `module ${JSON.stringify(scope)}`,
      code === null ? null : printPlace(code),
    ];
    return parts.filter((part) => part !== null).join(', ') || 'the model';
  }

  private guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (error instanceof DiagnosticError) this.problem ??= error;
      throw error;
    }
  }

  private refuse(diagnostic: Omit<Diagnostic, 'severity'>): never {
    return this.guard(() => fail(diagnostic));
  }
}

/** Inputs by name; the members of a list have none. Optional inputs that are left out are not there. */
function namedInputs(inputs: KernelInputs): { readonly name: string; readonly tensor: Tf.TensorInfo }[] {
  if (Array.isArray(inputs)) return inputs.map((tensor: Tf.TensorInfo) => ({ name: '', tensor }));
  return Object.entries(inputs).flatMap(([name, value]) => {
    if (value === null || value === undefined) return [];
    const tensors = (Array.isArray(value) ? value : [value]) as Tf.TensorInfo[];
    return tensors.map((tensor) => ({ name, tensor }));
  });
}

export function isDType(dtype: string): dtype is DType {
  return dtype === 'float32' || dtype === 'int32' || dtype === 'bool';
}

/** The values of a tensor in the one representation that weights have. */
export function asTensorData(values: ArrayLike<number>, dtype: string): TensorData {
  if (dtype === 'float32') return values instanceof Float32Array ? values : Float32Array.from(values);
  if (dtype === 'int32') return values instanceof Int32Array ? values : Int32Array.from(values);
  return values instanceof Uint8Array ? values : Uint8Array.from(values);
}
