/** The parts of an emitted module that don't depend on the model's operations: reading weights, checking inputs. */
import type { DType } from '../ir/graph.js';
import { packedBody, packedDeclarations, unpackText } from './packed-text.js';
import type { PackedWeights } from './stored-weights.js';
import { noteText, type WeightUse } from './weight-use.js';

/** Where a module's backend can run, which decides how it reads files. */
export type Platform = 'node' | 'browser' | 'both';

/** Reads the weights file from wherever the module may run. */
export function readBytesText(platform: Platform): string {
  return platform === 'browser' ? fromWeb : [fromAnywhere(platform), fromFile].join('\n\n');
}

const memory = `if (typeof source === 'object' && 'byteLength' in source) return new Uint8Array(source);`;
const web = `const response = await fetch(source);
  if (!response.ok) throw new Error(\`\${source} can't be read: \${response.status} \${response.statusText}\`);
  return new Uint8Array(await response.arrayBuffer());`;

const fromWeb = `/** Reads a URL, or bytes in memory. */
async function readBytes(source: string | URL | ArrayBuffer): Promise<Uint8Array> {
  ${memory}
  ${web}
}`;

function fromAnywhere(platform: Platform): string {
  const isFile = `!/^(https?|data|blob):/.test(String(source))`;
  const test =
    platform === 'node'
      ? `if (${isFile}) return readFile(source);`
      : `const { process } = globalThis as { process?: { versions?: { node?: string } } };
  if (process?.versions?.node && ${isFile}) return readFile(source);`;
  return `/** Reads a file (in Node.js; a path or a \`file:\` URL), any other URL, or bytes in memory. */
async function readBytes(source: string | URL | ArrayBuffer): Promise<Uint8Array> {
  ${memory}
  ${test}
  ${web}
}`;
}

/** The module's name is in a variable, so that bundlers and type checkers without Node.js don't look for it. */
const fromFile = `/** Reads a file in Node.js. */
async function readFile(path: string | URL): Promise<Uint8Array> {
  const moduleName = 'node:fs/promises';
  const fs: { readFile(path: string | URL): Promise<Uint8Array> } = await import(
    /* @vite-ignore */ /* webpackIgnore: true */ moduleName
  );
  const file = await fs.readFile(String(path).startsWith('file:') ? new URL(path) : path);
  return new Uint8Array(file.buffer, file.byteOffset, file.byteLength);
}`;

const formats: Readonly<Record<DType, { readonly name: string; readonly array: string }>> = {
  float32: { name: 'F32', array: 'Float32Array' },
  int32: { name: 'I32', array: 'Int32Array' },
  bool: { name: 'BOOL', array: 'Uint8Array' },
};

/** How the reader of weights speaks of element types: most models have one only, which need not be looked up. */
interface ElementWords {
  /** A table of the types, or nothing. */
  readonly table: string;
  readonly parameters: string;
  readonly lookUp: string;
  readonly format: string;
  readonly inMessage: string;
  readonly bytes: string;
  readonly array: string;
  readonly argument: string;
  readonly trainable: string;
}

const onlyFloats: ElementWords = {
  table: '',
  parameters: '(name: string, shape: tf.ShapeMap[R])',
  lookUp: '',
  format: `'F32'`,
  inMessage: 'F32',
  bytes: '4',
  array: 'Float32Array',
  argument: '',
  trainable: '',
};

function severalTypes(dtypes: readonly DType[]): ElementWords {
  const lines = dtypes.map((dtype) => {
    const { name, array } = formats[dtype];
    return `  ${dtype}: { format: '${name}', array: ${array} },\n`;
  });
  return {
    table: `/** Element types, as the file names them. */\nconst elementTypes = {\n${lines.join('')}} as const;\n\n`,
    parameters:
      '(\n    name: string,\n    shape: tf.ShapeMap[R],\n' +
      `    dtype: keyof typeof elementTypes = '${dtypes[0]!}',\n  )`,
    lookUp: '    const { format, array } = elementTypes[dtype];\n',
    format: 'format',
    inMessage: '${format}',
    bytes: 'array.BYTES_PER_ELEMENT',
    array: 'array',
    argument: ', dtype',
    trainable: `, dtype === 'float32'`,
  };
}

/** How the weights of a module are stored. */
export interface WeightTypes {
  readonly dtypes: ReadonlySet<DType>;
  readonly packed: PackedWeights;
}

/** Makes tensors of a weights file. */
export function weightsReaderText({ dtypes, packed }: WeightTypes, use: WeightUse): string {
  const isPacked = packed.dtypes.size > 0;
  const used = (Object.keys(formats) as DType[]).filter((dtype) => dtype === 'float32' || dtypes.has(dtype));
  const words = used.length === 1 ? onlyFloats : severalTypes(used);
  return `${isPacked ? packedDeclarations(dtypes, packed) : words.table}/** What the header of a weights file says about a tensor, not yet checked. */
interface TensorEntry {
  readonly dtype?: unknown;
  readonly shape?: unknown;
  readonly data_offsets?: readonly unknown[];
}

/**
 * Reads the header of a weights file (safetensors). The function returned makes one of its tensors, after checking that
 * it is there and has the right type, and notes it in \`made\`.
 */
function weightsReader(bytes: Uint8Array, made: tf.Tensor[]) {
  const invalid = (why: string) => new Error(\`This is not the weights file of this model: \${why}\`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = bytes.length < 8 ? Infinity : 8 + view.getUint32(0, true) + 2 ** 32 * view.getUint32(4, true);
  if (start > bytes.length) throw invalid('its header is cut off');
  let entries: Map<string, TensorEntry | null>;
  try {
    entries = new Map(Object.entries(JSON.parse(new TextDecoder().decode(bytes.subarray(8, start)))));
  } catch {
    throw invalid('its header is not JSON');
  }
${isPacked ? packedBody(dtypes, packed, use) : plainBody(words, use)}}${isPacked ? `\n\n${unpackText(packed)}` : ''}`;
}

function plainBody(words: ElementWords, use: WeightUse): string {
  const { trainable, shared } = use;
  const tensor = `tf.tensor<R>(data, shape${words.argument})`;
  const result = trainable ? `tf.tidy(() => tf.variable(${tensor}${words.trainable}))` : tensor;
  const type = `${trainable ? 'tf.Variable' : 'tf.Tensor'}<R>`;
  const known = shared ? '  const known = new Map<string, tf.Tensor>();\n' : '';
  const ask = shared
    ? `    const first = known.get(name) as ${type} | undefined;\n    if (first !== undefined) return first;\n`
    : '';
  return `${known}  return <R extends tf.Rank>${words.parameters}: ${type} => {
${ask}${words.lookUp}    const entry = entries.get(name);
    if (entry?.dtype !== ${words.format} || String(entry.shape) !== String(shape)) {
      throw invalid(\`\${name} is \${entry?.dtype}[\${entry?.shape}], not ${words.inMessage}[\${shape}]\`);
    }
    const [from, to] = [Number(entry.data_offsets?.[0]), Number(entry.data_offsets?.[1])];
    const size = shape.reduce((product, length) => product * length, ${words.bytes});
    const inFile = Number.isSafeInteger(from) && from >= 0 && start + to <= bytes.length;
    if (!inFile || to - from !== size) throw invalid(\`\${name} is cut off\`);
    const data = new ${words.array}(bytes.slice(start + from, start + to).buffer);
    const tensor = ${result};
${noteText(use)}${shared ? '    known.set(name, tensor);\n' : ''}    return tensor;
  };
`;
}

/**
 * Checks the inputs of `predict`.
 * @param sameBatch whether several inputs have to agree on the batch size
 */
export function checkInputText(sameBatch: boolean): string {
  const size = sameBatch ? '(size ?? batch)' : 'size';
  const fits = sameBatch ? `${size} === tensor.shape[i]` : `size === null || size === tensor.shape[i]`;
  const shown = sameBatch ? `size ?? batch` : `size ?? 'batch'`;
  return `/** What an input must be. */
interface Port {
  readonly name: string;
  readonly shape: readonly (number | null)[];
  readonly dtype: string;
}

/** Refuses inputs that the model was not made for. */
function checkInput(tensor: tf.Tensor | undefined, port: Port${sameBatch ? ', batch: number | undefined' : ''}): void {
  const { name, shape, dtype } = port;
  const fits =
    tensor?.dtype === dtype &&
    tensor.rank === shape.length &&
    shape.every((size, i) => ${fits});
  if (fits) return;
  const expected = \`\${dtype}[\${shape.map((size) => ${shown}).join(', ')}]\`;
  throw new Error(\`The input \${name} must be \${expected}, not \${tensor?.dtype}[\${tensor?.shape.join(', ')}]\`);
}`;
}
