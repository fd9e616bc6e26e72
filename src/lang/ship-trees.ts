/** A step of the build: the core's rules are read, so that the first run after an installation need not. */
import { readRuleFiles } from './load.js';
import { shipTrees } from './parse-cache.js';

shipTrees(readRuleFiles([]).sources);
