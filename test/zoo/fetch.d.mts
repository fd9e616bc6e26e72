/** One model of zoo.json. */
export interface ZooEntry {
  readonly name: string;
  readonly package: string;
  readonly entry: string;
  readonly format: string;
  /** Shapes of the inputs, dynamic sizes filled in. */
  readonly inputs: Readonly<Record<string, readonly number[]>>;
}

export function zooEntries(): Promise<readonly ZooEntry[]>;

/** The path of a model's model.json; fetched from npm if it is not in the cache. */
export function zooModel(name: string, progress?: (line: string) => void): Promise<string>;
