import type { Deed } from '../../tools/tool.ts';
import { isMisleading, roughReach } from './rough.ts';
import { walkText } from './scripts.ts';
import { Run, type Shell, TooMuch } from './shell.ts';
import type { Situation } from './situation.ts';
import { freshState } from './state.ts';
import { walkScript } from './walk.ts';

const longest = 512 * 1024;
/** More of them in one line than anybody writes, which the parser takes its time for. */
const manyHereDocuments = /(?:<<[^\n]*?){100}/;

/**
 * [PERM-4] What a shell command does, as deeds: each simple command in it wherever it stands, each redirection, and what cannot be
 * understood for sure, as `execute` or worse. Never empty, never throws.
 */
export function analyse(command: string, situation: Situation): readonly Deed[] {
  const run = new Run(situation, command.length, walkScript);
  if (isMisleading(command)) run.add('execute', 'characters that are not seen, or seen as something else');
  try {
    if (command.length > longest || manyHereDocuments.test(command)) throw new TooMuch('text');
    walkText(command, shellFor(run, command));
  } catch (error) {
    // The parser, too, gives up on what is very deep, by an error or at the end of the stack.
    const isDeep = !(error instanceof TooMuch) || error.what === 'depth' || error.what === 'text';
    const rough = roughReach(command);
    const isKnown = error instanceof TooMuch || error instanceof RangeError;
    // A fault of ours, or of the parser: told as that, and judged as what cannot be understood.
    const why = isKnown ? 'more than can be looked through' : `what could not be looked through (${error})`;
    run.add(isDeep || rough === 'forbidden' ? rough : 'grave', why);
  }
  const { deeds } = run;
  return deeds.length > 0 ? deeds : [{ reach: 'read-inside', subject: 'nothing', match: null }];
}

const shellFor = (run: Run, source: string): Shell => ({
  run,
  state: freshState([run.situation.cwd]),
  source,
  depth: 0,
  floor: 'read-inside',
  posix: run.situation.posix ?? false,
  calls: [],
  locals: null,
  spawned: false,
  left: [],
  returned: [],
});
