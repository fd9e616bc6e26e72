/** Where -1 may stand for the batch size. */
import type { Shape } from '../ir/graph.js';
import type { OpRule } from '../lang/ast.js';
import { ruleInfo } from '../shapes/rule-info.js';

/** The shape that a reshape makes, in which the batch may be written -1. Other functions want the number itself. */
export function inferableShape(rule: OpRule, result: Shape): Shape | undefined {
  return ruleInfo(rule).functions.some((clause) => clause.function === 'reshape') ? result : undefined;
}
