/** Prints one function: a statement or two for every node, a call for every function inside. */
import type { Graph, Port, ValueId } from '../ir/graph.js';
import { call, layOut, oneLine, text, type Code } from './code.js';
import type { Typed } from './declarations.js';
import type { Fn, Statement } from './functions.js';
import { lastReads } from './lifetimes.js';
import { Locals, weightsName } from './locals.js';
import { camelCase, capitalised, longestName, Names } from './naming.js';
import type { Plan } from './plan.js';
import { assignment, printNode, type PrintedStatement, type StatementContext } from './statement.js';
import { tensorTypeText, weightTypeText } from './types.js';

export interface BodyContext extends StatementContext {
  /** The functions that are called; they are printed first. */
  readonly printed: ReadonlyMap<Fn, PrintedFunction>;
  /** The name of the type of the model's outputs, if there are several. */
  readonly outputsType: string;
}

/** A function without its name, which others with the same text share. */
export interface PrintedBody {
  /** Without the weights. */
  readonly parameters: readonly Typed[];
  readonly returnType: string;
  /** The names of its results, if it has several. */
  readonly results: readonly string[];
  readonly statements: readonly PrintedStatement[];
  /** What its weights are, tensors first. */
  readonly weights: readonly Typed[];
}

export interface PrintedFunction extends PrintedBody {
  readonly name: string;
  /** The interface of its weights, or null. */
  readonly weightsType: string | null;
}

/** Prints a function of the model. */
export function printBody(plan: Plan, isRoot: boolean, context: BodyContext): PrintedBody {
  const locals = new Locals(plan, context);
  const parameters = [
    ...inputParameters(plan, isRoot, locals, context),
    ...passedParameters(plan, locals, context),
  ];
  const { statements, outputs } = plan.fn;
  const returned = isRoot ? context.graph.outputs.map(({ value }) => value) : outputs;
  const dying = context.trainable ? null : lastReads(plan.fn, returned, context.graph);
  const lines = statements.flatMap((statement, i): PrintedStatement[] => {
    const isLast = i === statements.length - 1;
    const made = resultsOf(statement);
    const isReturned = isLast && made.length === 1 && returned.length === 1 && returned[0] === made[0];
    const printed =
      statement.kind === 'call'
        ? [generated(printCall(plan, statement.fn, isReturned, locals, context))]
        : printNode(statement.node, isReturned, locals, context);
    // The end of the function frees the rest.
    const freed = isLast || dying === null ? [] : locals.release(dying.get(statement)!);
    return freed.length === 0 ? printed : [...printed, generated(disposal(freed))];
  });
  const isDone = lines.at(-1)?.text.startsWith('return ') ?? false;
  const end = isDone
    ? null
    : isRoot
      ? rootResult(parameters, locals, context)
      : innerResult(parameters, outputs, locals, context);
  return {
    parameters,
    returnType: end?.type ?? tensorTypeText(context.graph.values[returned[0]!]!),
    results: end?.results ?? [],
    statements: end === null ? lines : [...lines, generated(assignment('return ', end.code, ''))],
    weights: weightsOf(plan, context),
  };
}

const resultsOf = (statement: Statement): readonly ValueId[] =>
  statement.kind === 'call' ? statement.fn.outputs : statement.node.results;

function disposal(names: readonly string[]): string {
  const [only, ...others] = names;
  if (others.length === 0) return `${only!}.dispose();`;
  return assignment('', call('tf.dispose', [{ kind: 'list', items: names.map(text) }]), '');
}

const generated = (line: string): PrintedStatement => ({ text: line, source: null });

/** The inputs of the model that its function takes: those that it reads or gives back. */
export function rootInputs(fn: Fn, graph: Graph): Port[] {
  const needed = new Set([...fn.inputs, ...graph.outputs.map(({ value }) => value)]);
  return graph.inputs.filter(({ value }) => needed.has(value));
}

function inputParameters(plan: Plan, isRoot: boolean, locals: Locals, { graph }: BodyContext): Typed[] {
  const inputs = isRoot ? rootInputs(plan.fn, graph).map(({ value }) => value) : plan.fn.inputs;
  return inputs.map((id) => ({
    name: inputs.length === 1 && !isRoot ? locals.declareAs(id, 'x') : locals.declare(id),
    type: tensorTypeText(graph.values[id]!),
  }));
}

function passedParameters(plan: Plan, locals: Locals, { graph, trainable }: BodyContext): Typed[] {
  return plan.passed.map((id) => ({
    name: locals.declare(id),
    type: weightTypeText(graph.parameters[id]!, trainable),
  }));
}

function printCall(plan: Plan, fn: Fn, isReturned: boolean, locals: Locals, context: BodyContext): string {
  const inner = plan.calls.get(fn)!;
  const label = inner.property!;
  const { name, results, weightsType } = context.printed.get(fn)!;
  const args = [...fn.inputs, ...inner.passed].map((id) => locals.codeOf(id, 'tensor'));
  if (weightsType !== null) args.push(text(`${weightsName}.${label}`));
  const called = call(name, args);
  if (isReturned) return assignment('return ', called, '');
  // What only the function needs is freed when it ends, as the model's own runtime would.
  const code: Code = { kind: 'tidy', body: called };
  const [only, ...others] = fn.outputs;
  if (others.length === 0)
    return assignment(`const ${locals.declareOwn(only!, label, `${label}Out`)} = `, code, '');
  // Parts of a scope have names that are already the scope's own.
  const prefixed = (result: string): string => `${label}${capitalised(result)}`;
  const entries = results.map((result, i) => {
    const short = fn.part !== null || prefixed(result).length > longestName;
    const wanted = short ? [result, prefixed(result)] : [prefixed(result)];
    return [result, text(locals.declareOwn(fn.outputs[i]!, ...wanted))] as const;
  });
  const pattern = layOut({ kind: 'object', entries }, 0, 'const  = '.length + oneLine(code).length);
  return assignment(`const ${pattern} = `, code, '');
}

interface End {
  readonly code: Code;
  readonly type: string;
  readonly results: readonly string[];
}

function innerResult(
  parameters: readonly Typed[],
  outputs: readonly ValueId[],
  locals: Locals,
  { graph }: BodyContext,
): End {
  const names = outputs.map((id) => locals.codeOf(id, 'tensor'));
  const codes = newTensors(parameters, names);
  const types = outputs.map((id) => tensorTypeText(graph.values[id]!));
  if (outputs.length === 1) return { code: codes[0]!, type: types[0]!, results: [] };
  const keys = new Names();
  const results = names.map((code) => keys.claim(camelCase(oneLine(code)), 'result'));
  return {
    code: { kind: 'object', entries: results.map((key, i) => [key, codes[i]!] as const) },
    type: `{ ${results.map((key, i) => `${key}: ${types[i]!}`).join('; ')} }`,
    results,
  };
}

/** What a function returns: new tensors, each once, so that the caller may dispose them. */
function newTensors(parameters: readonly Typed[], codes: readonly Code[]): Code[] {
  const taken = new Set(parameters.map(({ name }) => name));
  return codes.map((code) => {
    const written = oneLine(code);
    const isNew = !taken.has(written) && !written.startsWith(`${weightsName}.`);
    taken.add(written);
    return isNew ? code : call('tf.clone', [code]);
  });
}

/** What the model returns: by name, if it is several tensors. */
function rootResult(parameters: readonly Typed[], locals: Locals, { graph, outputsType }: BodyContext): End {
  const codes = newTensors(
    parameters,
    graph.outputs.map(({ value }) => locals.codeOf(value, 'tensor')),
  );
  const entries = graph.outputs.map(({ name }, i) => [name, codes[i]!] as const);
  if (entries.length === 1) {
    return {
      code: entries[0]![1],
      type: tensorTypeText(graph.values[graph.outputs[0]!.value]!),
      results: [],
    };
  }
  return { code: { kind: 'object', entries }, type: outputsType, results: [] };
}

function weightsOf(plan: Plan, { graph, trainable, printed }: BodyContext): Typed[] {
  const tensors = [...plan.weights].map(([id, name]) => ({
    name,
    type: weightTypeText(graph.parameters[id]!, trainable),
  }));
  const parts = [...plan.calls.values()].flatMap(({ fn, property }) => {
    const type = printed.get(fn)!.weightsType;
    return type === null ? [] : [{ name: property!, type }];
  });
  return [...tensors, ...parts];
}
