/** The reader of a weights file in which weights are packed: see `stored-weights.ts`. */
import type { DType } from '../ir/graph.js';
import type { PackedDType, PackedWeights } from './stored-weights.js';
import { noteText, type WeightUse } from './weight-use.js';

const arrays: Readonly<Record<PackedDType | DType, { readonly format: string; readonly array: string }>> = {
  float32: { format: 'F32', array: 'Float32Array' },
  int32: { format: 'I32', array: 'Int32Array' },
  float16: { format: 'F16', array: 'Uint16Array' },
  uint16: { format: 'U16', array: 'Uint16Array' },
  uint8: { format: 'U8', array: 'Uint8Array' },
  bool: { format: 'BOOL', array: 'Uint8Array' },
};

const hasHalves = ({ dtypes }: PackedWeights): boolean => dtypes.has('float16');
const hasScaled = ({ dtypes }: PackedWeights): boolean => dtypes.has('uint8') || dtypes.has('uint16');

/** The table of types, and what the file says of packed weights. */
export function packedDeclarations(dtypes: ReadonlySet<DType>, packed: PackedWeights): string {
  const used: ReadonlySet<string> = new Set(['float32', ...dtypes, ...packed.dtypes]);
  const lines = Object.entries(arrays)
    .filter(([dtype]) => used.has(dtype))
    .map(([, { format, array }]) => `  ${format}: ${array},\n`);
  const optional = hasHalves(packed) ? '?' : '';
  const scaled = `
  /** \`stored * scale + min\` is the number${optional === '' ? '' : '; half floats have neither'}. */
  readonly scale${optional}: number;
  readonly min${optional}: number;`;
  const table = `/** Element types, as the file names them${optional === '' ? '' : '; half floats by their bits'}. */
const arrays = {
${lines.join('')}} as const;

`;
  if (!packed.isDescribed) return table;
  return `${table}/** How the numbers of a weight follow from fewer bits in the file. */
interface Packing {${hasScaled(packed) ? scaled : ''}
  /** Factors that the numbers are multiplied by in turn, each for \`run\` of them. */
  readonly times: readonly { readonly name: string; readonly length: number; readonly run: number }[];
}

`;
}

/** What the reader of weights does, once it has the header's `entries`. */
export function packedBody(dtypes: ReadonlySet<DType>, packed: PackedWeights, use: WeightUse): string {
  const { trainable } = use;
  const floatFormats = ['float32' as const, ...packed.dtypes].map((dtype) => `'${arrays[dtype].format}'`);
  const others = (['int32', 'bool'] as const).filter((dtype) => dtypes.has(dtype));
  const several = others.length > 0;
  const types = ['float32', ...others].map((dtype) => `'${dtype}'`).join(' | ');
  const parameters = several
    ? `(\n    name: string,\n    shape: tf.ShapeMap[R],\n    dtype: ${types} = 'float32',\n  )`
    : '(name: string, shape: tf.ShapeMap[R])';
  const otherFormat =
    others.length === 2 ? `dtype === 'int32' ? 'I32' : 'BOOL'` : `'${arrays[others[0] ?? 'int32'].format}'`;
  const data = several
    ? `dtype === 'float32' ? floats(name, shape) : stored(name, shape, [${otherFormat}]).slice()`
    : 'floats(name, shape)';
  const tensor = `tf.tensor<R>(data, shape${several ? ', dtype' : ''})`;
  const result = trainable
    ? `tf.tidy(() => tf.variable(${tensor}${several ? `, dtype === 'float32'` : ''}))`
    : tensor;
  return `${packed.isDescribed ? packings : ''}  /** What the file stores of a tensor, in the file's own memory, after checking that it is there. */
  const stored = <F extends keyof typeof arrays>(
    name: string,
    shape: readonly number[],
    formats: readonly F[],
  ) => {
    const entry = entries.get(name);
    const format = formats.find((known) => known === entry?.dtype);
    if (format === undefined || String(entry?.shape) !== String(shape)) {
      throw invalid(\`\${name} is \${entry?.dtype}[\${entry?.shape}], not \${formats.join(' or ')}[\${shape}]\`);
    }
    const array = arrays[format];
    const [from, to] = [Number(entry?.data_offsets?.[0]), Number(entry?.data_offsets?.[1])];
    const size = shape.reduce((product, length) => product * length, array.BYTES_PER_ELEMENT);
    const inFile = Number.isSafeInteger(from) && from >= 0 && start + to <= bytes.length;
    if (!inFile || to - from !== size) throw invalid(\`\${name} is cut off\`);
    const part = bytes.subarray(start + from, start + to);
    const { buffer, byteOffset } = part.byteOffset % array.BYTES_PER_ELEMENT === 0 ? part : part.slice();
    const length = part.length / array.BYTES_PER_ELEMENT;
    return new array(buffer as ArrayBuffer, byteOffset, length) as InstanceType<(typeof arrays)[F]>;
  };

  /** The numbers of a weight, be it stored in fewer bits. */
  const floats = (name: string, shape: readonly number[]): Float32Array => {
    const codes = stored(name, shape, [${floatFormats.join(', ')}]);
${packed.isDescribed ? described(packed) : plainHalves}  };

  return <R extends tf.Rank>${parameters}: tf.${trainable ? 'Variable' : 'Tensor'}<R> => {
    const data = ${data};
    const tensor = ${result};
${noteText(use)}    return tensor;
  };
`;
}

const packings = `  const packings = new Map<string, unknown>(Object.entries(entries.get('__metadata__') ?? {}));

`;

const plainHalves = `    return codes instanceof Float32Array ? codes.slice() : halfFloats(codes);
`;

/** How a weight is unpacked where the file says how, except of plain half floats. */
function described(packed: PackedWeights): string {
  const isHalf = hasScaled(packed) ? ` && entries.get(name)?.dtype === 'F16'` : '';
  const halves = hasHalves(packed) ? `    if (!packings.has(name)${isHalf}) return halfFloats(codes);\n` : '';
  return `    if (codes instanceof Float32Array) return codes.slice();
${halves}    try {
      const packing: Packing = JSON.parse(String(packings.get(name)));
      return unpack(codes, packing, (factors, length) => stored(factors, [length], ['F32']));
    } catch (error) {
      throw invalid(\`\${name} can't be unpacked (\${error})\`);
    }
`;
}

/** The function that reads half floats. */
const halves = `/** Half floats by their bits: those of a float, but for the exponent. */
function halfFloats(codes: Uint8Array | Uint16Array): Float32Array {
  const numbers = new Float32Array(codes.length);
  const bits = new Uint32Array(numbers.buffer);
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i]!;
    bits[i] = ((code & 0x8000) << 16) | ((code & 0x7fff) << 13);
    numbers[i]! *= 2 ** 112;
  }
  return numbers;
}`;

const scaled = 'for (let i = 0; i < codes.length; i++) numbers[i] = codes[i]! * scale + min;';

/** The functions that unpack a weight. */
export function unpackText(packed: PackedWeights): string {
  if (!packed.isDescribed) return halves;
  const empty = 'new Float32Array(codes.length)';
  const [parameters, numbers] = !hasScaled(packed)
    ? ['times', 'const numbers = halfFloats(codes);']
    : hasHalves(packed)
      ? [
          'scale, min = 0, times',
          `const numbers = scale === undefined ? halfFloats(codes) : ${empty};\n` +
            `  if (scale !== undefined) {\n    ${scaled}\n  }`,
        ]
      : ['scale, min, times', `const numbers = ${empty};\n  ${scaled}`];
  return `${hasHalves(packed) ? `${halves}\n\n` : ''}/** Computes a weight from what is stored of it, in single precision. */
function unpack(
  codes: Uint8Array | Uint16Array,
  { ${parameters} }: Packing,
  factorsOf: (name: string, length: number) => Float32Array,
): Float32Array {
  ${numbers}
  for (const { name, length, run } of times) {
    if (!(run >= 1 && numbers.length % (length * run) === 0)) throw new Error(\`\${name} does not fit\`);
    const factors = factorsOf(name, length);
    for (let at = 0; at < numbers.length; ) {
      for (const factor of factors) {
        for (const end = at + run; at < end; at++) numbers[at]! *= factor;
      }
    }
  }
  return numbers;
}`;
}
