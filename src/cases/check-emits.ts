/** `-- emits`: the TensorFlow.js of every node, one a line, with values named as in the graph. */
import type { EmitTarget } from '../lang/backends.js';
import { oneLine, text, type Code } from '../emit/code.js';
import { inferableShape } from '../emit/inferable.js';
import type { Built } from '../emit/partial.js';
import { numberLiteral, printEmit, type PrintContext } from '../emit/print.js';
import { emitScope } from '../emit/scope.js';
import { operandValues, type Graph, type Node, type Operand, type ValueId } from '../ir/graph.js';
import type { OpRule } from '../lang/ast.js';
import { bodyLines, type Block } from './format.js';
import { caseProblem, type Outcome, type ReadCase } from './outcome.js';

export function checkEmits(block: Block & { readonly kind: 'emits' }, read: ReadCase): Outcome {
  const actual = read.graph.nodes.flatMap((node) => emittedLines(node, read, block));
  const expected = bodyLines(block.body);
  const wrong = expected.find(({ text }, index) => text !== actual[index]);
  const update = { block, text: actual.map((line) => `${line}\n`).join('') };
  const why = `The nodes emit\n${actual.join('\n')}`;
  if (wrong !== undefined)
    return { problems: [caseProblem('E851', wrong.span, 'this is not emitted', why)], update };
  if (expected.length === actual.length) return { problems: [], update };
  return {
    problems: [caseProblem('E851', block.heading, 'more is emitted than the case says', why)],
    update,
  };
}

/** Values that an emit uses several times come first, as constants. */
function emittedLines(node: Node, { graph, rules }: ReadCase, target: EmitTarget): string[] {
  const rule = rules.ops.get(node.op)!;
  const operands = Object.fromEntries(
    Object.entries(node.operands).map(([name, operand]): [string, Built<Code>] => [
      name,
      builtOperand(operand),
    ]),
  );
  const { bindings, value } = printEmit(
    rule,
    emitScope(rule, node, graph, target),
    operands,
    printContext(rule, node, graph),
  );
  return [...bindings.map((bound) => `const ${bound.name} = ${oneLine(bound.value)}`), oneLine(value)];
}

function builtOperand(operand: Operand): Built<Code> {
  if (operand === null) return { kind: 'absent' };
  return typeof operand === 'string'
    ? { kind: 'one', value: text(operand) }
    : { kind: 'list', items: operand.map((id) => text(id)) };
}

function printContext(rule: OpRule, node: Node, graph: Graph): PrintContext {
  return {
    batch: (multiple) => batchCode(multiple, node, graph),
    number: (value) => text(numberLiteral(value)),
    helper: (name) => `helper.${name}`,
    local: (name) => name,
    inferable: inferableShape(rule, graph.values[node.results[0]!]!.shape),
  };
}

/** The batch size as the first operand tells it: `h.shape[0]`, or `h.shape[0] / 4` of an operand with 4N. */
function batchCode(multiple: number, node: Node, graph: Graph): Code {
  const candidates: ValueId[] = [...operandValues(node), ...graph.inputs.map(({ value }) => value)];
  for (const id of candidates) {
    for (const [dim, size] of graph.values[id]!.shape.entries()) {
      if (typeof size === 'number') continue;
      const whole = `${id}.shape[${String(dim)}]`;
      if (size.batch === multiple) return text(whole);
      return text(
        size.batch === 1
          ? `${whole} * ${String(multiple)}`
          : `${whole} / ${String(size.batch)} * ${String(multiple)}`,
      );
    }
  }
  return text('batch');
}
