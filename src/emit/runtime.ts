/** The parts of an emitted module that don't depend on the model's operations: reading weights, checking inputs. */
import type { DType } from '../ir/graph.js';

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

/**
 * Makes tensors of a weights file.
 * @param dtypes the element types of the weights
 * @param trainable whether float weights are variables
 */
export function weightsReaderText(dtypes: ReadonlySet<DType>, trainable: boolean): string {
  const used = (Object.keys(formats) as DType[]).filter((dtype) => dtypes.has(dtype));
  const onlyFloat = used.length === 1 && used[0] === 'float32';
  const table = used.map(
    (dtype) => `  ${dtype}: { format: '${formats[dtype].name}', array: ${formats[dtype].array} },\n`,
  );
  const type = trainable ? 'tf.Variable<R>' : 'tf.Tensor<R>';
  return `${onlyFloat ? '' : `/** Element types, as the file names them. */\nconst elementTypes = {\n${table.join('')}} as const;\n\n`}/** What the header of a weights file says about a tensor, not yet checked. */
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
  return <R extends tf.Rank>(name: string, shape: tf.ShapeMap[R]${onlyFloat ? '' : `, dtype: keyof typeof elementTypes = 'float32'`}): ${type} => {
${onlyFloat ? '' : '    const { format, array } = elementTypes[dtype];\n'}    const entry = entries.get(name);
    if (entry?.dtype !== ${onlyFloat ? `'F32'` : 'format'} || String(entry.shape) !== String(shape)) {
      throw invalid(\`\${name} is \${entry?.dtype}[\${entry?.shape}], not ${onlyFloat ? 'F32' : '${format}'}[\${shape}]\`);
    }
    const [from, to] = [Number(entry.data_offsets?.[0]), Number(entry.data_offsets?.[1])];
    const size = shape.reduce((product, length) => product * length, ${onlyFloat ? '4' : 'array.BYTES_PER_ELEMENT'});
    const inFile = Number.isSafeInteger(from) && from >= 0 && start + to <= bytes.length;
    if (!inFile || to - from !== size) throw invalid(\`\${name} is cut off\`);
    const data = new ${onlyFloat ? 'Float32Array' : 'array'}(bytes.slice(start + from, start + to).buffer);
    const tensor = ${tensorText(onlyFloat, trainable)};
    made.push(tensor);
    return tensor;
  };
}`;
}

function tensorText(onlyFloat: boolean, trainable: boolean): string {
  const dtype = onlyFloat ? '' : ', dtype';
  if (!trainable) return `tf.tensor<R>(data, shape${dtype})`;
  return `tf.tidy(() => tf.variable(tf.tensor<R>(data, shape${dtype})${onlyFloat ? '' : `, dtype === 'float32'`}))`;
}

/**
 * Checks the inputs of `predict`.
 * @param sameBatch whether several inputs have to agree on the batch size
 */
export function checkInputText(sameBatch: boolean): string {
  const agree = sameBatch ? 'size === null ? tensor.shape[i] === batch : ' : 'size === null || ';
  return `/** Refuses inputs that the model was not made for. */
function checkInput(
  tensor: tf.Tensor | undefined,
  { name, shape, dtype }: { readonly name: string; readonly shape: readonly (number | null)[]; readonly dtype: string },${sameBatch ? '\n  batch: number | undefined,' : ''}
): void {
  const fits =
    tensor?.dtype === dtype &&
    tensor.rank === shape.length &&
    shape.every((size, i) => ${agree}${sameBatch ? 'tensor.shape[i] === size' : 'size === tensor.shape[i]'});
  if (fits) return;
  const expected = \`\${dtype}[\${shape.map((size) => size ?? ${sameBatch ? "batch ?? 'batch'" : "'batch'"}).join(', ')}]\`;
  throw new Error(\`The input \${name} must be \${expected}, not \${tensor?.dtype}[\${tensor?.shape.join(', ')}]\`);
}`;
}
