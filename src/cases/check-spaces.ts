/**
 * `-- spaces`: facts about channels, one a line or separated by `;`.
 * `%k.3 = %y.3 (8)` they are the same channels, and eight can be pruned; `%a.1 != %b.1` they share none;
 * `%y.1 = (%x.1 %x.2)` a product, `(%a.1 + %b.1)` a sum; `%x.3 frozen`, `%k.3 mixes`, `%g.0 keep`, `%k.3 free`.
 */
import { termLeaves, type AxisAnalysis, type Space } from '../axes/analysis.js';
import { inferAxes } from '../axes/infer.js';
import { partsOf, type Term } from '../axes/terms.js';
import type { Span } from '../diagnostics/diagnostic.js';
import { printId } from '../ir/print.js';
import { printSize } from '../shapes/errors.js';
import { bodyLines, type Block } from './format.js';
import { caseProblem, type Outcome, type ReadCase } from './outcome.js';

export function checkSpaces(block: Block, { graph, rules }: ReadCase): Outcome {
  const analysis = inferAxes(graph, rules);
  const facts = new Facts(analysis);
  const problems = bodyLines(block.body).flatMap(({ text, span }) =>
    text.split(';').flatMap((part) => {
      const fact = part.trim();
      const wrong = fact === '' ? null : facts.problem(fact);
      return wrong === null ? [] : [caseProblem(wrong.code, span satisfies Span, wrong.message)];
    }),
  );
  return { problems, update: { block, text: describeSpaces(analysis) } };
}

/** A fact that is not so, or can't be read. */
class FactProblem extends Error {
  constructor(
    readonly code: 'E851' | 'E852',
    message: string,
  ) {
    super(message);
  }
}

class Facts {
  private readonly spaces: ReadonlyMap<number, Space>;

  constructor(private readonly analysis: AxisAnalysis) {
    this.spaces = new Map(analysis.spaces.map((space) => [space.leaf, space]));
  }

  problem(fact: string): FactProblem | null {
    try {
      this.check(fact);
      return null;
    } catch (error) {
      if (error instanceof FactProblem) return error;
      throw error;
    }
  }

  private check(fact: string): void {
    const word = /^(.*\S)\s+(frozen|free|mixes|keep)$/.exec(fact);
    if (word !== null) {
      this.checkState(this.read(word[1]!), word[1]!, word[2] as State);
      return;
    }
    const sized = /^(.*\S)\s+\((\d+)\)$/.exec(fact);
    const [left, ...right] = (sized?.[1] ?? fact).split(/\s+(?==|!=)/);
    const first = this.read(left!);
    for (const part of right) {
      const [, relation, text] = /^(!?=)\s*(.*)$/.exec(part)!;
      const other = this.read(text!);
      if (relation === '=' && key(first) !== key(other)) {
        throw new FactProblem(
          'E851',
          `${left!} and ${text!} are not the same: ${this.show(first)} and ${this.show(other)}`,
        );
      }
      if (relation === '!=' && termLeaves(first).some((leaf) => termLeaves(other).includes(leaf))) {
        throw new FactProblem('E851', `${left!} and ${text!} share channels`);
      }
    }
    if (sized === null) {
      if (right.length === 0) throw new FactProblem('E852', `${JSON.stringify(fact)} says nothing`);
      return;
    }
    const free = termLeaves(first)
      .flatMap((leaf) => this.spaces.get(leaf) ?? [])
      .filter(isFree);
    if (!free.some(({ size }) => size === Number(sized[2]))) {
      const sizes = free.map(({ size }) => String(size)).join(', ');
      throw new FactProblem(
        'E851',
        `${left!} has ${sizes === '' ? 'no free channels' : `${sizes} free channels`}`,
      );
    }
  }

  private checkState(term: Term, text: string, state: State): void {
    const spaces = termLeaves(term).flatMap((leaf) => this.spaces.get(leaf) ?? []);
    const holds = {
      // Channels that reach no parameter are nobody's to prune.
      frozen: spaces.every(({ frozen }) => frozen.length > 0),
      free: spaces.some(isFree),
      mixes: spaces.some(({ mixes, frozen }) => frozen.length === 0 && mixes.length > 0),
      keep: spaces.some(({ keep, frozen }) => frozen.length === 0 && keep.length > 0),
    }[state];
    if (!holds) throw new FactProblem('E851', `${text} is not ${state}: ${this.show(term)}`);
  }

  /** `%k.3`, `(%a.1 + %b.1)`, `(%a.1 %a.2)` */
  private read(text: string): Term {
    const tokens = text.match(/%(?:"(?:[^"\\]|\\.)*"|[\w./-]+)\.\d+|[()+]|\S+/g) ?? [];
    let at = 0;
    const term = (): Term => {
      const token = tokens[at++];
      if (token === '(') {
        const parts = [term()];
        const sum = tokens[at] === '+';
        while (tokens[at] !== ')') {
          if (tokens[at] === undefined || (tokens[at] === '+') !== sum) throw unreadable(text);
          if (sum) at++;
          parts.push(term());
        }
        at++;
        return sum ? { kind: 'sum', terms: parts, size: 0 } : { kind: 'product', factors: parts, size: 0 };
      }
      const [, id, dim] = /^%(.*)\.(\d+)$/.exec(token ?? '') ?? [];
      if (id === undefined) throw unreadable(text);
      const value = id.startsWith('"') ? (JSON.parse(id) as string) : id;
      const found = this.analysis.terms.get(value)?.[Number(dim)];
      if (found === undefined) throw new FactProblem('E852', `${token!} names no axis of the graph`);
      return found;
    };
    const whole = term();
    if (at !== tokens.length) throw unreadable(text);
    return whole;
  }

  private show(term: Term): string {
    if (term.kind === 'sum') return `(${term.terms.map((t) => this.show(t)).join(' + ')})`;
    if (term.kind === 'product') return `(${term.factors.map((t) => this.show(t)).join(' ')})`;
    const space = this.spaces.get(term.leaf);
    const name = space === undefined ? `axis ${String(term.leaf)} of size ${printSize(term.size)}` : space.id;
    return space !== undefined && space.frozen.length > 0 ? `${name} frozen` : name;
  }
}

type State = 'frozen' | 'free' | 'mixes' | 'keep';

function isFree({ frozen, keep, mixes }: Space): boolean {
  return frozen.length === 0 && keep.length === 0 && mixes.length === 0;
}

function unreadable(text: string): FactProblem {
  return new FactProblem(
    'E852',
    `${JSON.stringify(text)} is no axis: write %k.3, (%a.1 + %b.1) or (%a.1 %a.2)`,
  );
}

/** Equal for terms that mean the same: nested sums and products are flat, factors of size one are left out. */
function key(term: Term): string {
  if (term.kind === 'leaf') return `L${String(term.leaf)}`;
  const sum = term.kind === 'sum';
  const parts = partsOf(term)
    .filter((part) => sum || part.size !== 1)
    .map(key)
    .map((part) => (part.startsWith(sum ? '(+' : '(*') ? part.slice(2, -1) : part));
  return parts.length === 1 ? parts[0]! : `(${sum ? '+' : '*'}${parts.join(' ')})`;
}

/** All that can be pruned, as facts. */
function describeSpaces(analysis: AxisAnalysis): string {
  const termOf = ({ value, dim }: Space['parameters'][number]): Term => analysis.terms.get(value)![dim]!;
  const axisText = ({ value, dim }: Space['parameters'][number]): string =>
    `${printId(value)}.${String(dim)}`;
  const names = new Map<number, string>();
  for (const { parameters, leaf } of analysis.spaces) {
    const alone = parameters.find((axis) => termOf(axis).kind === 'leaf');
    if (alone !== undefined) names.set(leaf, axisText(alone));
  }
  /** A term of axes that stand for a space alone; null where one of its spaces has none. */
  const termText = (term: Term): string | null => {
    if (term.kind === 'leaf') return names.get(term.leaf) ?? null;
    const parts = partsOf(term).map(termText);
    return parts.includes(null) ? null : `(${parts.join(term.kind === 'sum' ? ' + ' : ' ')})`;
  };
  const facts = analysis.spaces
    .filter(({ frozen }) => frozen.length === 0)
    .flatMap((space) => {
      const states = [space.mixes.length > 0 ? 'mixes' : '', space.keep.length > 0 ? 'keep' : ''].filter(
        Boolean,
      );
      const alone = space.parameters.filter((axis) => termOf(axis).kind === 'leaf').map(axisText);
      const joined = space.parameters.filter((axis) => termOf(axis).kind !== 'leaf');
      const [first = axisText(joined[0]!), ...others] = alone;
      if (states.length > 0) return states.map((state) => `${first} ${state}`);
      const size = `(${String(space.size)})`;
      const same = others.map((other) => `${first} = ${other} ${size}`);
      const parts = joined
        .map((axis) => ({ axis: axisText(axis), text: termText(termOf(axis)) }))
        .filter(({ axis, text }) => axis !== first && text !== null);
      return [
        ...(same.length > 0 ? same : [`${first} ${size}`]),
        ...parts.map(({ axis, text }) => `${axis} = ${text}`),
      ];
    });
  // A term of several spaces is told of each.
  return [...new Set(facts)].map((fact) => `${fact}\n`).join('');
}
