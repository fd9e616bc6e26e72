/** Codes of weight files. */
export const codes = {
  E701: {
    title: 'two weights of the same name',
    explanation: 'The graph refers to weights by name, so every name of the manifest must be unique.',
  },
  E702: {
    title: "a weight file outside the model's folder",
    explanation:
      'A model names its weight files relative to its `model.json`; they may not lie outside that folder.',
  },
  E703: {
    title: 'a missing weight file',
    explanation:
      'The manifest lists a file that is not there. A model is its `model.json` and all of its shards.',
  },
  E704: {
    title: 'weight files of the wrong size',
    explanation: `
Weights are found by their position in the files, so the files must have exactly as many bytes as the manifest describes.
A shard is truncated, or belongs to another model.`,
  },
  E705: {
    title: 'a type of weights that is not supported',
    explanation: `
Weights are float32, int32 or bool, stored as they are, as float16, or as uint8 or uint16 with a scale and a minimum.`,
  },
  E706: {
    title: 'a constant that the weights do not fit',
    explanation:
      'The graph and the weight manifest disagree about a constant: they belong to different models.',
  },
} as const;
