import { expect, it } from 'vitest';
import { closest, didYouMean } from '../../src/lang/suggest.js';

it.each([
  ['attr', ['attrs', 'axes'], 'attrs'],
  ['emti', ['emit', 'edit'], 'emit'],
  ['Relu', ['relu', 'relu6'], 'relu'],
  ['windoww', ['window', 'window_transposed'], 'window'],
  ['x', ['y', 'z'], undefined],
  ['entirely', ['different', 'words'], undefined],
])('closest to %s', (word, candidates, expected) => {
  expect(closest(word, candidates)).toBe(expected);
});

it('asks, or says what else there is to say', () => {
  expect(didYouMean('stirde', ['stride'])).toBe('Did you mean `stride`?');
  expect(didYouMean('q', ['stride'], 'The attributes: stride.')).toBe('The attributes: stride.');
});
