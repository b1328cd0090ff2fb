import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { it } from 'vitest';

/** What jobs are done in; each brings tests that its own interpreter runs. */
export type Language = 'node' | 'python3' | 'perl';

const proofs: Readonly<Record<Language, readonly string[]>> = {
  node: ['-p', 'process.execPath'],
  python3: ['-c', 'import sys, unittest; print(sys.executable)'],
  perl: ['-MTest::More', '-e', 'print "$^X\\n"'],
};

const found = new Map<Language, string | null>();

/** Where the interpreter itself is, which a version manager's stand-in finds no more with another HOME; null: it is not here. */
function interpreter(language: Language): string | null {
  const known = found.get(language) ?? find(language);
  found.set(language, known);
  return known;
}

function find(language: Language): string | null {
  const program = language === 'node' ? process.execPath : language;
  const { status, stdout } = spawnSync(program, proofs[language], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : null;
}

/** A test that needs an interpreter; where it is missing it says so and is passed over. */
export function job(language: Language, name: string, work: () => Promise<void>): void {
  const isHere = interpreter(language) !== null;
  if (!isHere) console.warn(`Passed over, since ${language} is missing here: ${name}`);
  it.runIf(isHere)(`${name} (${language})`, { timeout: 60_000 }, work);
}

const suites: Readonly<Record<Language, readonly [string, ...string[]]>> = {
  node: ['node', '--test'],
  python3: ['python3', '-m', 'unittest'],
  perl: ['prove', '-l', 't'],
};

/** Runs the repository's own tests. Throws when one of them fails. */
export function runSuite(language: Language, folder: string): void {
  const [program, ...args] = suites[language];
  execFileSync(program, args, { cwd: folder, env: { PATH: pathWithInterpreters() }, stdio: 'pipe' });
}

/** A PATH on which each language's own interpreter comes first. */
export const pathWithInterpreters = (): string => {
  const programs = Object.keys(proofs).flatMap((name) => interpreter(name as Language) ?? []);
  return [...new Set(programs.map(dirname)), process.env.PATH].join(':');
};

export type Git = (...args: readonly string[]) => string;

/** Git in a folder, without anything that the user of this machine has set. */
export const gitIn =
  (folder: string): Git =>
  (...args) =>
    execFileSync('git', args, { cwd: folder, encoding: 'utf8', env: gitEnvironment });

const person = { NAME: 'A Person', EMAIL: 'person@example.org', DATE: '2026-01-01T00:00:00Z' };
const gitEnvironment = {
  PATH: process.env.PATH,
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  ...Object.fromEntries(
    Object.entries(person).flatMap(([what, value]) => [
      [`GIT_AUTHOR_${what}`, value],
      [`GIT_COMMITTER_${what}`, value],
    ]),
  ),
};

/** A text of whole lines. */
export const lines = (...all: readonly string[]): string => all.map((line) => `${line}\n`).join('');

/** Writes files by their path in a folder. */
export function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
}

/** Makes a repository with one commit, whose jobs may note in `runs.log` what they did without that being a change. */
export function makeRepository(folder: string, files: Readonly<Record<string, string>>): Git {
  mkdirSync(folder);
  const git = gitIn(folder);
  git('init', '-q', '-b', 'main');
  git('config', 'user.name', person.NAME);
  git('config', 'user.email', person.EMAIL);
  writeFiles(folder, { ...files, '.git/info/exclude': 'runs.log\n__pycache__\n' });
  git('add', '-A');
  git('commit', '-q', '-m', 'Begin');
  return git;
}
