/** WebGPU in Node.js: the package `webgpu` (Dawn) puts in place what TensorFlow.js looks for in a browser. */

/** The package with a WebGPU for Node.js. */
export const webgpuPackage = 'webgpu';

/** What that package exports. */
interface WebGpuPackage {
  create(options: readonly string[]): object;
  readonly globals: object;
}

/** Gives this process a `navigator.gpu` and the constants of WebGPU, unless it has them. */
export async function provideWebGpu(): Promise<void> {
  const place = globalThis as { navigator?: { readonly gpu?: object } };
  if (place.navigator?.gpu !== undefined) return;
  const { create, globals } = (await import(webgpuPackage)) as WebGpuPackage;
  Object.assign(globalThis, globals);
  // `navigator` exists since Node.js 21; it is a getter, what it gives can be added to.
  if (place.navigator === undefined)
    Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
  Object.defineProperty(place.navigator, 'gpu', { value: create([]), configurable: true });
}
