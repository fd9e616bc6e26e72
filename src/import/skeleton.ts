/** A rule to start from, for an operation that has none. */
import type { Attr } from '../ir/graph.js';
import type { SourceNode } from './source-graph.js';

export interface SkeletonOperand {
  /** The input's name in the source, or ''. */
  readonly sourceName: string;
  /** Null: not known. */
  readonly rank: number | null;
  readonly constant: boolean;
}

/** The text of a rule with the node's type, operands, ranks and attributes filled in. */
export function ruleSkeleton(source: string, node: SourceNode, operands: readonly SkeletonOperand[]): string {
  const names = operandNames(operands);
  const attrs = Object.entries(node.attrs).filter(([name, value]) => isWord(name) && worthNaming(value));
  const axes = operands.map(({ rank }, i) => `${names[i]}[${axisNames(rank, i)}]`).join('  ');
  const first = operands[0] === undefined ? 'a...' : axisNames(operands[0].rank, 0);
  const args = operands.map(({ sourceName }, i) =>
    isWord(sourceName) && sourceName !== names[i] ? `${sourceName} as ${names[i]}` : names[i]!,
  );
  const lines = [
    `/// What ${isWord(node.type) ? node.type : 'the operation'} computes.`,
    `op ${opName(node.type)}(${names.join(', ')}) -> y {`,
    `  axes   ${axes === '' ? '' : `${axes}  `}-> y[${first}]    // equal names are the same channels`,
    ...(attrs.length === 0
      ? []
      : [`  attrs  ${attrs.map(([name, value]) => `${name}: ${attrType(value)}`).join(', ')}`]),
    '',
    `  from ${source} ${isWord(node.type) ? node.type : JSON.stringify(node.type)}(${args.join(', ')})` +
      (attrs.length === 0 ? '' : ` { ${attrs.map(([name]) => name).join(', ')} }`),
    '',
    `  emit   tf.…(${names.join(', ')})`,
    '}',
  ];
  return lines.join('\n');
}

/** Data first: x, x2, …; constants: k, k2, … */
function operandNames(operands: readonly SkeletonOperand[]): string[] {
  const counts = { x: 0, k: 0 };
  return operands.map(({ constant }) => {
    const letter = constant ? 'k' : 'x';
    const count = ++counts[letter];
    return count === 1 ? letter : `${letter}${count}`;
  });
}

/** Distinct names for the axes of operand i, to be made equal where they are the same. */
function axisNames(rank: number | null, i: number): string {
  if (rank === null) return 'a...';
  const suffix = i === 0 ? '' : String(i + 1);
  return Array.from({ length: rank }, (_, axis) => `${String.fromCharCode(97 + (axis % 26))}${suffix}`).join(
    ', ',
  );
}

/** Element types of the framework's own bookkeeping are left out; the rule's `dtype` clause speaks of those. */
function worthNaming(value: Attr): boolean {
  return value !== null && value !== 'float32' && value !== 'int32' && value !== 'bool';
}

function attrType(value: Attr): string {
  if (Array.isArray(value)) {
    const items = value as readonly Attr[];
    return `${items.length === 0 ? 'int' : attrType(items[0]!)}[]`;
  }
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'string' ? 'string' : 'int';
}

/** `DepthToSpaceV2` as `depth_to_space_v2`; never more than letters, digits and `_`. */
function opName(type: string): string {
  const words = type
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
  return /^[a-z]/.test(words) ? words : `my_${words === '' ? 'op' : words}`;
}

function isWord(text: string): boolean {
  return /^[A-Za-z_]\w*$/.test(text);
}
