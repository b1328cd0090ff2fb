import { describe, expect } from 'vitest';
import { job, lines } from './repository.ts';
import { startJob } from './stand.ts';
import { told } from './story.ts';

// What the person's own rules deny is denied in the freest mode, however the agent goes about it; the agent hears why, and says so.

const files = {
  LICENSE: 'Nobody may copy this.\n',
  'lib/Sum.pm': lines(
    'package Sum;',
    'use strict;',
    'use warnings;',
    'sub of { return $_[0] + $_[1] }',
    '1;',
  ),
  't/sum.t': lines('use Test::More;', 'use Sum;', 'is(Sum::of(1, 2), 3);', 'done_testing;'),
};
const settings = { rules: { deny: ['Edit(LICENSE)', 'Bash(git push:*)'] } };
const bash = (command: string) => ({ name: 'Bash', arguments: { command } });
const relicense = { file_path: 'LICENSE', old_string: 'Nobody', new_string: 'Anybody' };
const scripts = {
  publish: [
    { calls: [{ name: 'Edit', arguments: relicense }] },
    { calls: [{ name: 'Write', arguments: { file_path: './lib/../LICENSE', content: 'Copy it.\n' } }] },
    { calls: [bash('echo Copy it. > LICENSE')] },
    { calls: [bash('prove -l t && git push origin main')] },
    { calls: [bash("sh -c 'git push origin main'")] },
    { text: 'Your rules deny that: LICENSE stays as it is, and nothing is pushed.' },
  ],
};

describe('what the rules deny', () => {
  job('perl', 'is not done in any mode, and the agent says so', async () => {
    const work = await startJob({
      files,
      language: 'perl',
      wire: 'openai-chat',
      scripts,
      settings,
      mode: 'unrestricted',
    });
    expect(await work.say('Put it under a free licence and push it. #script=publish')).toBe('done');
    expect(work.asked).toEqual([]);
    expect(work.diff()).toBe('');
    const edit = /^error Denied by your rule Edit\(LICENSE\)/;
    const push = /^error Denied by your rule Bash\(git push:\*\)/;
    expect(await work.story()).toEqual(
      told(
        'user Put it under a free licence',
        'call Edit',
        edit,
        'call Write',
        edit,
        'call Bash',
        edit,
        'call Bash',
        push,
        'call Bash',
        push,
        'assistant Your rules deny that',
      ),
    );
  });
});
