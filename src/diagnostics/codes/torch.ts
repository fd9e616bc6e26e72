/** Codes of traces of PyTorch models. */
export const codes = {
  E220: {
    title: 'a damaged trace',
    explanation: `
\`trace.json\` is JSON, and not as \`docs/trace-schema.md\` has it. It may have been cut off, edited, or written by something
else. Trace the model again.`,
  },
  E221: {
    title: 'a trace of another version',
    explanation: `
The schema of traces is numbered, and this version of Espalier reads one number. \`espalier tracer\` prints the tracer that
belongs to it.`,
  },
  E222: {
    title: 'a trace that contradicts itself',
    explanation: `
Everything in a trace refers to what comes before it, by name: nodes to inputs, tensors and earlier nodes. Here a name
is given twice, or a reference leads nowhere. The file was edited or damaged.`,
  },
  E223: {
    title: 'a graph that the trace has not',
    explanation: `
A trace holds two views of a model, and either may be missing; the message says why, as the tracer noted it.

The *program*, from \`torch.export\`, is what is compiled. It is missing where torch.export refuses the model, mostly for
control flow in Python that depends on the values of tensors. The *backward graph* is missing where no output has a
gradient.`,
  },
  E224: {
    title: 'a file that does not belong to its trace',
    explanation: `
\`trace.json\` describes every tensor of \`weights.safetensors\` and \`examples.safetensors\`: name, element type, shape. Here
they differ, so the files come from different traces.`,
  },
  E225: {
    title: 'a trace without weights',
    explanation: `
\`espalier_tracer.py --structure\` writes no weights. Such a trace is small, and tells the channel spaces of a model; to
compile it, its weights are needed.`,
  },
  E226: {
    title: 'an element type that TensorFlow.js has nothing for',
    explanation: `
Floats of 16, 32 and 64 bits are read as float32, whole numbers of up to 64 bits as int32, and booleans as bool.
Complex and quantised numbers are not read.`,
  },
  E227: {
    title: 'a whole number of more than 32 bits',
    explanation: `
Whole numbers of PyTorch have 64 bits and those of TensorFlow.js 32. A constant of the model does not fit. Cutting it off
would change what the model computes.`,
  },
  E228: {
    title: 'no example to verify with',
    explanation: `
PyTorch does not run in Node. So that the compiled network can be held against the original, the tracer writes example
inputs with the model's own outputs. Trace the model with \`--examples 2\` or more, or compile with \`--no-verify\`.`,
  },
  E229: {
    title: 'the two views of a model disagree about its channels',
    explanation: `
A trace holds a model twice: as a program and as a backward graph. The rules for each (\`from aten\`, \`from torch\`) must
find the same channel spaces: the same dimensions of parameters coupled with each other, and the same ones frozen. Where
they differ, one of the rules is wrong. The message names a dimension, and what each view has it coupled with.

Both \`compile\` and \`verify\` compare them; \`--no-verify\` compiles by the program alone.`,
  },
  E230: {
    title: 'the two views of a model were not compared',
    explanation: `
A PyTorch model is compiled from its program. Its backward graph is there to find wrong rules: both must have the same
channel spaces. Here the backward graph has an operation without a rule \`from torch\`, or one of the two graphs ends
early, so nothing was compared. The module that was written does not depend on the backward graph, and its numbers were
verified.`,
  },
} as const;
