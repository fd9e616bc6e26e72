/** `npm run kernels`: compiles wasm-kernels.assembly.ts into wasm-kernels.helpers.ts. */
import { readFileSync, writeFileSync } from 'node:fs';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const source = new URL('wasm-kernels.assembly.ts', import.meta.url);
const target = new URL('wasm-kernels.helpers.ts', import.meta.url);

/** The helper file's text: the kernels as WebAssembly, in base64. */
export async function kernelsText() {
  const options = [
    '--importMemory',
    '--enable',
    'simd',
    '--enable',
    'bulk-memory',
    '--runtime',
    'stub',
    '--noAssert',
  ];
  let binary = new Uint8Array();
  const { error, stderr } = await asc.main(['kernels.ts', '-O3', '-o', 'kernels.wasm', ...options], {
    readFile: (name) => (name === 'kernels.ts' ? readFileSync(source, 'utf8') : null),
    writeFile: (_, contents) => void (binary = contents),
    listFiles: () => [],
  });
  if (error) throw new Error(`${error.message}\n${stderr.toString()}`);
  const text = Buffer.from(binary).toString('base64');
  return `/** Kernels for wasm, compiled from wasm-kernels.assembly.ts by \`npm run kernels\`. */
export const wasmKernels =
  '${text}';
`;
}

if (argv[1] === fileURLToPath(import.meta.url)) writeFileSync(target, await kernelsText());
