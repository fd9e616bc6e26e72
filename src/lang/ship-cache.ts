/** A step of the build: the core's rules are read and checked, so that the first run after an installation need not. */
import { readRuleFiles } from './load.js';
import { shipCache } from './rule-cache.js';

const { sources, helpers } = readRuleFiles([]);
shipCache(sources, helpers);
