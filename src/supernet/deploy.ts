/** A subnet as a network of its own. */
import type { AxisAnalysis } from '../axes/analysis.js';
import type { Keep } from '../axes/indices.js';
import { resizeGraph } from '../axes/resize.js';
import { writeOutputs } from '../compile/write.js';
import { type StoredTensor, writeSafetensors } from '../emit/safetensors.js';
import type { Graph, WeightStore } from '../ir/graph.js';
import { sliceWeights } from '../prune/slice.js';
import { type ChannelConfig, printConfig } from './channel-config.js';
import type { Supernet } from './supernet.js';

export interface DeployedSubnet {
  readonly graph: Graph;
  readonly weights: WeightStore;
  readonly channels: ChannelConfig;
  /** The tensors of the source model by their names there, in the source's layout; what is not pruned is whole. */
  stateDict(): ReadonlyMap<string, StoredTensor>;
}

/** Slices a network. */
export function deploy(
  supernet: Supernet,
  weights: WeightStore,
  analysis: AxisAnalysis,
  keep: Keep,
  channels: ChannelConfig,
): DeployedSubnet {
  const graph = resizeGraph(supernet.graph, supernet.rules, analysis, keep);
  const sliced = sliceWeights(supernet.graph, weights, analysis, keep);
  return { graph, weights: sliced, channels, stateDict: () => stateDict(supernet, graph, sliced) };
}

function stateDict(supernet: Supernet, graph: Graph, sliced: WeightStore): Map<string, StoredTensor> {
  const source = supernet.source;
  const own = source === undefined ? null : (source.state ?? source.graph.constants);
  const names = own === null ? null : new Set(own.map(({ name }) => name));
  const tensors = new Map<string, StoredTensor>();
  for (const { name, dtype, shape } of Object.values(graph.parameters)) {
    // Numbers that the import wrote down are not the source's.
    if (names !== null && !names.has(name)) continue;
    tensors.set(name, { dtype, shape: shape as readonly number[], data: sliced.get(name) });
  }
  for (const { name, dtype, shape } of own ?? []) {
    if (!tensors.has(name)) tensors.set(name, { dtype, shape, data: supernet.weights.get(name) });
  }
  return tensors;
}

/**
 * Writes a deployed subnet for the framework that the model came from.
 * @returns the files
 */
export function writeDeployed(deployed: DeployedSubnet, folder: string): Promise<string[]> {
  return writeOutputs(folder, {
    'weights.safetensors': writeSafetensors(deployed.stateDict()),
    'channels.json': printConfig(deployed.channels),
  });
}
