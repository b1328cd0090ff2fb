import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

/** What the modules of a folder of `src` may import from other folders of `src`. */
const allowed: Record<string, readonly string[] | 'all'> = {
  protocol: [],
  link: ['protocol'],
  sqlite: [],
  core: ['protocol'],
  store: ['core', 'protocol', 'sqlite'],
  runtime: ['core', 'store', 'link', 'protocol'],
  hub: ['link', 'protocol'],
  broker: ['hub', 'link', 'protocol', 'sqlite'],
  byor: ['link', 'protocol'],
  client: ['link', 'protocol'],
  sdk: ['client', 'link', 'protocol'],
  web: ['client', 'protocol'],
  cli: 'all',
  testing: 'all',
};

/** Runs in a browser, or must stay pure. `src/link` belongs here but for `src/link/node`. */
const withoutNode = ['protocol', 'core', 'link', 'client', 'web'];
const nodeEdge = 'src/link/node/';

function specifiersOf(source: string): string[] {
  const found = source.matchAll(/\b(?:from|import)\s*\(?\s*(['"])([^'"\n]+)\1/g);
  return Array.from(found, (match) => match[2] ?? '');
}

/** `file` is relative to the root of the project, with forward slashes. */
function violationsOf(file: string, source: string): string[] {
  const folder = folderOf(file);
  if (folder === undefined || !(folder in allowed))
    return [`${file}: src/${folder ?? ''} is not in the table`];
  return specifiersOf(source)
    .map((specifier) => ({ specifier, reason: objection(file, folder, specifier) }))
    .filter(({ reason }) => reason !== undefined)
    .map(({ specifier, reason }) => `${file} imports ${specifier}: ${reason}`);
}

function folderOf(file: string): string | undefined {
  const [top, folder, ...rest] = file.split('/');
  return top === 'src' && rest.length > 0 ? folder : undefined;
}

function objection(file: string, folder: string, specifier: string): string | undefined {
  const isTest = file.endsWith('.test.ts') || file.endsWith('.test.tsx');
  const isPure = withoutNode.includes(folder) && !file.startsWith(nodeEdge) && !isTest;
  if (specifier.startsWith('.')) {
    const target = path.posix.join(path.posix.dirname(file), specifier);
    if (target === 'package.json') return undefined;
    if (isPure && target.startsWith(nodeEdge)) return 'only modules that need Node may use src/link/node';
    return objectionToFolder(folder, folderOf(target), isTest);
  }
  if (/^farhand(\/|$)/.test(specifier)) return 'inside src, imports are relative';
  if (/^ws(\/|$)/.test(specifier) && !file.startsWith(nodeEdge)) return 'ws belongs to src/link/node';
  if (isPure && isBuiltin(specifier)) return `src/${folder} must not use Node's built-ins`;
  return undefined;
}

/** Tests may use src/testing from everywhere. */
function objectionToFolder(folder: string, target: string | undefined, isTest: boolean): string | undefined {
  if (target === undefined) return 'it lies outside the folders of src';
  if (target === folder || (isTest && target === 'testing')) return undefined;
  const may = allowed[folder];
  return may === 'all' || may?.includes(target) ? undefined : `src/${folder} may not import src/${target}`;
}

function sourceFiles(): string[] {
  return readdirSync('src', { recursive: true, encoding: 'utf8' })
    .map((file) => path.posix.join('src', file.replaceAll(path.sep, '/')))
    .filter((file) => /\.(ts|tsx)$/.test(file));
}

describe('imports between the folders of src', () => {
  it('follow the table', () => {
    const files = sourceFiles();
    expect(files.length).toBeGreaterThan(0);
    expect(files.flatMap((file) => violationsOf(file, readFileSync(file, 'utf8')))).toEqual([]);
  });

  it.each([
    ['src/store/log.ts', "import { x } from '../core/facts.ts';"],
    ['src/core/step.ts', "import type { X } from './facts.ts';\nimport { z } from 'zod';"],
    ['src/link/node/dial.ts', "import { WebSocket } from 'ws';\nimport { once } from 'node:events';"],
    [
      'src/cli/main.ts',
      "const { hub } = await import('../hub/hub.ts');\nimport pkg from '../../package.json' with {};",
    ],
    ['src/core/step.test.ts', "import { script } from '../testing/script.ts';\nimport fs from 'node:fs';"],
    ['src/runtime/host.ts', "import { dial } from '../link/node/dial.ts';"],
  ])('accept in %s: %s', (file, source) => {
    expect(violationsOf(file, source)).toEqual([]);
  });

  it.each([
    ['src/core/step.ts', "import { x } from '../store/log.ts';", 'src/core may not import src/store'],
    ['src/core/step.ts', "import type { X } from '../runtime/host.ts';", 'may not import src/runtime'],
    ['src/hub/hub.ts', "export * from '../runtime/host.ts';", 'may not import src/runtime'],
    [
      'src/hub/hub.ts',
      "export {\n  a,\n  b,\n} from '../../src/runtime/host.ts';",
      'may not import src/runtime',
    ],
    ['src/hub/hub.ts', "const h = import('../runtime/host.ts');", 'may not import src/runtime'],
    ['src/hub/hub.ts', "type H = typeof import('../runtime/host.ts');", 'may not import src/runtime'],
    ['src/hub/hub.ts', "import '../runtime/host.ts';", 'may not import src/runtime'],
    ['src/hub/hub.ts', "import { x } from 'farhand/client';", 'imports are relative'],
    ['src/hub/hub.ts', "import { x } from '../../scripts/build.ts';", 'outside the folders of src'],
    ['src/hub/hub.ts', "import { WebSocket } from 'ws';", 'ws belongs to src/link/node'],
    ['src/protocol/ids.ts', "import { randomUUID } from 'node:crypto';", "must not use Node's built-ins"],
    ['src/client/connect.ts', 'import fs from "fs";', "must not use Node's built-ins"],
    ['src/client/connect.ts', "import { dial } from '../link/node/dial.ts';", 'only modules that need Node'],
    ['src/link/pipe.ts', "import { dial } from './node/dial.ts';", 'only modules that need Node'],
    ['src/utils/x.ts', '', 'src/utils is not in the table'],
    ['src/x.ts', '', 'is not in the table'],
  ])('refuse in %s: %s', (file, source, reason) => {
    const violations = violationsOf(file, source);
    expect(violations).toHaveLength(1);
    expect(violations[0]).toContain(reason);
  });
});
