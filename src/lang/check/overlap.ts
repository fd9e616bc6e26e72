/** Two `from` clauses that would read the same source node: the second is never reached. */
import type { FromClause, OpRule, SourcePattern } from '../ast.js';
import { mentions } from '../mentions.js';
import { headSpan } from './from.js';
import { withoutSpans, type Report } from './report.js';

interface Entry {
  readonly op: OpRule;
  readonly from: FromClause;
  readonly least: number;
  readonly most: number;
}

/** Looks at every source type once; clauses of one type are few. */
export function checkOverlaps(ops: Iterable<OpRule>, report: Report): void {
  const byType = new Map<string, Entry[]>();
  for (const op of ops) {
    for (const from of op.froms) {
      const [least, most] = argumentCounts(from.args);
      for (const type of new Set(from.types)) {
        const key = `${from.source} ${type}`;
        byType.set(key, [...(byType.get(key) ?? []), { op, from, least, most }]);
      }
    }
  }
  const reported = new Set<FromClause>();
  for (const [key, entries] of byType) {
    entries.forEach((entry, i) => {
      if (entry.from.override || reported.has(entry.from)) return;
      const first = entries.slice(0, i).find((earlier) => hides(earlier, entry));
      if (first === undefined) return;
      reported.add(entry.from);
      reportHidden(key, entry, first, report);
    });
  }
}

/** Whether an earlier clause takes every node that a later one would. */
function hides(earlier: Entry, later: Entry): boolean {
  if (earlier.least > later.least || earlier.most < later.most) return false;
  if (earlier.from.when !== null && !sameCondition(earlier.from, later.from)) return false;
  return coversAll(earlier, later);
}

function sameCondition(a: FromClause, b: FromClause): boolean {
  return b.when !== null && withoutSpans([a.lets, a.when]) === withoutSpans([b.lets, b.when]);
}

/** Whether the patterns of the arguments let everything through that the later ones do. */
function coversAll(earlier: Entry, later: Entry): boolean {
  if (earlier.from.source === 'tfjs') {
    // By name: what the earlier one asks for, the later must ask for too.
    const names = new Set(later.from.args.flatMap((arg) => (arg.kind === 'bind' ? [arg.sourceName] : [])));
    return earlier.from.args.every(
      (arg) => arg.kind !== 'bind' || arg.arity === 'optional' || names.has(arg.sourceName),
    );
  }
  return earlier.from.args.every((arg, i) => covers(arg, later.from.args[i], earlier, later));
}

function covers(
  general: SourcePattern,
  special: SourcePattern | undefined,
  earlier: Entry,
  later: Entry,
): boolean {
  if (special === undefined || general.kind === 'ignore') return true;
  if (general.kind === 'bind') {
    if (!asksConstant(general.name, earlier)) return true;
    return special.kind === 'bind' && asksConstant(special.name, later);
  }
  return (
    special.kind === 'node' &&
    special.types.every((type) => general.types.includes(type)) &&
    general.args.length === special.args.length &&
    general.args.every((arg, i) => covers(arg, special.args[i], earlier, later))
  );
}

/** A name that is no operand must be a compile-time constant. */
function asksConstant(name: string, { op, from }: Entry): boolean {
  if (op.operands.some((operand) => operand.name === name)) return false;
  if (from.expansion === null || from.when === null) return true;
  return [from.when, ...from.lets.map((binding) => binding.value)].some((expr) => mentions(expr).has(name));
}

function argumentCounts(args: readonly SourcePattern[]): [number, number] {
  const least = args.filter((arg) => arg.kind !== 'bind' || arg.arity === 'one').length;
  const variadic = args.some((arg) => arg.kind === 'bind' && arg.arity === 'variadic');
  return [least, variadic ? Infinity : args.length];
}

function reportHidden(key: string, hidden: Entry, first: Entry, report: Report): void {
  const type = key.slice(key.indexOf(' ') + 1);
  const both = first.from.when !== null;
  report({
    code: 'E127',
    message: `this \`from\` of \`${type}\` is never reached`,
    span: headSpan(hidden.from),
    why: both
      ? `The \`from\` of \`${first.op.name}\` has the same condition and comes first.`
      : `The \`from\` of \`${first.op.name}\` takes every \`${type}\` with these inputs, and comes first.`,
    help: 'Tell them apart with `when`, put the more special one first, or say `override`.',
    notes: [{ message: 'the first is here', span: headSpan(first.from) }],
  });
}
