/** Diagnostics of `espalier backend install`. */
export const codes = {
  E910: {
    title: 'No native library can be built on this platform',
    explanation:
      'TensorFlow’s C library is taken out of its Python wheel, whose parts are laid out differently on other platforms. ' +
      'Only Linux on x64 has been tried, so nothing is guessed elsewhere.',
  },
  E911: {
    title: 'A tool is missing',
    explanation:
      'Building the native library takes Python with pip (to download TensorFlow), g++ (to compile the binding) and npm ' +
      '(for the headers of Node-API). `PYTHON` and `CXX` may name others than the first in `PATH`.',
  },
  E912: {
    title: 'The package that needs a native library is not installed',
    explanation:
      '`@tensorflow/tfjs-node-gpu` is an optional dependency. npm drops it where its install script fails, as it does ' +
      'wherever the old TensorFlow that it downloads can’t be reached. `npm install --ignore-scripts ' +
      '@tensorflow/tfjs-node-gpu` installs it without that; then `espalier backend install` builds what is missing.',
  },
  E913: {
    title: 'A download failed',
    explanation:
      'TensorFlow comes from the package index that pip is configured for, the headers of Node-API from the registry ' +
      'that npm is configured for. Nothing is kept of a download that was not complete.',
  },
  E914: {
    title: 'The binding does not compile',
    explanation:
      'The package’s own C++ sources are compiled against the headers of TensorFlow. A newer TensorFlow may have ' +
      'changed them: take one of the versions that were tried, or see what the compiler says.',
  },
  E915: {
    title: 'The native library does not work',
    explanation:
      'After building, the package is loaded in a process of its own and adds two vectors. That failed, so what was ' +
      'there before has been put back.',
  },
  E916: {
    title: 'A folder can’t be written, or has too little space',
    explanation:
      'Downloads are kept in `espalier` inside `XDG_CACHE_HOME`, or `~/.cache`; `--cache` names another folder. ' +
      'The native library itself goes into the folder of the package.',
  },
} as const;
