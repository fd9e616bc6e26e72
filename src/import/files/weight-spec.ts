/** The weight manifest of a TensorFlow.js `model.json`: what each weight is and where its bytes are. */
import { fail } from '../../diagnostics/diagnostic.js';
import type { DType } from '../../ir/graph.js';
import { asArray, asNumber, asObject, asSize, asString, field, isObject } from './json.js';
import type { Json, JsonObject } from './json.js';

/** How a weight's bytes are to be read; `scale` and `min` count for the integer encodings of real numbers. */
export type Encoding =
  | { readonly kind: 'plain' }
  | { readonly kind: 'float16' }
  | { readonly kind: 'affine'; readonly bits: 8 | 16; readonly scale: number; readonly min: number };

export interface WeightSpec {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly encoding: Encoding;
  /** Number of elements. */
  readonly size: number;
  /** Number of bytes in the file. */
  readonly bytes: number;
  /** Where the bytes start, in the concatenated files of the weight's group. */
  readonly offset: number;
}

/** Files whose bytes, one after the other, hold these weights. */
export interface WeightGroup {
  readonly paths: readonly string[];
  readonly weights: readonly WeightSpec[];
  readonly bytes: number;
}

/** Reads the `weightsManifest` of a model.json; sizes are checked, nothing is allocated. */
export function readManifest(manifest: Json | undefined, file: string): WeightGroup[] {
  const names = new Set<string>();
  return asArray(manifest, '`weightsManifest`', file).map((entry) => {
    const group = asObject(entry, 'an entry of `weightsManifest`', file);
    const paths = asArray(field(group, 'paths'), '`paths` in `weightsManifest`', file).map((path) =>
      asString(path, 'a path in `weightsManifest`', file),
    );
    const weights: WeightSpec[] = [];
    let offset = 0;
    for (const item of asArray(field(group, 'weights'), '`weights` in `weightsManifest`', file)) {
      const spec = readSpec(asObject(item, 'a weight in `weightsManifest`', file), offset, file);
      if (names.has(spec.name)) {
        fail({
          code: 'E701',
          message: `two weights are named ${JSON.stringify(spec.name)}`,
          where: file,
          why: 'the graph refers to weights by name, so a name must be unique',
          help: 'convert or download the model again',
        });
      }
      names.add(spec.name);
      weights.push(spec);
      offset += spec.bytes;
    }
    return { paths, weights, bytes: offset };
  });
}

function readSpec(item: JsonObject, offset: number, file: string): WeightSpec {
  const name = asString(field(item, 'name'), "a weight's `name`", file);
  const where = `weight ${JSON.stringify(name)} of ${file}`;
  const dtype = readDType(asString(field(item, 'dtype'), '`dtype`', where), where);
  const shape = asArray(field(item, 'shape'), '`shape`', where).map((size) => asSize(size, 'a size', where));
  const encoding = readEncoding(field(item, 'quantization'), dtype, where);
  const size = shape.reduce((product, dim) => product * dim, 1);
  const bytes = size * bytesPerElement(dtype, encoding);
  if (!Number.isSafeInteger(offset + bytes)) {
    fail({
      code: 'E704',
      message: `a weight of shape [${shape.join(', ')}] is larger than any file`,
      where,
      help: 'the manifest is damaged; convert or download the model again',
    });
  }
  return { name, dtype, shape, encoding, size, bytes, offset };
}

function readDType(dtype: string, where: string): DType {
  if (dtype === 'float32' || dtype === 'int32' || dtype === 'bool') return dtype;
  return fail({
    code: 'E705',
    message: `weights of type ${JSON.stringify(dtype)} are not supported`,
    where,
    why: 'a network of tensors is made of float32, int32 and bool; text and complex numbers have no channels',
    help: 'remove the part of the model that uses this weight (often preprocessing of text) before converting it',
  });
}

function readEncoding(value: Json | undefined, dtype: DType, where: string): Encoding {
  if (value === undefined || value === null) return { kind: 'plain' };
  const quantization = asObject(value, '`quantization`', where);
  const stored = asString(field(quantization, 'dtype'), "`quantization`'s `dtype`", where);
  if (stored === 'float16' && dtype === 'float32') return { kind: 'float16' };
  if ((stored === 'uint8' || stored === 'uint16') && dtype !== 'bool') {
    return {
      kind: 'affine',
      bits: stored === 'uint8' ? 8 : 16,
      scale: asNumber(field(quantization, 'scale'), "`quantization`'s `scale`", where),
      min: asNumber(field(quantization, 'min'), "`quantization`'s `min`", where),
    };
  }
  return fail({
    code: 'E705',
    message: `a weight of type ${dtype} stored as ${JSON.stringify(stored)} is not supported`,
    where,
    why: 'TensorFlow.js stores float32 as float16, uint8 or uint16, and int32 as uint8 or uint16',
    help: 'convert the model again with one of these, or without quantisation',
  });
}

function bytesPerElement(dtype: DType, encoding: Encoding): number {
  if (encoding.kind === 'float16') return 2;
  if (encoding.kind === 'affine') return encoding.bits / 8;
  return dtype === 'bool' ? 1 : 4;
}

/** Whether a parsed model.json has weights at all. */
export function hasManifest(model: Json): model is JsonObject {
  return isObject(model) && field(model, 'weightsManifest') !== undefined;
}
