/** A TensorFlow.js model on disk: `model.json` and the weight files that it names. */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, normalize, resolve, sep } from 'node:path';
import { fail } from '../../diagnostics/diagnostic.js';
import type { TensorData, WeightStore } from '../../ir/graph.js';
import { asObject, field, parseJson } from './json.js';
import type { JsonObject } from './json.js';
import { decodeWeight, packedWeight } from './weight-data.js';
import { readManifest } from './weight-spec.js';
import type { WeightGroup, WeightSpec } from './weight-spec.js';

/** A model.json holds a graph, not weights; larger ones are not models. */
const maxJsonBytes = 256 * 2 ** 20;

export interface ModelFiles {
  /** As given by the user. */
  readonly file: string;
  /** The model's name: the file's, or its folder's where the file is called model.json. */
  readonly name: string;
  readonly json: JsonObject;
  readonly groups: readonly { readonly spec: WeightGroup; readonly bytes: Uint8Array }[];
  readonly weights: WeightStore;
  /** Manifest entries by name. */
  readonly specs: ReadonlyMap<string, WeightSpec>;
  /** Hex SHA-256 over model.json and then the weight files in the manifest's order. */
  readonly hash: string;
}

/** Reads and checks a model.json and its weight files. */
export async function readModelFiles(file: string): Promise<ModelFiles> {
  const text = await readModelJson(file);
  const json = asObject(parseJson(text, file), 'the model', file);
  const hash = createHash('sha256').update(text);
  const groups: { spec: WeightGroup; bytes: Uint8Array }[] = [];
  for (const spec of readManifest(field(json, 'weightsManifest') ?? [], file)) {
    const bytes = await readGroup(spec, file);
    hash.update(bytes);
    groups.push({ spec, bytes });
  }
  const specs = new Map(groups.flatMap(({ spec }) => spec.weights.map((weight) => [weight.name, weight])));
  const name = basename(file, '.json');
  return {
    file,
    name: name === 'model' ? basename(dirname(resolve(file))) || name : name,
    json,
    groups,
    specs,
    weights: lazyStore(groups),
    hash: hash.digest('hex'),
  };
}

/** The text of a model.json; its size is checked first. */
export async function readModelJson(file: string): Promise<string> {
  const info = await stat(file);
  if (info.size > maxJsonBytes) {
    fail({
      code: 'E211',
      message: `${file} is too large for a model.json`,
      where: file,
      why: `it has ${info.size} bytes, and more than ${maxJsonBytes} are not read`,
      help: 'give the model.json; the weights belong in files of their own',
    });
  }
  return readFile(file, 'utf8');
}

async function readGroup(group: WeightGroup, modelFile: string): Promise<Uint8Array> {
  const files = group.paths.map((path) => insideFolder(path, modelFile));
  const sizes = await Promise.all(files.map((file) => sizeOf(file, modelFile)));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total !== group.bytes) {
    fail({
      code: 'E704',
      message: `the weight files hold ${total} bytes, the manifest describes ${group.bytes}`,
      where: files.join(', '),
      why: 'weights are found by their position in the files, so the sizes must agree',
      help: 'a file is truncated or belongs to another model; download or convert the model again',
    });
  }
  if (files.length === 1) return readFile(files[0]!);
  const bytes = new Uint8Array(total);
  let offset = 0;
  for (const [i, file] of files.entries()) {
    const part = await readFile(file);
    if (part.length !== sizes[i]) {
      fail({ code: 'E704', message: `${file} changed while it was read`, where: file });
    }
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/** A path of the manifest as a file beside the model; it must not lead out of the model's folder. */
function insideFolder(path: string, modelFile: string): string {
  const normal = normalize(path);
  if (isAbsolute(path) || /[\0\\:]/.test(path) || normal === '..' || normal.startsWith(`..${sep}`)) {
    fail({
      code: 'E702',
      message: `the weight file ${JSON.stringify(path)} is outside the model's folder`,
      where: modelFile,
      why: 'a model may only name files beside or below its model.json',
      help: 'put the weight files beside model.json and list them by name',
    });
  }
  return join(dirname(modelFile), normal);
}

async function sizeOf(file: string, modelFile: string): Promise<number> {
  const info = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
    return null;
  });
  if (info?.isFile()) return info.size;
  return fail({
    code: 'E703',
    message: `the weight file ${file} is missing`,
    where: modelFile,
    why: 'the model keeps its weights in files that `weightsManifest` lists',
    help: 'put the file there, under this name',
  });
}

/** Decodes a weight when it is first asked for. */
function lazyStore(groups: readonly { spec: WeightGroup; bytes: Uint8Array }[]): WeightStore {
  const places = new Map(
    groups.flatMap(({ spec, bytes }) => spec.weights.map((w) => [w.name, { w, bytes }])),
  );
  const decoded = new Map<string, TensorData>();
  return {
    has: (name) => places.has(name),
    get(name) {
      const known = decoded.get(name);
      if (known !== undefined) return known;
      const place = places.get(name);
      if (place === undefined) throw new Error(`no weight is named ${JSON.stringify(name)}`);
      const data = decodeWeight(place.w, place.bytes);
      decoded.set(name, data);
      return data;
    },
    packed(name) {
      const place = places.get(name);
      return place === undefined ? null : packedWeight(place.w, place.bytes);
    },
  };
}
