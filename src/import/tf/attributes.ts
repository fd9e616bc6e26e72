/** Attributes of a GraphDef node (`AttrValue` in JSON) as plain data. */
import { fail } from '../../diagnostics/diagnostic.js';
import type { Attr, Attrs, DType } from '../../ir/graph.js';
import { asArray, asObject, field, isArray, isObject } from '../files/json.js';
import type { Json } from '../files/json.js';

/** The protobuf enumeration `DataType`, by number. */
const dataTypes = [
  'DT_INVALID',
  'DT_FLOAT',
  'DT_DOUBLE',
  'DT_INT32',
  'DT_UINT8',
  'DT_INT16',
  'DT_INT8',
  'DT_STRING',
  'DT_COMPLEX64',
  'DT_INT64',
  'DT_BOOL',
  'DT_QINT8',
  'DT_QUINT8',
  'DT_QINT32',
  'DT_BFLOAT16',
  'DT_QINT16',
  'DT_QUINT16',
  'DT_UINT16',
  'DT_COMPLEX128',
  'DT_HALF',
  'DT_RESOURCE',
  'DT_VARIANT',
  'DT_UINT32',
  'DT_UINT64',
];

/** What TensorFlow.js holds each element type as. */
const elementTypes = new Map<string, DType>([
  ['DT_FLOAT', 'float32'],
  ['DT_HALF', 'float32'],
  ['DT_BFLOAT16', 'float32'],
  ['DT_DOUBLE', 'float32'],
  ['DT_INT64', 'int32'],
  ['DT_INT32', 'int32'],
  ['DT_INT16', 'int32'],
  ['DT_INT8', 'int32'],
  ['DT_UINT8', 'int32'],
  ['DT_UINT16', 'int32'],
  ['DT_BOOL', 'bool'],
]);

/** The attributes of a node; kinds that carry no plain data (`tensor`, `placeholder`) are left out. */
export function readAttributes(attr: Json | undefined, where: string): Attrs {
  if (attr === undefined || attr === null) return {};
  const entries: [string, Attr][] = [];
  for (const [name, value] of Object.entries(asObject(attr, '`attr`', where))) {
    const read = readAttribute(value, `attribute ${JSON.stringify(name)} of ${where}`);
    if (read !== undefined) entries.push([name, read]);
  }
  return Object.fromEntries(entries);
}

function readAttribute(json: Json, where: string): Attr | undefined {
  const value = asObject(json, 'the attribute', where);
  for (const kind of ['i', 'f', 'b', 's', 'type', 'shape'] as const) {
    const content = field(value, kind);
    if (content !== undefined) return readContent(kind, content, where);
  }
  const list = field(value, 'list');
  if (list !== undefined) return readList(list, where);
  const func = field(value, 'func');
  const name = isObject(func) ? field(func, 'name') : undefined;
  return typeof name === 'string' ? name : undefined;
}

function readList(json: Json, where: string): readonly Attr[] {
  const list = asObject(json, '`list`', where);
  for (const kind of ['i', 'f', 'b', 's', 'type', 'shape'] as const) {
    const content = field(list, kind);
    if (isArray(content) && content.length > 0) return content.map((item) => readContent(kind, item, where));
  }
  return [];
}

function readContent(kind: 'i' | 'f' | 'b' | 's' | 'type' | 'shape', json: Json, where: string): Attr {
  switch (kind) {
    case 'i':
    case 'f':
      return readNumber(json, where);
    case 'b':
      return json === true || json === 'true';
    case 's':
      return readString(json, where);
    case 'type':
      return elementType(json) ?? lowerTypeName(json, where);
    case 'shape':
      return readShape(json, where);
  }
}

/** Numbers may be written as text: 64-bit integers, `NaN`, `Infinity`. */
function readNumber(json: Json, where: string): number {
  if (typeof json === 'number') return json;
  if (typeof json === 'string' && /^(-?\d+|NaN|-?Infinity|-?\d*\.?\d+(e[-+]?\d+)?)$/i.test(json))
    return Number(json);
  return fail({ code: 'E213', message: `${JSON.stringify(json)} is not a number`, where });
}

/** The format has base64, or the bytes' numbers; text that a person wrote is taken as it stands. */
function readString(json: Json, where: string): string {
  if (isArray(json)) {
    return Buffer.from(json.map((byte) => readNumber(byte, where))).toString('utf8');
  }
  if (typeof json !== 'string') {
    return fail({ code: 'E213', message: `${JSON.stringify(json)} is not a string`, where });
  }
  const decoded = Buffer.from(json, 'base64');
  const wellFormed = decoded.toString('base64').replace(/=+$/, '') === json.replace(/=+$/, '');
  const text = decoded.toString('utf8');
  // eslint-disable-next-line no-control-regex -- control characters tell that the text was no base64
  return wellFormed && !/[\0-\x08\x0e-\x1f\ufffd]/.test(text) ? text : json;
}

/** Sizes, -1 where unknown; null where not even the rank is known. */
export function readShape(json: Json, where: string): readonly number[] | null {
  const shape = asObject(json, '`shape`', where);
  if (field(shape, 'unknownRank') === true) return null;
  const dims = field(shape, 'dim');
  if (dims === undefined || dims === null) return [];
  return asArray(dims, '`dim`', where).map((dim) => {
    const size = readNumber(field(asObject(dim, 'a size', where), 'size') ?? 0, where);
    return size < 0 ? -1 : size;
  });
}

/** The element type that TensorFlow.js uses for a TensorFlow type, given by name or number. */
export function elementType(json: Json): DType | undefined {
  return elementTypes.get(typeName(json));
}

/** Types that are no tensors of numbers keep their names: `string`, `variant`, `resource`. */
function lowerTypeName(json: Json, where: string): string {
  const name = typeName(json);
  if (!name.startsWith('DT_')) {
    fail({ code: 'E213', message: `${JSON.stringify(json)} is not a TensorFlow type`, where });
  }
  return name.slice('DT_'.length).toLowerCase();
}

function typeName(json: Json): string {
  return typeof json === 'number' ? (dataTypes[json] ?? '') : typeof json === 'string' ? json : '';
}
