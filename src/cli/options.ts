/** Options that several commands share, and how their texts become values. */
import { InvalidArgumentError, type Command } from 'commander';
import type { Dim, Shape } from '../ir/graph.js';

/** Collects the values of an option that may be repeated. */
const collect = (value: string, previous: readonly string[] = []): string[] => [...previous, value];

/** Options of every command that reads a model. */
export function withModelOptions(command: Command): Command {
  return command
    .option('--rules <glob...>', 'rule files to add to the core rules')
    .option(
      '--input <name=shape>',
      'a shape for an input with dynamic sizes, e.g. image=N,224,224,3 (repeatable)',
      collectShape,
    )
    .option('--json', 'print the result as JSON');
}

export interface ModelFlags {
  readonly rules?: readonly string[];
  readonly input?: Readonly<Record<string, Shape>>;
  readonly json?: boolean;
}

/** `--exclude PATTERN`, repeatable and taking several. */
export const withExclude = (command: Command): Command =>
  command.option('--exclude <pattern>', 'a glob of modules that stay as they are (repeatable)', collect);

export function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value)) throw new InvalidArgumentError('It must be a number.');
  return value;
}

function collectShape(text: string, previous: Readonly<Record<string, Shape>>): Record<string, Shape> {
  const at = text.lastIndexOf('=');
  if (at < 1) throw new InvalidArgumentError('Write NAME=SHAPE, for example image=N,224,224,3.');
  const sizes = text.slice(at + 1).replace(/^\[|\]$/g, '');
  // Nothing is the shape of a single number.
  const parts = sizes === '' ? [] : sizes.split(/[,x]/);
  const shape = parts.map((part, i): Dim => {
    const size = part.trim();
    if (i === 0 && (size === 'N' || size === '-1')) return { batch: 1 };
    const value = Number(size);
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new InvalidArgumentError(`"${size}" is not a size; only the first may be N, for any batch.`);
    }
    return value;
  });
  return { ...previous, [text.slice(0, at)]: shape };
}
