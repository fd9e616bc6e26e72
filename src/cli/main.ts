#!/usr/bin/env node
import { keepCompiledCode } from '../files/compile-cache.js';
import { runCommandLine } from './program.js';

keepCompiledCode();
process.exitCode = await runCommandLine(process.argv.slice(2));
