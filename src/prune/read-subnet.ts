/** Reading `subnet.json` back. The file may have been edited or cut short: everything in it is checked. */
import { type Diagnostic, DiagnosticError } from '../diagnostics/diagnostic.js';
import type { Subnet } from './subnet.js';

type Fields = Readonly<Record<string, unknown>>;

/**
 * Parses and checks a subnet.
 * @throws DiagnosticError with every problem found
 */
export function readSubnet(text: string, file: string): Subnet {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new DiagnosticError([problem(file, `${file} is not JSON`, (error as Error).message)]);
  }
  const checker = new Checker();
  checker.subnet(value);
  if (checker.problems.length === 0) return value as Subnet;
  throw new DiagnosticError(checker.problems.map((text) => problem(file, text)));
}

function problem(file: string, message: string, why?: string): Diagnostic {
  return {
    code: 'E409',
    severity: 'error',
    message,
    where: file,
    ...(why === undefined ? {} : { why }),
    help: 'Compile the model again to get a new one.',
  };
}

/** Walks the structure; a problem names the place as a path, `parameters."a/b".kept.0`. */
class Checker {
  readonly problems: string[] = [];

  subnet(value: unknown): void {
    const top = this.fields(value, 'the file');
    if (top === null) return;
    this.expect(top['version'] === 1, 'version', 'is not 1');
    this.list(top['spaces'], 'spaces').forEach((space, i) => {
      this.space(space, `spaces.${i}`);
    });
    for (const [name, module] of this.entries(top['channels'], 'channels')) {
      this.module(module, `channels.${JSON.stringify(name)}`);
    }
    for (const [name, parameter] of this.entries(top['parameters'], 'parameters')) {
      this.parameter(parameter, `parameters.${JSON.stringify(name)}`);
    }
    this.fields(top['options'], 'options');
    const hashes = this.fields(top['hashes'], 'hashes');
    if (hashes === null) return;
    this.text(hashes['model'], 'hashes.model');
    for (const [name, hash] of this.entries(hashes['rules'], 'hashes.rules')) {
      this.text(hash, `hashes.rules.${JSON.stringify(name)}`);
    }
  }

  private space(value: unknown, path: string): void {
    const space = this.fields(value, path);
    if (space === null) return;
    this.text(space['id'], `${path}.id`);
    this.kept(space['kept'], space['size'], `${path}.kept`);
    this.list(space['shared_by'], `${path}.shared_by`).forEach((item, i) => {
      const place = this.fields(item, `${path}.shared_by.${i}`);
      if (place === null) return;
      this.text(place['parameter'], `${path}.shared_by.${i}.parameter`);
      this.count(place['dim'], `${path}.shared_by.${i}.dim`);
    });
  }

  private module(value: unknown, path: string): void {
    const module = this.fields(value, path);
    if (module === null) return;
    for (const key of ['in_channels', 'raw_in_channels', 'out_channels', 'raw_out_channels']) {
      if (module[key] !== null) this.count(module[key], `${path}.${key}`);
    }
  }

  private parameter(value: unknown, path: string): void {
    const parameter = this.fields(value, path);
    if (parameter === null) return;
    const raw = this.list(parameter['raw_shape'], `${path}.raw_shape`);
    const shape = this.list(parameter['shape'], `${path}.shape`);
    const kept = this.list(parameter['kept'], `${path}.kept`);
    const ranksAgree = raw.length === shape.length && raw.length === kept.length;
    this.expect(ranksAgree, path, 'has lists of different length for raw_shape, shape and kept');
    if (!ranksAgree) return;
    raw.forEach((size, dim) => {
      const list = kept[dim];
      this.kept(list, size, `${path}.kept.${dim}`);
      const left: unknown = Array.isArray(list) ? list.length : size;
      this.expect(shape[dim] === left, `${path}.shape.${dim}`, 'is not the number of kept indices');
    });
  }

  /** Null, or ascending indices below the size; never empty. */
  private kept(value: unknown, size: unknown, path: string): void {
    this.count(size, `the size of ${path}`);
    if (value === null || typeof size !== 'number') return;
    const list = this.list(value, path);
    const valid = list.every((index, i) => {
      const previous: unknown = i === 0 ? -1 : list[i - 1];
      return isCount(index) && isIndex(previous) && index > previous && index < size;
    });
    this.expect(list.length > 0 && valid, path, `is not an ascending list of indices below ${size}`);
  }

  private fields(value: unknown, path: string): Fields | null {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
    this.problems.push(`${path} is not an object`);
    return null;
  }

  private entries(value: unknown, path: string): [string, unknown][] {
    return Object.entries(this.fields(value, path) ?? {});
  }

  private list(value: unknown, path: string): readonly unknown[] {
    if (Array.isArray(value)) return value;
    this.problems.push(`${path} is not a list`);
    return [];
  }

  private text(value: unknown, path: string): void {
    this.expect(typeof value === 'string', path, 'is not a text');
  }

  private count(value: unknown, path: string): void {
    this.expect(isCount(value), path, 'is not a whole number from 0');
  }

  private expect(holds: boolean, path: string, what: string): void {
    if (!holds) this.problems.push(`${path} ${what}`);
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
