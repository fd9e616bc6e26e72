/** `subnet.json`: what was kept, in the terms of the source model, so that anyone can check a result. */
import type { AxisAnalysis } from '../axes/analysis.js';
import type { Keep } from '../axes/indices.js';
import type { Graph } from '../ir/graph.js';
import { keptOfParameters, type KeptDims } from './kept.js';
import { type ModuleChannels, moduleChannels } from './modules.js';

export type Json =
  string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };

export interface SubnetSpace {
  readonly id: string;
  readonly size: number;
  /** Null: all. */
  readonly kept: readonly number[] | null;
  /** The parameters' dimensions that are, or contain, this space. */
  readonly shared_by: readonly { readonly parameter: string; readonly dim: number }[];
}

export interface SubnetParameter {
  readonly raw_shape: readonly number[];
  readonly shape: readonly number[];
  readonly kept: KeptDims;
}

/** SHA-256, hexadecimal. */
export interface SubnetHashes {
  readonly model: string;
  /** By file name. */
  readonly rules: Readonly<Record<string, string>>;
}

export interface Subnet {
  readonly version: 1;
  readonly spaces: readonly SubnetSpace[];
  readonly channels: Readonly<Record<string, ModuleChannels>>;
  readonly parameters: Readonly<Record<string, SubnetParameter>>;
  readonly options: { readonly [key: string]: Json | undefined };
  readonly hashes: SubnetHashes;
}

/** Describes a pruned network. The graph is the one before pruning. */
export function describeSubnet(
  graph: Graph,
  analysis: AxisAnalysis,
  keep: Keep,
  options: Subnet['options'],
  hashes: SubnetHashes,
): Subnet {
  return {
    version: 1,
    spaces: analysis.spaces.map((space) => ({
      id: space.id,
      size: space.size,
      kept: keep.get(space.leaf) ?? null,
      shared_by: space.parameters.map(({ value, dim }) => ({
        parameter: graph.parameters[value]!.name,
        dim,
      })),
    })),
    channels: Object.fromEntries(moduleChannels(graph, analysis, keep)),
    parameters: Object.fromEntries(
      [...keptOfParameters(graph, analysis, keep)].map(([value, kept]) => {
        const { name, shape } = graph.parameters[value]!;
        const raw = shape as readonly number[]; // a parameter has no batch dimension
        return [name, { raw_shape: raw, shape: raw.map((size, dim) => kept[dim]?.length ?? size), kept }];
      }),
    ),
    options,
    hashes,
  };
}

/** As JSON, the same bytes for the same subnet; lists of numbers take one line. */
export function printSubnet(subnet: Subnet): string {
  return printLines(subnet as unknown as Json);
}

/** Plain data as JSON, in which lists of numbers take one line. */
export function printLines(value: Json): string {
  return `${printJson(value, '')}\n`;
}

function printJson(value: Json, indent: string): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const inner = `${indent}  `;
  if (isList(value)) {
    if (value.every((item) => typeof item === 'number')) return `[${value.join(', ')}]`;
    if (value.every((item) => item === null || typeof item !== 'object')) {
      return `[${value.map((item) => JSON.stringify(item)).join(', ')}]`;
    }
    return `[\n${value.map((item) => inner + printJson(item, inner)).join(',\n')}\n${indent}]`;
  }
  const entries = Object.entries(value).flatMap(([key, item]) =>
    item === undefined ? [] : [`${inner}${JSON.stringify(key)}: ${printJson(item, inner)}`],
  );
  return entries.length === 0 ? '{}' : `{\n${entries.join(',\n')}\n${indent}}`;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
