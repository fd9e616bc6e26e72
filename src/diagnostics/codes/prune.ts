/** What the diagnostics of pruning mean, as `espalier explain CODE` shows it. */
export const codes = {
  E401: {
    title: 'A pruning option has a value it cannot have',
    explanation: `Fractions to remove (\`--ratio\`, \`--global-ratio\`, \`--flops\`, \`--params\`) are at least 0 and less than 1:
\`0.5\` removes half. \`--round-to\` and \`--min-channels\` are whole numbers from 1, \`--seed\` a whole number.`,
  },
  E402: {
    title: 'More than one pruning target',
    explanation: `\`--ratio\`, \`--global-ratio\`, \`--flops\` and \`--params\` each say how much to remove, and only one can decide.
Give the one that matters; the report says what it came to in the others' terms.`,
  },
  E403: {
    title: 'Unknown importance measure',
    explanation: `\`--importance\` names one of the measures that the message lists.`,
  },
  E404: {
    title: 'The pruning target cannot be met',
    explanation: `Every channel space keeps at least one channel (or \`--min-channels\`, or \`--round-to\`), and frozen spaces keep all
of theirs: those of the model's inputs and outputs, of excluded modules, and those that a rule fixes. What is left does not
suffice for the target. The message says how much is possible. Ask for less, exclude less, or see with \`espalier groups\`
what is frozen and why; \`--prune-kept\` and \`--allow-mixes\` open spaces that are closed by default.`,
  },
  E405: {
    title: 'A channel space has no scale parameter',
    explanation: `\`bn-scale\` ranks channels by the parameters that a rule gives the role \`scale\`, such as the gamma of a batch
normalisation. A space without one is ranked by \`l2\` instead. This is also what happens when a model was exported with its
normalisation already folded into the convolutions.`,
  },
  E406: {
    title: 'Nothing can be pruned',
    explanation: `No channel space of the model is free: all of them are frozen, kept, or change the values they are mixed into.
\`espalier groups\` lists them with the reasons.`,
  },
  E407: {
    title: "A weight's data does not fit its shape",
    explanation: `The weight store has more or fewer numbers for this parameter than its shape needs. The model's files
do not belong together, or a file is cut short.`,
  },
  E408: {
    title: 'The masked network cannot be built',
    explanation: `To compare a pruned network with the original, masks are multiplied into the original. The rules say which op
multiplies (\`infix * = mul\`); its rule must take two operands and give a result of the first one's type.`,
  },
  E409: {
    title: 'Not a valid subnet.json',
    explanation: `The file does not have the structure that \`espalier compile\` writes. It was edited, cut short, or written by
another version. Compile the model again.`,
  },
  E410: {
    title: 'Weights that are not finite',
    explanation: `Some channels' importance is infinite or not a number, because their weights are. Such channels are ranked as the
most important, so that pruning does not hide them; look into the model's weights.`,
  },
  E411: {
    title: 'An exclude pattern matches nothing',
    explanation: `\`--exclude\` patterns are globs over the names of parameters, nodes and modules, \`/\` separating the parts. A pattern
that names a module covers all that is in it. One that matches nothing is most likely misspelt.`,
  },
  E412: {
    title: 'One weight would be sliced in two ways',
    explanation: `Two parameters of the graph share a weight, but different channels of it are kept. This is an error in the
compiler or in a pass that renamed parameters; please report it.`,
  },
  E413: {
    title: "A rule's cost cannot be computed",
    explanation: `The \`cost\` clause of the rule must come to one number, from the sizes of its axes, its attributes and the shapes of
its tensors. The batch counts as 1.`,
  },
} as const;
