// Compiles the model for both backends of the page: node examples/browser/compile.mjs
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const path = (file) => fileURLToPath(new URL(file, import.meta.url));

for (const backend of ['webgl', 'webgpu']) {
  execFileSync(
    process.execPath,
    [
      path('../../dist/src/cli/main.js'),
      ...['compile', path('model/model.json'), '--out', path(`classifier/${backend}`)],
      // A network so small needs every channel that it can keep.
      ...['--backend', backend, '--flops', '0.3', '--round-to', '1'],
    ],
    { stdio: 'inherit' },
  );
}
