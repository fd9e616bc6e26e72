/** Prints the statements that compute one node. */
import { fail, type Diagnostic } from '../diagnostics/diagnostic.js';
import { operandValues, type Attr, type Graph, type Node, type Operand, type ValueId } from '../ir/graph.js';
import type { OpRule, RuleSet } from '../lang/ast.js';
import type { EmitTarget } from '../lang/backends.js';
import { call, layOut, partsOf, text, type Code } from './code.js';
import { formsOf, inForm, type Form } from './forms.js';
import { valuesRead } from './functions.js';
import { inferableShape } from './inferable.js';
import { doesNotRun, functionsOfHelper, missingKernel } from './kernels.js';
import { isScalar, type LocalContext, type Locals } from './locals.js';
import type { Built } from './partial.js';
import { printEmit, type Printed } from './print.js';
import { emitScope } from './scope.js';
import { tensorTypeText } from './types.js';
import { typingOf, type Typing } from './typing.js';

/** What all functions of a module share while their statements are printed. */
export interface StatementContext extends LocalContext, EmitTarget {
  readonly rules: Pick<RuleSet, 'ops' | 'helpers'>;
  /** What does not run on the backend is added, once an operation and function. */
  readonly problems: Map<string, Diagnostic>;
  /** Helpers that are called are added. */
  readonly helpers: Set<string>;
  /** Which of its forms each kind of statement is written in. */
  readonly formOf: (kind: string) => number;
  /** Whether anything reads a value. */
  readonly isRead: (id: ValueId) => boolean;
}

/** Where a statement comes from. */
export interface StatementSource {
  /** The node that it computes. */
  readonly node: Node;
  readonly kind: string;
  /** How many forms its kind has. */
  readonly forms: number;
  /** What decides its types; see `typingOf`. */
  readonly typing: string;
}

export interface PrintedStatement {
  readonly text: string;
  /** Null for what the generator writes itself. */
  readonly source: StatementSource | null;
}

/**
 * Prints a node.
 * @param returned whether its only result is what the function returns
 */
export function printNode(
  node: Node,
  returned: boolean,
  locals: Locals,
  context: StatementContext,
): PrintedStatement[] {
  const kind = statementKind(node, context.graph);
  const forms = formsOf(operandValues(node).some((id) => isScalar(id, context.graph)));
  const form = forms[context.formOf(kind)] ?? forms[forms.length - 1]!;
  const typing = statementTyping(node, form, returned, locals, context);
  const { bindings, value } = printExpression(node, form, locals, context);
  const source = { node, kind, forms: forms.length, typing: typing.key };
  const bound = bindings.map((binding) => ({
    text: assignment(`const ${binding.name} = `, binding.value, ''),
    source,
  }));
  return [
    ...bound,
    ...printResults(node, { value, typing: typing.value }, form, returned, locals, context).map((line) => ({
      text: line,
      source,
    })),
  ];
}

/** Statements of one kind get the same types from the type checker, so they are written in the same form. */
function statementKind(node: Node, graph: Graph): string {
  const rank = (id: ValueId): string => String(graph.values[id]!.shape.length);
  const operands = Object.values(node.operands).map((operand) =>
    operand === null ? '-' : typeof operand === 'string' ? rank(operand) : `(${operand.map(rank).join(' ')})`,
  );
  return `${node.op} ${operands.join(' ')} -> ${node.results.map(rank).join(' ')}`;
}

function statementTyping(
  node: Node,
  form: Form,
  returned: boolean,
  locals: Locals,
  context: StatementContext,
): Typing {
  const { graph, rules, isRead } = context;
  const rule = ruleOf(node, rules);
  return typingOf({
    rule,
    node,
    scope: emitScope(rule, node, graph, context),
    form,
    operands: builtOperands(node, (id) => locals.typeOf(id, form.scalars)),
    results: node.results.map((id) => (isRead(id) ? tensorTypeText(graph.values[id]!) : null)),
    returned,
    helpers: rules.helpers,
  });
}

function builtOperands(node: Node, codeOf: (id: ValueId) => Code): Record<string, Built<Code>> {
  const built = (operand: Operand): Built<Code> => {
    if (operand === null) return { kind: 'absent' };
    return typeof operand === 'string'
      ? { kind: 'one', value: codeOf(operand) }
      : { kind: 'list', items: operand.map(codeOf) };
  };
  return Object.fromEntries(Object.entries(node.operands).map(([name, operand]) => [name, built(operand)]));
}

function printExpression(node: Node, form: Form, locals: Locals, context: StatementContext): Printed {
  const rule = ruleOf(node, context.rules);
  const operands = builtOperands(node, (id) => locals.codeOf(id, form.scalars));
  const checkCall = (path: string): void => {
    const kernel = missingKernel(path, context.backend);
    if (kernel === undefined) return;
    context.problems.set(`${rule.name} ${path}`, doesNotRun(rule, node, path, kernel, context.backend));
  };
  return printEmit(rule, emitScope(rule, node, context.graph, context), operands, {
    batch: (multiple) => batchCode(multiple, node, locals, context.graph),
    number: (value, name) => context.constants.number(value, name),
    helper: (name) => {
      context.helpers.add(name);
      functionsOfHelper(name, context.rules.helpers).forEach(checkCall);
      return name;
    },
    calls: checkCall,
    local: (name) => locals.claim(name, 'part'),
    inferable: inferableShape(rule, context.graph.values[node.results[0]!]!.shape) as Attr | undefined,
  });
}

export function ruleOf(node: Node, rules: Pick<RuleSet, 'ops'>): OpRule {
  const rule = rules.ops.get(node.op);
  if (rule !== undefined) return rule;
  return fail({
    code: 'E503',
    message: `there is no rule for ${node.op}`,
    where: `node ${JSON.stringify(node.source.name)}`,
  });
}

/** The batch size as an operand tells it: `x.shape[0]`, `x.shape[0] / 4` where that has 4N. */
function batchCode(multiple: number, node: Node, locals: Locals, graph: Graph): Code {
  const places = valuesRead(node, graph).flatMap((id) =>
    graph.values[id]!.shape.flatMap((size, axis) =>
      typeof size === 'number' ? [] : [{ id, axis, times: size.batch }],
    ),
  );
  const place = places.find(({ times }) => times === multiple) ?? places[0];
  if (place === undefined) {
    return fail({
      code: 'E511',
      message: `${node.op} needs the batch size, and no input of the model has it`,
      where: `node ${JSON.stringify(node.source.name)}`,
      why: 'A shape in its attributes contains the symbolic batch, but no tensor tells its size when the model runs.',
    });
  }
  const code = `${nameText(locals.codeOf(place.id, 'tensor'))}.shape[${place.axis}]`;
  if (place.times === multiple) return text(code);
  return text(place.times === 1 ? `${multiple} * ${code}` : `(${code} / ${place.times}) * ${multiple}`);
}

function nameText(code: Code): string {
  return code.kind === 'text' ? code.text : layOut(code, 0, 0);
}

/** An expression, and the same with types in place of names. */
interface Expression {
  readonly value: Code;
  readonly typing: Code;
}

/** Gives names to what an expression computes. */
function printResults(
  node: Node,
  { value, typing }: Expression,
  form: Form,
  returned: boolean,
  locals: Locals,
  context: StatementContext,
): string[] {
  const [only, ...others] = node.results;
  const isList = ruleOf(node, context.rules).results.some(({ kind }) => kind === 'variadic');
  if (others.length === 0 && !isList)
    return printOne(only!, { value, typing }, form, returned, locals, context);
  if (value.kind === 'list') {
    if (value.items.length !== node.results.length) wrongCount(node, value.items.length);
    return node.results.flatMap((id, i) =>
      context.isRead(id)
        ? printOne(id, { value: value.items[i]!, typing: partsOf(typing)[i]! }, form, false, locals, context)
        : [],
    );
  }
  const last = node.results.findLastIndex((id) => context.isRead(id));
  const taken = node.results.slice(0, last + 1);
  const names = taken.map((id) => (context.isRead(id) ? locals.declareOwn(id) : ''));
  const types = taken.map((id) => tensorTypeText(context.graph.values[id]!));
  return [assignment(`const [${names.join(', ')}] = `, inForm(value, form), ` as [${types.join(', ')}]`)];
}

function printOne(
  id: ValueId,
  { value, typing }: Expression,
  form: Form,
  returned: boolean,
  locals: Locals,
  { graph }: StatementContext,
): string[] {
  // Another name for the same tensor would say nothing.
  if (value.kind === 'text' && !returned) {
    locals.alias(id, value, typing);
    return [];
  }
  const type = tensorTypeText(graph.values[id]!);
  const code = inForm(value, form);
  const cast = form.typing === 'declared' ? '' : ` as ${type}`;
  if (returned) {
    // What is returned is the caller's to dispose.
    const own = value.kind === 'text' ? call('tf.clone', [code]) : code;
    return [assignment('return ', own, cast)];
  }
  const name = locals.declareOwn(id);
  return [assignment(cast === '' ? `const ${name}: ${type} = ` : `const ${name} = `, code, cast)];
}

/** Statements are indented when they become the body of a function. */
const bodyIndent = 2;

/** `const x = code as T;` */
export function assignment(before: string, code: Code, after: string): string {
  const lastLine = before.slice(before.lastIndexOf('\n') + 1);
  return `${before}${layOut(code, 0, bodyIndent + lastLine.length + after.length)}${after};`;
}

function wrongCount(node: Node, count: number): never {
  return fail({
    code: 'E506',
    message: `the emit of ${node.op} gives ${count} tensors, not ${node.results.length}`,
    where: `node ${JSON.stringify(node.source.name)}`,
    help: 'An emit gives a tensor; for several results a list of tensors.',
  });
}
