/** Module scopes of a model, as a tree: which of them become functions of the emitted module. */
import type { Node } from '../ir/graph.js';

/** A function has at most so many statements, where the model's own structure allows it. */
export const maxStatements = 30;
/** A smaller scope is written out where it is used. */
export const minStatements = 3;

/** Names nested deeper than this are cut off. */
const maxDepth = 64;

/** A group of nodes that becomes a function. */
export interface Group {
  /** The scope in the source model, from the root. */
  readonly path: readonly string[];
  readonly parent: Group | null;
}

/**
 * The segments of a scope or a name. Where a model's names are flat, numbers tell the levels: `block_1_expand` is
 * `block_1`, `expand`.
 */
export function pathOf(name: string): string[] {
  return name
    .split(/[/.]/)
    .flatMap((segment) => segment.split(/(?<=\d)_(?=[A-Za-z0-9])/))
    .filter((segment) => segment !== '')
    .slice(0, maxDepth);
}

interface Scope {
  readonly path: readonly string[];
  readonly children: Map<string, Scope>;
  readonly nodes: Node[];
  /** Nodes in it and all below. */
  total: number;
}

/** Which function each node belongs to: scopes of a readable size, inside one root. */
export function groupByScope(nodes: readonly Node[]): { root: Group; groupOf: ReadonlyMap<Node, Group> } {
  const tree = narrowed(scopeTree(nodes));
  const root: Group = { path: tree.path, parent: null };
  const groupOf = new Map<Node, Group>();
  // An explicit stack, with the number of nodes in the function that a scope is in.
  const open: { scope: Scope; group: Group; size: number }[] = [
    { scope: tree, group: root, size: tree.total },
  ];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { scope, group, size } = next;
    for (const node of scope.nodes) groupOf.set(node, group);
    for (const child of scope.children.values()) {
      open.push(
        isFunction(child, size)
          ? { scope: child, group: { path: child.path, parent: group }, size: child.total }
          : { scope: child, group, size },
      );
    }
  }
  return { root, groupOf };
}

/** A scope becomes a function if the function that it is in would be too long, and gains by it. */
function isFunction(scope: Scope, outerSize: number): boolean {
  return (
    outerSize > maxStatements && scope.total >= minStatements && outerSize - scope.total >= minStatements
  );
}

/** The scope that everything is in: names are read from there. */
function narrowed(scope: Scope): Scope {
  const [only, ...others] = scope.children.values();
  return only !== undefined && others.length === 0 && scope.nodes.length === 0 ? narrowed(only) : scope;
}

function scopeTree(nodes: readonly Node[]): Scope {
  const root: Scope = { path: [], children: new Map(), nodes: [], total: nodes.length };
  for (const node of nodes) {
    let scope = root;
    for (const segment of pathOf(node.scope)) {
      const child = scope.children.get(segment) ?? newScope([...scope.path, segment]);
      scope.children.set(segment, child);
      child.total++;
      scope = child;
    }
    scope.nodes.push(node);
  }
  return root;
}

function newScope(path: readonly string[]): Scope {
  return { path, children: new Map(), nodes: [], total: 0 };
}
