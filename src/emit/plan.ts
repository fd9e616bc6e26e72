/** Decides, before anything is printed, which function owns which weights, and what everything is called. */
import { operandValues, type Graph, type ValueId } from '../ir/graph.js';
import type { Fn } from './functions.js';
import { parameterNames, segmentsInside } from './model-names.js';
import { camelCase, capitalised, Names, withoutNumber } from './naming.js';

/** What is known of a function before it is printed. */
export interface Plan {
  readonly fn: Fn;
  /** The property of the parent's weights that holds this function's; null in the root. */
  readonly property: string | null;
  /** What the function should be called. */
  readonly name: string;
  /** Whether others of its kind exist; then numbers from the model's names are left out of its text. */
  readonly repeated: boolean;
  /** The parameters that it owns: names of properties of `w`. */
  readonly weights: ReadonlyMap<ValueId, string>;
  /** Parameters that it reads and a function around it owns: they are passed as arguments. */
  readonly passed: readonly ValueId[];
  /** Whether it, or a function that it calls, owns weights. */
  readonly hasWeights: boolean;
  readonly calls: ReadonlyMap<Fn, Plan>;
}

interface Draft {
  readonly fn: Fn;
  readonly parent: Draft | null;
  readonly depth: number;
  readonly calls: Map<Fn, Draft>;
  readonly owned: Set<ValueId>;
  readonly passed: Set<ValueId>;
}

/**
 * Plans all functions of a module.
 * @param inWeights which parameters are read from the weights file
 */
export function planFunctions(
  root: Fn,
  graph: Graph,
  rootName: string,
  inWeights: (parameter: ValueId) => boolean,
): Plan {
  const draft = draftOf(root, null);
  assignWeights(draft, graph, inWeights);
  return planned(draft, { name: rootName, property: null, repeated: false }, graph);
}

function draftOf(fn: Fn, parent: Draft | null): Draft {
  const draft: Draft = {
    fn,
    parent,
    depth: (parent?.depth ?? -1) + 1,
    calls: new Map(),
    owned: new Set(),
    passed: new Set(),
  };
  for (const statement of fn.statements) {
    if (statement.kind === 'call') draft.calls.set(statement.fn, draftOf(statement.fn, draft));
  }
  return draft;
}

/** A parameter belongs to the innermost function that contains all of its readers. */
function assignWeights(root: Draft, graph: Graph, inWeights: (parameter: ValueId) => boolean): void {
  const readers = new Map<ValueId, Set<Draft>>();
  const read = (id: ValueId, draft: Draft): void => {
    if (graph.parameters[id] === undefined || !inWeights(id)) return;
    readers.set(id, (readers.get(id) ?? new Set()).add(draft));
  };
  const visit = (draft: Draft): void => {
    for (const statement of draft.fn.statements) {
      if (statement.kind === 'node') for (const id of operandValues(statement.node)) read(id, draft);
      else visit(draft.calls.get(statement.fn)!);
    }
  };
  visit(root);
  for (const { value } of graph.outputs) read(value, root);
  for (const [id, drafts] of readers) {
    const owner = [...drafts].reduce(innermostCommon);
    owner.owned.add(id);
    for (let draft of drafts) for (; draft !== owner; draft = draft.parent!) draft.passed.add(id);
  }
}

function innermostCommon(a: Draft, b: Draft): Draft {
  while (a !== b) {
    if (a.depth >= b.depth) a = a.parent!;
    else b = b.parent!;
  }
  return a;
}

function planned(draft: Draft, own: Pick<Plan, 'name' | 'property' | 'repeated'>, graph: Graph): Plan {
  const { path, statements } = draft.fn;
  const properties = new Names();
  const owned = [...draft.owned];
  const wanted = parameterNames(
    owned.map((id) => segmentsInside(graph.parameters[id]!.name, path)),
    own.repeated,
  );
  const weights = new Map(owned.map((id, i) => [id, properties.claim(wanted[i]!, 'weight')]));
  const inner = statements.flatMap((statement) => (statement.kind === 'call' ? [statement.fn] : []));
  const alike = countBy(inner, kindOf);
  const calls = new Map(
    inner.map((fn) => {
      const label = labelOf(fn);
      const inside = {
        name: fn.part === null || draft.parent === null ? label : `${own.name}${capitalised(label)}`,
        property: properties.claim(label, 'part'),
        repeated: fn.part === null && alike.get(kindOf(fn))! > 1,
      };
      return [fn, planned(draft.calls.get(fn)!, inside, graph)] as const;
    }),
  );
  return {
    ...own,
    fn: draft.fn,
    weights,
    passed: [...draft.passed],
    hasWeights: weights.size > 0 || [...calls.values()].some((call) => call.hasWeights),
    calls,
  };
}

/** What a function is called in its parent: the last segment of its scope that has a word, or its number. */
function labelOf({ path, part }: Fn): string {
  if (part !== null) return `stage${part}`;
  const word = path.findLastIndex((segment) => /[A-Za-z]/.test(segment));
  return camelCase(path.slice(Math.max(word, 0)).join('/'));
}

/** Functions of one kind may have the same text. */
function kindOf(fn: Fn): string {
  return `${withoutNumber(labelOf(fn))}/${fn.statements.length}`;
}

function countBy<T>(items: readonly T[], key: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  return counts;
}
