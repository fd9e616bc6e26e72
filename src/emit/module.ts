/**
 * The emitted module: a graph as TypeScript, with the functions of the model's own scopes, and its weights as
 * safetensors. Names of the model only ever become identifiers through `naming.ts`, or escaped string literals.
 */
import { examplesAreIndependent } from '../axes/examples.js';
import { DiagnosticError, type Diagnostic } from '../diagnostics/diagnostic.js';
import type { Graph, Node, Parameter, ValueId, WeightStore } from '../ir/graph.js';
import type { RuleSet } from '../lang/ast.js';
import { moduleBackends, type BackendName } from './backends.js';
import { concreteShape, largestOfExample } from './batch.js';
import { checkedText, type PrintedModule } from './checked-text.js';
import { rootInputs, type BodyContext, type PrintedFunction } from './body.js';
import { call, stringLiteral, text, type Code } from './code.js';
import { functionsOf, type Fn } from './functions.js';
import { Constants } from './literals.js';
import { liveGraph } from './live.js';
import { isScalar } from './locals.js';
import { moduleText, type ModuleParts, type Predictor } from './module-text.js';
import { camelCase, Names, pascalCase } from './naming.js';
import { planFunctions, type Plan } from './plan.js';
import { printFunctions } from './print-functions.js';
import { writeSafetensors } from './safetensors.js';
import { schedule } from './schedule.js';
import { groupByScope } from './scopes.js';
import { storeWeights, type NamedWeight, type StoredWeights } from './stored-weights.js';
import { supernetNames, type MaskVariable, type SupernetParts } from './supernet-text.js';
import { weightTypeText } from './types.js';
import { helperTexts } from './typing.js';

export interface EmitOptions {
  readonly backend: BackendName;
  /** Weights are variables. Leaving batch normalisation unfolded is up to the pipeline. */
  readonly trainable: boolean;
  /** What the class is called; else after the graph. */
  readonly modelName?: string;
  /** Makes a supernet, whose channels are switched on and off while it runs; it is trainable. */
  readonly supernet?: SupernetParts;
}

export interface EmittedModule {
  readonly modelTs: string;
  readonly weights: Uint8Array;
}

/** Names that the module defines itself, or exports. */
const ownNames = [
  ...['tf', 'signature', 'Weights', 'Inputs', 'Outputs', 'load', 'readWeights', 'weightsReader', 'readBytes'],
  ...['readFile', 'checkInput', 'elementTypes', 'TensorEntry', 'Port'],
  ...['arrays', 'Packing', 'unpack', 'halfFloats'],
];

/** Writes a graph as a TypeScript module with its weights. The same graph gives the same bytes. */
export async function emitModule(
  whole: Graph,
  weights: WeightStore,
  rules: Pick<RuleSet, 'ops' | 'helpers'>,
  options: EmitOptions,
): Promise<EmittedModule> {
  const { graph, read } = liveGraph(whole);
  const own = options.supernet === undefined ? ownNames : [...ownNames, ...supernetNames];
  const names = new Names([...own, ...rules.helpers.keys()]);
  const label = options.modelName ?? graph.name;
  const className = names.claim(pascalCase(label), 'Model');
  // Where it is called, other names are taken.
  const rootName = names.claim(
    new Names(['input', 'inputs', 'batchSize']).claim(camelCase(label), 'model'),
    '',
  );
  const { root, groupOf } = groupByScope(graph.nodes);
  const fn = functionsOf(schedule(graph, root, groupOf), graph);
  const plan = planFunctions(fn, graph, rootName, (id) => !isScalar(id, graph));
  const producers = new Map(graph.nodes.flatMap((node) => node.results.map((id) => [id, node] as const)));
  const problems = new Map<string, Diagnostic>();
  // A supernet is there to be trained: its weights don't stay what they are.
  const pack = options.supernet === undefined;
  const stored = storeWeights(namedWeights(plan, graph, options.supernet), weights, pack);
  const { packed } = stored;
  const input: ModuleInput = {
    graph,
    weights,
    rules,
    options,
    plan,
    className,
    producers,
    read,
    problems,
    packed,
  };
  const modelTs = await checkedText((forms) => printModule(input, names.fork(), forms));
  return { modelTs, weights: writeSafetensors(stored.tensors, stored.metadata) };
}

interface ModuleInput {
  readonly graph: Graph;
  readonly weights: WeightStore;
  readonly rules: Pick<RuleSet, 'ops' | 'helpers'>;
  readonly options: EmitOptions;
  readonly plan: Plan;
  readonly className: string;
  readonly producers: ReadonlyMap<ValueId, Node>;
  readonly read: ReadonlySet<ValueId>;
  readonly problems: Map<string, Diagnostic>;
  readonly packed: StoredWeights['packed'];
}

/** Prints the module with its statements in certain forms. */
function printModule(input: ModuleInput, names: Names, forms: ReadonlyMap<string, number>): PrintedModule {
  const { graph, plan, options, rules } = input;
  const constants = new Constants(names);
  const printed = new Map<Fn, PrintedFunction>();
  const helpers = new Set<string>();
  const context: BodyContext = {
    ...input,
    names,
    constants,
    helpers,
    printed,
    backend: moduleBackends[options.backend].computes,
    trainable: options.trainable,
    outputsType: 'Outputs',
    formOf: (kind) => forms.get(kind) ?? 0,
    isRead: (id) => input.read.has(id),
  };
  const functions = printFunctions(plan, context, printed);
  if (input.problems.size > 0) throw new DiagnosticError([...input.problems.values()]);
  const predictor = predictorOf(input);
  if (predictor !== null) helpers.add(predictor.name);
  const masks = masksOf(plan, options.supernet);
  const stored = ownedWeights(plan).filter((id) => !masks.includes(id));
  const text = moduleText({
    graph,
    backend: options.backend,
    trainable: options.trainable,
    className: input.className,
    predictor,
    constants: constants.entries(),
    functions,
    rootInputs: rootInputs(plan.fn, graph),
    weights: {
      code: weightsCode(plan, { graph, masks, supernet: options.supernet }),
      dtypes: new Set(stored.map((id) => graph.parameters[id]!.dtype)),
      packed: input.packed,
    },
    supernet: supernetOf(masks, graph, options.supernet),
    helpers: helperTexts(helpers, rules.helpers),
  });
  return { text, functions: functions.map((fn) => fn.printed) };
}

/** The helper that predictions go through: gradients don't, and rules may do without it. */
function predictorOf({ graph, options, rules }: ModuleInput): Predictor | null {
  const { predictor } = moduleBackends[options.backend];
  if (options.trainable || options.supernet !== undefined || predictor === null) return null;
  if (!rules.helpers.has(predictor.name) || graph.nodes.length < predictor.leastNodes) return null;
  const splits = predictor.isNative && examplesAreIndependent(graph, rules);
  return { ...predictor, largest: splits ? largestOfExample(graph) : null };
}

// ---------------------------------------------------------------- weights

/** The parameters in the weights file, in the order of the module. */
function ownedWeights(plan: Plan): ValueId[] {
  return [...plan.weights.keys(), ...[...plan.calls.values()].flatMap(ownedWeights)];
}

/** The parameters that are masks, in the order of the module. */
function masksOf(plan: Plan, supernet: SupernetParts | undefined): ValueId[] {
  return supernet === undefined ? [] : ownedWeights(plan).filter((id) => supernet.masks.has(id));
}

function supernetOf(
  masks: readonly ValueId[],
  graph: Graph,
  supernet: SupernetParts | undefined,
): ModuleParts['supernet'] {
  if (supernet === undefined) return null;
  const variable = (id: ValueId): MaskVariable => ({
    ...graph.parameters[id]!,
    term: supernet.masks.get(id)!,
  });
  return {
    spaces: supernet.spaces,
    masks: masks.map(variable),
    sets: supernet.switchable?.sets ?? null,
  };
}

interface WeightsContext {
  readonly graph: Graph;
  readonly masks: readonly ValueId[];
  readonly supernet: SupernetParts | undefined;
}

/** `{ kernel: read('conv/kernel', [3, 3, 8, 16]), … }` */
function weightsCode(plan: Plan, context: WeightsContext): Code {
  const own = [...plan.weights].map(([id, property]) => [property, weightCode(id, context)] as const);
  const parts = [...plan.calls.values()]
    .filter((inner) => inner.hasWeights)
    .map((inner) => [inner.property!, weightsCode(inner, context)] as const);
  return { kind: 'object', entries: [...own, ...parts] };
}

function weightCode(id: ValueId, { graph, masks, supernet }: WeightsContext): Code {
  const parameter = graph.parameters[id]!;
  const mask = masks.indexOf(id);
  if (mask >= 0) return text(`masks[${mask}] as ${weightTypeText(parameter, true)}`);
  const { switchable = null } = supernet ?? {};
  if (switchable?.parameters.has(id) !== true) return readCode(parameter, stringLiteral(parameter.name));
  const [before, after] = switchable.nameInSet(parameter.name, '\0').split('\0');
  return readCode(parameter, `${stringLiteral(before!)} + set + ${stringLiteral(after!)}`);
}

function readCode({ shape, dtype }: Parameter, name: string): Code {
  const sizes: Code = { kind: 'list', items: concreteShape(shape, 1).map((size) => text(String(size))) };
  const args = [text(name), sizes];
  return call('read', dtype === 'float32' ? args : [...args, text(stringLiteral(dtype))]);
}

/** The weights by the names that the module reads them by; a supernet's normalisations have one for each set. */
function namedWeights(plan: Plan, graph: Graph, supernet: SupernetParts | undefined): NamedWeight[] {
  const { switchable = null } = supernet ?? {};
  const named = new Map<string, NamedWeight>();
  for (const id of ownedWeights(plan)) {
    const parameter = graph.parameters[id]!;
    if (supernet?.masks.has(id) !== true) named.set(parameter.name, { id, parameter, name: parameter.name });
  }
  return [...named.values()].flatMap((weight) => {
    if (switchable?.parameters.has(weight.id) !== true) return [weight];
    const { sets, nameInSet } = switchable;
    return Array.from({ length: sets }, (_, set) => ({ ...weight, name: nameInSet(weight.name, `${set}`) }));
  });
}
