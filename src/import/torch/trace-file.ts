/** Reads `trace.json`: a file from elsewhere, so everything in it is checked before it is believed. */
import { fail } from '../../diagnostics/diagnostic.js';
import type { Dim } from '../../ir/graph.js';
import { field, isArray, isObject, jsonChecks, type Json, type JsonObject } from '../files/json.js';

/** What the tracer writes; see docs/trace-schema.md. */
export interface Trace {
  readonly model: string;
  /** False: the trace holds the structure alone. */
  readonly hasWeights: boolean;
  readonly inputs: readonly TracePort[];
  readonly tensors: ReadonlyMap<string, TraceTensor>;
  readonly program: TraceGraph | null;
  readonly backward: TraceGraph | null;
  /** Why a graph is missing. */
  readonly missing: { readonly program: string | null; readonly backward: string | null };
  readonly examples: readonly TraceExample[];
}

export interface TraceType {
  /** PyTorch's name, e.g. `bfloat16`. */
  readonly dtype: string;
  readonly shape: readonly Dim[];
}

export interface TracePort extends TraceType {
  readonly name: string;
}

/** A parameter, buffer or constant. */
export interface TraceTensor {
  readonly name: string;
  readonly kind: 'parameter' | 'buffer' | 'constant';
  readonly dtype: string;
  readonly shape: readonly number[];
}

export interface TraceGraph {
  /** Each after what it reads. */
  readonly nodes: readonly TraceNode[];
  /** By name; null for an output that this graph does not show. */
  readonly outputs: ReadonlyMap<string, TraceRef | null>;
}

export interface TraceNode {
  readonly name: string;
  readonly type: string;
  /** Operands and other values, by name, in order. */
  readonly args: readonly (readonly [name: string, value: Json])[];
  /** Null for outputs that are no tensors. */
  readonly outputs: readonly (TraceType | null)[];
  readonly scope: string;
}

/** Where a tensor comes from. */
export type TraceRef =
  | { readonly kind: 'node'; readonly name: string; readonly output: number }
  | { readonly kind: 'input'; readonly name: string }
  | { readonly kind: 'tensor'; readonly name: string };

export interface TraceExample {
  readonly name: string;
  /** From the model's names to those in the file of examples. */
  readonly inputs: ReadonlyMap<string, string>;
  readonly outputs: ReadonlyMap<string, string>;
}

const again = 'trace the model again: `espalier tracer > espalier_tracer.py`, and run it where PyTorch is';
const check = jsonChecks({ code: 'E220', help: again });

/** No argument of an operation nests deeper. */
const maxDepth = 16;

/** The version that is read; see docs/trace-schema.md. */
const version = 1;

/** Whether parsed JSON says that it is a trace. */
export function isTrace(json: Json): boolean {
  return isObject(json) && field(json, 'format') === 'espalier-trace';
}

/** @throws DiagnosticError for everything that is not as the schema has it. */
export function parseTrace(json: Json, file: string): Trace {
  const root = check.asObject(json, 'a trace', file);
  if (!isTrace(json) || field(root, 'version') !== version) {
    const { format, version: found } = { format: null, version: null, ...root };
    return fail({
      code: 'E221',
      message: `${file} is not a trace of version ${version}`,
      where: file,
      why: isTrace(json)
        ? `its version is ${JSON.stringify(found)}`
        : `its format is ${JSON.stringify(format)}`,
      help: again,
    });
  }
  return new TraceParser(root, file).parse();
}

class TraceParser {
  private readonly tensors: ReadonlyMap<string, TraceTensor>;
  private readonly inputs: readonly TracePort[];

  constructor(
    private readonly root: JsonObject,
    private readonly file: string,
  ) {
    this.inputs = this.list('inputs').map((item, i) => this.port(item, `input ${i}`));
    this.tensors = this.unique(this.list('tensors').map((item, i) => this.tensor(item, `tensor ${i}`)));
    this.unique([...this.inputs, ...this.tensors.values()]);
  }

  parse(): Trace {
    const missing = check.asObject(field(this.root, 'missing') ?? {}, '`missing`', this.file);
    const why = (part: string): string | null => {
      const text = field(missing, part);
      return text === undefined ? null : check.asString(text, `\`missing.${part}\``, this.file);
    };
    return {
      model: check.asString(field(this.root, 'model'), '`model`', this.file),
      hasWeights: field(this.root, 'weights') !== false,
      inputs: this.inputs,
      tensors: this.tensors,
      program: this.graph('program', 'op', (node, place) => this.namedArgs(node, place)),
      backward: this.graph('backward', 'type', (node, place) => this.backwardArgs(node, place)),
      missing: { program: why('program'), backward: why('backward') },
      examples: this.list('examples').map((item, i) => this.example(item, `example ${i}`)),
    };
  }

  private list(key: string): readonly Json[] {
    return check.asArray(field(this.root, key), `\`${key}\``, this.file);
  }

  private unique<T extends { readonly name: string }>(items: readonly T[]): ReadonlyMap<string, T> {
    const byName = new Map<string, T>();
    for (const item of items) {
      if (byName.has(item.name)) this.inconsistent(`two things are called ${JSON.stringify(item.name)}`);
      byName.set(item.name, item);
    }
    return byName;
  }

  private inconsistent(message: string, why?: string): never {
    return fail({
      code: 'E222',
      message,
      where: this.file,
      ...(why === undefined ? {} : { why }),
      help: again,
    });
  }

  // ---------------------------------------------------------------- tensors

  private port(item: Json, place: string): TracePort {
    const object = check.asObject(item, place, this.file);
    const name = check.asString(field(object, 'name'), `the name of ${place}`, this.file);
    return { name, ...this.type(object, place) };
  }

  private tensor(item: Json, place: string): TraceTensor {
    const object = check.asObject(item, place, this.file);
    const kind = field(object, 'kind');
    if (kind !== 'parameter' && kind !== 'buffer' && kind !== 'constant') {
      return check.malformed(`the kind of ${place}`, '"parameter", "buffer" or "constant"', kind, this.file);
    }
    const sizes = check.asArray(field(object, 'shape'), `the shape of ${place}`, this.file);
    return {
      name: check.asString(field(object, 'name'), `the name of ${place}`, this.file),
      kind,
      dtype: check.asString(field(object, 'dtype'), `the dtype of ${place}`, this.file),
      shape: sizes.map((size) => check.asSize(size, `a size of ${place}`, this.file)),
    };
  }

  private type(object: JsonObject, place: string): TraceType {
    const sizes = check.asArray(field(object, 'shape'), `the shape of ${place}`, this.file);
    return {
      dtype: check.asString(field(object, 'dtype'), `the dtype of ${place}`, this.file),
      shape: sizes.map((size) => this.dim(size, place)),
    };
  }

  /** A number, or `{ "batch": 4 }`. */
  private dim(size: Json, place: string): Dim {
    if (!isObject(size)) return check.asSize(size, `a size of ${place}`, this.file);
    const batch = check.asSize(field(size, 'batch'), `a multiple of the batch in ${place}`, this.file);
    return batch > 0 ? { batch } : check.malformed(`a size of ${place}`, 'above zero', batch, this.file);
  }

  // ---------------------------------------------------------------- graphs

  private graph(
    part: 'program' | 'backward',
    typeKey: string,
    argsOf: (node: JsonObject, place: string) => TraceNode['args'],
  ): TraceGraph | null {
    const given = field(this.root, part);
    if (given === undefined || given === null) return null;
    const object = check.asObject(given, `\`${part}\``, this.file);
    const made = new Map<string, number>();
    const nodes: TraceNode[] = [];
    for (const [i, item] of check.asArray(field(object, 'nodes'), `\`${part}.nodes\``, this.file).entries()) {
      const place = `node ${i} of the ${part}`;
      const node = this.node(check.asObject(item, place, this.file), typeKey, place, argsOf);
      if (made.has(node.name))
        this.inconsistent(`two nodes of the ${part} are called ${JSON.stringify(node.name)}`);
      for (const [, value] of node.args) this.checkRefs(value, made, node.name);
      made.set(node.name, node.outputs.length);
      nodes.push(node);
    }
    const outputs = check.asObject(field(object, 'outputs'), `\`${part}.outputs\``, this.file);
    return {
      nodes,
      outputs: new Map(
        Object.entries(outputs).map(([name, value]) => {
          this.checkRefs(value, made, `output ${name}`);
          const ref = refOf(value);
          return ref === undefined
            ? check.malformed(`the output ${JSON.stringify(name)}`, 'a reference', value, this.file)
            : [name, ref];
        }),
      ),
    };
  }

  private node(
    object: JsonObject,
    typeKey: string,
    place: string,
    argsOf: (node: JsonObject, place: string) => TraceNode['args'],
  ): TraceNode {
    const outputs = check.asArray(field(object, 'outputs'), `the outputs of ${place}`, this.file);
    return {
      name: check.asString(field(object, 'name'), `the name of ${place}`, this.file),
      type: check.asString(field(object, typeKey), `the ${typeKey} of ${place}`, this.file),
      args: argsOf(object, place),
      outputs: outputs.map((output) =>
        output === null ? null : this.type(check.asObject(output, `an output of ${place}`, this.file), place),
      ),
      scope: check.asString(field(object, 'scope') ?? '', `the scope of ${place}`, this.file),
    };
  }

  private namedArgs(node: JsonObject, place: string): TraceNode['args'] {
    const overload = check.asString(field(node, 'overload'), `the overload of ${place}`, this.file);
    const args = check.asObject(field(node, 'args'), `the args of ${place}`, this.file);
    return [...Object.entries(args), ['overload', overload]];
  }

  /** What the node reads has no names; what it has saved does. */
  private backwardArgs(node: JsonObject, place: string): TraceNode['args'] {
    const inputs = check.asArray(field(node, 'inputs'), `the inputs of ${place}`, this.file);
    const saved = check.asObject(field(node, 'saved'), `the saved values of ${place}`, this.file);
    for (const input of inputs) {
      if (refOf(input) === undefined)
        check.malformed(`an input of ${place}`, 'a reference', input, this.file);
    }
    return [...inputs.map((value): [string, Json] => ['', value]), ...Object.entries(saved)];
  }

  /** References must be to what is there, and was made before. */
  private checkRefs(value: Json, made: ReadonlyMap<string, number>, reader: string, depth = 0): void {
    if (depth > maxDepth)
      this.inconsistent(`${JSON.stringify(reader)} has lists in lists, too many to be real`);
    if (isArray(value)) {
      for (const item of value) this.checkRefs(item, made, reader, depth + 1);
      return;
    }
    const ref = refOf(value);
    if (ref === undefined || ref === null) return;
    const why = `${JSON.stringify(reader)} reads it`;
    if (ref.kind === 'node') {
      const count = made.get(ref.name);
      if (count === undefined) {
        this.inconsistent(`there is no node ${JSON.stringify(ref.name)}, or it comes later`, why);
      }
      if (ref.output >= count) {
        this.inconsistent(`the node ${JSON.stringify(ref.name)} has no output ${ref.output}`, why);
      }
    } else if (ref.kind === 'tensor' && !this.tensors.has(ref.name)) {
      this.inconsistent(`there is no tensor ${JSON.stringify(ref.name)}`, why);
    } else if (ref.kind === 'input' && !this.inputs.some(({ name }) => name === ref.name)) {
      this.inconsistent(`there is no input ${JSON.stringify(ref.name)}`, why);
    }
  }

  private example(item: Json, place: string): TraceExample {
    const object = check.asObject(item, place, this.file);
    const names = (key: string): ReadonlyMap<string, string> => {
      const entries = Object.entries(check.asObject(field(object, key), `the ${key} of ${place}`, this.file));
      return new Map(
        entries.map(([name, stored]) => [name, check.asString(stored, `a name in ${place}`, this.file)]),
      );
    };
    return {
      name: check.asString(field(object, 'name'), `the name of ${place}`, this.file),
      inputs: names('inputs'),
      outputs: names('outputs'),
    };
  }
}

/** The reference that a value is: null for a tensor that is left out, undefined if it is something else. */
export function refOf(value: Json): TraceRef | null | undefined {
  if (!isObject(value)) return undefined;
  const node = field(value, 'node');
  if (typeof node === 'string') {
    const output = field(value, 'output') ?? 0;
    if (typeof output !== 'number' || !Number.isSafeInteger(output) || output < 0) return undefined;
    return { kind: 'node', name: node, output };
  }
  const tensor = field(value, 'tensor');
  if (tensor === null) return null;
  if (typeof tensor === 'string') return { kind: 'tensor', name: tensor };
  const input = field(value, 'input');
  return typeof input === 'string' ? { kind: 'input', name: input } : undefined;
}
