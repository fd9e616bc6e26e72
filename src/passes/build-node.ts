/** Builds the right side of a rewrite: new nodes, not yet in the graph. */
import { build, type BuildContext } from '../ir/build.js';
import type { Attr, DType, Node, Operand, RulePlace, TensorType, ValueId } from '../ir/graph.js';
import { isMisfit, tryInfer } from '../ir/infer.js';
import { operandTypes } from '../ir/types.js';
import type { OpRule, RewriteRule } from '../lang/ast.js';
import { lookUp, type Matched } from './match.js';
import { evaluateInRewrite, operandOf, rewriteError } from './scope.js';
import type { WorkGraph } from './work-graph.js';

/** New nodes in the order in which they are computed, and the value that stands for the root's results. */
export interface Built {
  readonly value: Operand;
  readonly nodes: readonly { readonly node: Node; readonly types: readonly TensorType[] }[];
}

/** Evaluates the right side of a rewrite for a match. The graph is left alone, but for new scalar parameters. */
export function buildReplacement(
  rewrite: RewriteRule,
  matched: Matched,
  work: WorkGraph,
  place: RulePlace,
): Built {
  const root = matched.nodes[0]!;
  const { bindings } = matched;
  const nodes: { node: Node; types: readonly TensorType[] }[] = [];
  const newTypes = new Map<ValueId, TensorType>();
  const typeOf = (id: ValueId): TensorType => newTypes.get(id) ?? work.type(id);

  /** A matched node with changes is still that node; what is new belongs to the root. */
  const originOf = (like: string | null): Pick<Node, 'scope' | 'source'> => {
    const bound = like === null ? undefined : lookUp(bindings, like);
    const { scope, source } = bound?.kind === 'node' ? bound.node : root;
    return { scope, source };
  };

  const context: BuildContext = {
    rules: work.rules,
    tensor: (name) => operandOf(bindings, new Map(), name),
    evaluate: (expr, locals) => evaluateInRewrite(expr, rewrite, bindings, work, locals, typeOf),
    spread: (name) => {
      const bound = lookUp(bindings, name);
      if (bound?.kind !== 'node') throw rewriteError(rewrite, 'E822', `no matched node is named ${name}`);
      return bound.node.attrs;
    },
    opOf: (name) => {
      const bound = lookUp(bindings, name);
      return bound?.kind === 'node' ? bound.node.op : undefined;
    },
    scalar: (value, beside) => {
      const dtype = beside === null ? 'float32' : typeOf(beside).dtype;
      return work.scalar(checkedScalar(value, dtype, rewrite), dtype);
    },
    node: (rule, operands, attrs, like) => {
      const inferred = tryInfer(rule, operandTypes(operands, typeOf), attrs);
      if (isMisfit(inferred)) {
        throw rewriteError(
          rewrite,
          'E822',
          `the node ${rule.name} that it builds does not fit: ${inferred.misfit}`,
        );
      }
      const results = inferred.results.map(() => work.freshId(root.id));
      results.forEach((id, index) => newTypes.set(id, inferred.results[index]!));
      nodes.push({
        node: {
          id: results[0]!,
          op: rule.name,
          operands,
          attrs: inDeclaredOrder(rule, inferred.attrs),
          results,
          ...originOf(like),
          rule: place,
        },
        types: inferred.results,
      });
      return results;
    },
  };
  return { value: build(rewrite.build, context), nodes };
}

function checkedScalar(value: Attr, dtype: DType, rewrite: RewriteRule): number {
  const fits =
    typeof value === 'number' && (dtype === 'float32' || (dtype === 'int32' && (value | 0) === value));
  if (fits) return value;
  throw rewriteError(rewrite, 'E822', `${JSON.stringify(value)} can not be a constant of ${dtype}`);
}

function inDeclaredOrder(rule: OpRule, attrs: Readonly<Record<string, Attr>>): Record<string, Attr> {
  const declared = rule.attrs.map(({ name }) => name).filter((name) => Object.hasOwn(attrs, name));
  const others = Object.keys(attrs).filter((name) => !declared.includes(name));
  return Object.fromEntries([...declared, ...others].map((name) => [name, attrs[name]!]));
}
