/** Diagnostics of the command line and of writing results. */
export const codes = {
  E901: {
    title: 'The output folder can’t be written',
    explanation:
      'Results are written beside their places and moved there when all of them are complete. The folder given with ' +
      '`--out` could not be made or written: look at its path and its permissions.',
  },
  E902: {
    title: 'The folder was not written by `espalier compile`',
    explanation: '`espalier verify` needs `model.ts`, `weights.safetensors` and `subnet.json` in one folder.',
  },
  E903: {
    title: 'The model or a rule file has changed since it was compiled',
    explanation:
      '`subnet.json` records a hash of the model and of every rule file. They differ now, so a comparison would say ' +
      'nothing about what was compiled. Compile again.',
  },
  E904: {
    title: 'The configuration is wrong',
    explanation:
      'Defaults for options come from the field `espalier` of `package.json`, or from `espalier.config.json`. ' +
      'They have the names of the command line’s long options, in camel case.',
  },
} as const;
