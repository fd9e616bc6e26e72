/** What the diagnostics of supernets and their subnets mean, as `espalier explain CODE` shows it. */
export const codes = {
  E430: {
    title: 'A subnet names a channel space that the network does not have',
    explanation: `Channel spaces go by the names that \`espalier groups MODEL\` prints, such as \`conv1/kernel[3]\`. In the library they
also go by MMRazor's names: that of the module whose output channels they are, or of its group, \`group_0\`. A subnet file
belongs to one model: after the model has changed, its spaces may be others.`,
  },
  E431: {
    title: 'A subnet gives a channel space channels that it cannot have',
    explanation: `The channels that stay are given as indices from 0 (\`[0, 1, 5]\`), as a mask with one entry a channel
(\`"110001"\`, in the library also booleans or a \`Uint8Array\`), or as null for all. A space never becomes empty: a layer
without channels computes nothing.`,
  },
  E432: {
    title: 'Two places that share channels are to keep different ones',
    explanation: `Modules whose outputs are added up share their channels, and so does a depthwise convolution with what comes before
it. A subnet, or a file with the widths of modules, must give all of them the same. \`espalier explain MODEL SPACE\` prints
the chain of operations that couples them.`,
  },
  E433: {
    title: 'A subnet prunes a channel space that is closed',
    explanation: `The channels of the network's inputs and outputs can't go, nor those of excluded modules and those that a rule
fixes; axes that a rule marks \`keep\` (groups, heads) or \`mixes\` (channels over which a statistic is taken) go only on
request: \`--prune-kept\`, \`--allow-mixes\`.`,
  },
  E434: {
    title: 'A subnet file cannot be read',
    explanation: `Read are: files of \`espalier subnet\`, \`{ "version": 1, "spaces": { "conv1/kernel[3]": [0, 1, 5] } }\`; the
\`subnet.json\` of \`espalier compile\`; MMRazor's \`export_subnet\` as JSON, \`{ "conv1": { "in_channels": 3, "out_channels": 8,
"raw_in_channels": 3, "raw_out_channels": 16 } }\`; and the same as YAML, in files that end in \`.yaml\` or \`.yml\`.`,
  },
  E435: {
    title: 'A channel configuration names a module that the network does not have',
    explanation: `Modules are named after their parameters, without the last part: \`conv1\` has \`conv1.weight\`. MMRazor's files name
modules of a whole detector or classifier (\`backbone.conv1.conv\`): trace that model, or take the prefix out of the file.`,
  },
  E436: {
    title: 'A channel configuration states widths that a module cannot have',
    explanation: `Each module's widths follow from its channel spaces. The message says which widths are possible, or which width the
other modules of the file lead to. Where \`raw_in_channels\` or \`raw_out_channels\` differ, the file is for another network.`,
  },
  E437: {
    title: 'Ratios or bins that cannot be',
    explanation: `Ratios are fractions of channels that *stay*, more than 0 and at most 1. Bins cut each space into a whole number of
parts; a choice of bins has one entry a bin.`,
  },
  E438: {
    title: 'A set of normalisation parameters that there is not',
    explanation: `Switchable normalisation has one set of parameters (scale, shift, mean, variance) for each of a number of subnets,
counted from 0. The number is given when it is set up: \`convertSwitchableBn(n)\`, \`--switchable-bn n\`.`,
  },
  E439: {
    title: 'A pruner has not been prepared, or options of a supernet do not go together',
    explanation: `\`prepareFromSupernet\` reads a network and finds its channel spaces; everything else needs them. On the command
line a supernet is compiled whole: \`--supernet\` does not go together with an amount to remove, nor with \`--subnet\`.`,
  },
  E440: {
    title: 'A parser cannot be registered',
    explanation: `\`registerParser(op, rule, { name, force })\` adds a \`from\` clause to an op of the rules. Its name (that given, else
the source and types that it reads) must be free, unless \`force\` replaces the parser that has it. Two clauses that would
read the same nodes are reported as in rule files, with both places: tell them apart with \`when\`, or say \`override\`.`,
  },
} as const;
