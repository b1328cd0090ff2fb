import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { settingsFile } from '../settings/settings-file.ts';

/** For tests: a person's home with Farhand's in it, and a project below; gone when the test ends. */
export function aProject() {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'farhand-rules-')));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const farhand = join(home, '.farhand');
  const cwd = join(home, 'project');
  for (const folder of [farhand, cwd]) mkdirSync(folder);
  const write = (path: string, content: unknown): void => {
    const whole = join(home, path);
    mkdirSync(dirname(whole), { recursive: true });
    writeFileSync(whole, typeof content === 'string' ? content : JSON.stringify(content));
  };
  return { home, farhand, cwd, write, settings: settingsFile(farhand) };
}
