/** Pages in Chromium, served by Vite: from the sources, as while developing, or built. */
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { createServer } from 'vite';
import { projectFile } from '../../src/lang/project-file.js';

const require = createRequire(import.meta.url);

/** The packages of TensorFlow.js that pages use. */
const packages = ['core', 'backend-cpu', 'backend-wasm', 'backend-webgl', 'backend-webgpu'].map(
  (name) => `@tensorflow/tfjs-${name}`,
);

/** Where the browser fetches the WebAssembly files from. */
export const wasmPath = `/@fs${dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json'))}/dist/`;

/** Starts Chromium without traffic of its own; its graphics are SwiftShader's, which needs no GPU. */
export async function startChromium(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  if (!existsSync(executablePath)) throw new Error(`${executablePath} is missing: run .ci/install-backends`);
  return chromium.launch({
    executablePath,
    args: [
      ...['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking'],
      ...['--disable-component-update', '--disable-sync'],
      ...[
        '--use-gl=angle',
        '--use-angle=swiftshader',
        '--enable-unsafe-swiftshader',
        '--ignore-gpu-blocklist',
      ],
      ...['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan'],
    ],
  });
}

/** A folder for files that Vite serves: inside the project, so that packages are found from it. */
export async function temporaryRoot(): Promise<string> {
  const cache = join(dirname(projectFile('package.json')), '.cache');
  await mkdir(cache, { recursive: true });
  return mkdtemp(join(cache, 'page-'));
}

/** Puts a page into a folder that computes with emitted modules; see page.ts. */
export async function computePage(root: string): Promise<void> {
  await copyFile(fileURLToPath(new URL('page.ts', import.meta.url)), join(root, 'page.ts'));
  const page =
    '<!doctype html><link rel="icon" href="data:," /><script type="module" src="/page.ts"></script>';
  await writeFile(join(root, 'index.html'), page);
}

export interface Site {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves a folder; packages are prepared before, else Vite would reload a page in the middle of a test. */
export async function serve(root: string): Promise<Site> {
  const server = await createServer({
    root,
    configFile: false,
    logLevel: 'error',
    cacheDir: join(root, '.vite'),
    server: { port: 0, host: '127.0.0.1', fs: { strict: false }, watch: null, hmr: false },
    optimizeDeps: { include: packages, noDiscovery: true },
  });
  await server.listen();
  const { port } = server.httpServer!.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      await server.close();
      await rm(join(root, '.vite'), { recursive: true, force: true });
    },
  };
}

/** Opens a page that reports its errors: they are what went wrong, where a test fails. */
export async function openPage(browser: Browser, url: string, errors: string[]): Promise<Page> {
  const page = await browser.newPage();
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  await page.goto(url);
  return page;
}
