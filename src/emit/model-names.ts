/**
 * Identifiers from the names that a model has for its values and parameters: paths such as `block_1/expand/Conv2D`, of
 * which a reader needs the layer, and what of the layer it is.
 */
import { camelCase, withoutNumber, wordsOf } from './naming.js';
import { pathOf } from './scopes.js';

/** A name of the model as seen from inside a scope. */
export function segmentsInside(name: string, path: readonly string[]): string[] {
  const segments = pathOf(name);
  let shared = 0;
  while (shared < path.length && shared < segments.length - 1 && segments[shared] === path[shared]) shared++;
  return segments.slice(shared);
}

/**
 * The identifier for a value.
 * @param type the type of the operation that makes it, in the model
 * @param repeated where functions are repeated, numbers would only tell them apart
 */
export function valueName(segments: readonly string[], type: string, repeated: boolean): string {
  const last = segments.at(-1) ?? '';
  const saysType = isOperation(last) || compact(withoutNumber(last)) === compact(type);
  return layerAndPart(segments.length > 1 && saysType ? segments.slice(0, -1) : segments, repeated);
}

/** The identifiers for parameters, in their order; they may still be equal. */
export function parameterNames(names: readonly (readonly string[])[], repeated: boolean): string[] {
  const shortened = names.map((segments) =>
    segments.length > 1 && isOperation(segments.at(-1)!) ? segments.slice(0, -1) : segments,
  );
  const counts = new Map<string, number>();
  for (const segments of shortened) counts.set(segments.join('/'), (counts.get(segments.join('/')) ?? 0) + 1);
  return shortened.map((segments, i) =>
    layerAndPart(counts.get(segments.join('/'))! > 1 ? names[i]! : segments, repeated),
  );
}

/** The last segment, and the last one before it that names a layer; what the layer's name says is said once. */
function layerAndPart(segments: readonly string[], repeated: boolean): string {
  const part = segments.at(-1) ?? '';
  const before = segments.slice(0, -1);
  const layer = before.findLast((segment) => !isOperation(segment)) ?? before.at(-1) ?? '';
  const said = compact(layer);
  const news = wordsOf(part).filter((word) => word.length < 3 || !said.includes(compact(word)));
  const words = [...wordsOf(layer), ...news];
  return camelCase((repeated ? words.filter((word) => !/^[0-9]+$/.test(word)) : words).join('/'));
}

/** Frameworks write operations `LikeThis`, and layers in other ways. */
function isOperation(segment: string): boolean {
  return /^[A-Z][A-Za-z0-9]*?([A-Za-z]|V\d+)(_\d+)?$/.test(segment) && /[a-z]/.test(segment);
}

function compact(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}
