/**
 * `compile --supernet`: the whole network with masks that are variables, so that one module is any of its subnets. It is
 * checked against subnets that are deployed, sliced to their size.
 */
import { resizeGraph } from '../axes/resize.js';
import type { Keep } from '../axes/indices.js';
import type { BackendName } from '../emit/backends.js';
import type { EmittedModule } from '../emit/module.js';
import type { SupernetParts } from '../emit/supernet-text.js';
import { loadBackend, type RunnableBackend } from '../emit/tf.js';
import { prepareGraph } from '../emit/interpret.js';
import { loadEmitted } from '../emit/run-module.js';
import { checkOptions, type PruneSettings } from '../prune/options.js';
import { random, randomInteger } from '../prune/random.js';
import { prunableSpaces } from '../prune/select.js';
import { sliceWeights } from '../prune/slice.js';
import { allOf } from '../supernet/channels.js';
import { maskInputs, masksAsParameters, maskTerms } from '../supernet/mask-variables.js';
import { ChannelSpaces } from '../supernet/spaces.js';
import { nameInSet, normParameters } from '../supernet/switchable-bn.js';
import { Topology } from '../supernet/topology.js';
import { testInputs, type TestInput } from '../verify/inputs.js';
import { verifyModel, type Runner, type Verification } from '../verify/verify.js';
import { lowerModel, type LoweredModel } from './lower.js';
import { analyseModel, type ModelOptions, type PreparedModel } from './prepare.js';
import type { StageRecord } from '../passes/pipeline.js';
import type { Timings } from './timings.js';
import { orOnCpu } from './or-on-cpu.js';

/** A supernet that has been emitted, and what it takes to check it. */
export interface CompiledSupernet {
  readonly module: EmittedModule;
  readonly spaces: ChannelSpaces;
  readonly lowered: LoweredModel;
}

export interface SupernetOptions extends ModelOptions {
  readonly allowMixes?: boolean;
  readonly pruneKept?: boolean;
  /** So many sets of normalisation parameters. */
  readonly switchableBn?: number;
  readonly pipeline: string;
  readonly backend: BackendName;
  readonly onRecord?: (record: StageRecord) => void;
}

/** The spaces of a model under their names. */
export function spacesOf(
  prepared: PreparedModel,
  options: ModelOptions & Partial<Pick<PruneSettings, 'allowMixes' | 'pruneKept'>>,
): { readonly spaces: ChannelSpaces; readonly warnings: LoweredModel['warnings'] } {
  const { analysis, warnings } = analyseModel(prepared, options);
  const { settings } = checkOptions({
    allowMixes: options.allowMixes ?? false,
    pruneKept: options.pruneKept ?? false,
  });
  const topology = new Topology(prepared.graph, prepared.rules, analysis);
  return { spaces: new ChannelSpaces(topology, analysis, prunableSpaces(analysis, settings)), warnings };
}

/** Emits a supernet. */
export async function emitSupernet(
  prepared: PreparedModel,
  options: SupernetOptions,
  timings: Timings,
): Promise<CompiledSupernet> {
  const { graph, rules } = prepared;
  const { spaces, warnings } = timings.time('spaces', () => spacesOf(prepared, options));
  const masked = maskInputs(graph, rules, spaces.analysis, spaces.list);
  const lowered = await lowerModel(
    { ...prepared, graph: masked.graph },
    options,
    null,
    timings,
    options.onRecord,
  );
  const whole = masksAsParameters(lowered.graph, masked.masks);
  const supernet: SupernetParts = {
    spaces: new Map(spaces.list.map(({ space }) => [space.id, space.size])),
    masks: maskTerms(masked.masks, spaces.list),
    switchable:
      options.switchableBn === undefined
        ? null
        : {
            sets: options.switchableBn,
            parameters: new Set(normParameters(whole, rules).keys()),
            nameInSet,
          },
  };
  const { emitModule } = await timings.timeAsync('load emitter', () => import('../emit/module.js'));
  const emission = { backend: options.backend, trainable: true, supernet };
  const module = await timings.timeAsync('emit', () => emitModule(whole, lowered.weights, rules, emission));
  return { module, spaces, lowered: { ...lowered, warnings: [...lowered.warnings, ...warnings] } };
}

/** Subnets to check: by name what they keep. */
export function testSubnets(spaces: ChannelSpaces, seed: number): Map<string, Keep> {
  const next = random(seed, 'supernet');
  const drawn = (): Keep =>
    new Map(
      spaces.list.map(({ space: { leaf, size } }) => {
        const kept = allOf(size).filter(() => next() < 0.5);
        return [leaf, kept.length > 0 ? kept : [randomInteger(next, 0, size)]] as const;
      }),
    );
  return new Map<string, Keep>([
    ['all channels', new Map()],
    ['one channel a space', new Map(spaces.list.map(({ space }) => [space.leaf, [0]]))],
    ['random channels', drawn()],
    ['other random channels', drawn()],
  ]);
}

/** Runs the supernet against the model's own runtime, and its subnets against their deployments. */
export async function verifySupernet(
  prepared: PreparedModel,
  { module, spaces }: Pick<CompiledSupernet, 'module' | 'spaces'>,
  options: {
    readonly backend: RunnableBackend;
    readonly seed: number;
    readonly onProgress?: (what: string) => void;
  },
): Promise<Verification> {
  const { source } = prepared;
  const tf = await loadBackend(options.backend);
  // Where a tail was cut off, the graph ends at values that are no outputs of the model's own.
  const outputs = prepared.tail === null ? undefined : prepared.graph.outputs.map(({ name }) => name);
  const original = await source.reference(outputs);
  const reference = orOnCpu((given) => original.run(given), options.backend);
  const model = await loadEmitted(module, options.backend);
  const inputs = testInputs(source.graph.inputs, { seed: options.seed });
  const referenceInputs = source.examples?.map(({ name, inputs: tensors }): TestInput => ({ name, tensors }));
  const subnets = [...testSubnets(spaces, options.seed)].map(([name, keep]) => ({
    name,
    supernet: (async (given) => {
      model.setSubnet(choiceOf(spaces, keep));
      return model.predict(given);
    }) satisfies Runner,
    deployed: (async (given) => {
      const { graph, rules, weights } = prepared;
      const sliced = sliceWeights(graph, weights, spaces.analysis, keep);
      const runner = prepareGraph(resizeGraph(graph, rules, spaces.analysis, keep), sliced, rules, tf);
      try {
        return await runner.run(given);
      } finally {
        runner.dispose();
      }
    }) satisfies Runner,
  }));
  try {
    const result = await verifyModel(
      {
        reference: reference.run,
        unpruned: (given) => {
          model.setSubnet({});
          return model.predict(given);
        },
        masked: null,
        pruned: null,
        subnets,
      },
      inputs,
      {
        mixed: spaces.list.filter(({ space }) => space.mixes.length > 0).map(({ space }) => space.id),
        ...(referenceInputs === undefined ? {} : { referenceInputs }),
        onProgress: (check, input) => options.onProgress?.(`verify: ${check}, ${input}`),
      },
    );
    return { ...result, remarks: [...result.remarks, ...reference.remarks()] };
  } finally {
    model.dispose();
    original.dispose();
  }
}

/** As the emitted module takes it. */
function choiceOf(spaces: ChannelSpaces, keep: Keep): Record<string, readonly number[]> {
  return Object.fromEntries(
    spaces.list.flatMap(({ space }) => {
      const kept = keep.get(space.leaf);
      return kept === undefined ? [] : [[space.id, kept]];
    }),
  );
}
