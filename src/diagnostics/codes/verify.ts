/** What the diagnostics of verification mean, as `espalier explain CODE` shows it. */
export const codes = {
  E601: {
    title: "The emitted network differs from the model's own runtime",
    explanation: `Before pruning, the emitted module must compute what the original model computes. It does not: a rule's \`emit\`
or \`from\` is wrong, or a rewrite is. Compile with \`--trace-passes\` to see what the passes did.`,
  },
  E602: {
    title: 'The pruned network differs from the masked one',
    explanation: `The pruned network must compute what the original computes with the removed channels multiplied by zero. It does
not: the axes of some rule are wrong. \`espalier explain MODEL AXIS\` shows why axes were coupled.`,
  },
  E603: {
    title: 'The emitted pruned network differs from the pruned graph',
    explanation: `The emitted module and the graph it was emitted from, run node by node, give different results: a rule's \`emit\`
reads differently as code than it runs in the interpreter.`,
  },
  E604: {
    title: 'A supernet and a deployed subnet differ',
    explanation: `An emitted supernet, switched to a subnet, must compute what the same subnet computes when it is sliced out of the
model. The message names the subnet and the input. A rule whose \`zeros\`, \`mixes\` or axes are wrong, or a rewrite that moves a mask to where it
does something else, is the likely cause: compile the same subnet with \`compile --subnet\`, which compares masked and pruned network.`,
  },
  E610: {
    title: 'Constants were not moved into weights',
    explanation: `Moving a batch normalisation, a scale or a shift into the weights of the layer before it computes the same, and rounds
differently. Some networks amplify that: their results would differ by more than 1e-5 of the output's scale. The module is then
made by the pipeline \`exact\`, which leaves such constants where they are. So is one that is trained further (\`--trainable\`)
whose biases round differently inside of their layers: \`trainable_exact\` leaves them outside.`,
  },
  E611: {
    title: 'Kernels that round differently were left out',
    explanation: `On node, modules call kernels of oneDNN, which add up the same products in another order than those that TensorFlow.js
calls. Some networks amplify that: their results would differ by more than 1e-5 of the output's scale. The module is then made by the
pipeline \`tfjs_own_at_first\`: where images are large, with kernels that round as those of TensorFlow.js do, since all later layers
amplify what the first ones do. If that is not enough, all kernels are such (\`tfjs_own\`).`,
  },
  E612: {
    title: 'The network amplifies rounding too much for a backend',
    explanation: `Without some of its channels, a layer adds up fewer products, and kernels that add them up in groups (those of TensorFlow
on node do) group them otherwise. That changes the last bits of a number. A network in which small differences grow, layer by
layer, then differs by more than 1e-5 of the output's scale, whatever is pruned. The kernels of wasm add up in the order of the
channels, where a channel of zeros changes nothing: that the network is exact there shows that the right channels were removed.
Compile it for wasm; prune less, or leave out with \`--exclude\` what the differing output depends on; or take the module as it is
with \`--no-verify\`.`,
  },
} as const;
