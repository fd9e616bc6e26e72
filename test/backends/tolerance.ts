/**
 * Where a backend itself computes less exactly than 1e-5 of an output's scale. Graphics standards let shaders
 * approximate angles: sines and cosines to 2^-11. SwiftShader does so; graphics cards differ.
 */
export function toleranceOf(title: string, backend: string, usual: number): number {
  const approximate = backend === 'webgpu' || backend === 'webgl';
  return approximate && /\b(a?cos|a?sin|tan|cosine)\b/.test(title) ? 2e-4 : usual;
}
