import { readFileSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { job, lines } from './repository.ts';
import { startJob } from './stand.ts';
import { told } from './story.ts';

// A feature is planned before anything is changed. The person wants the plan otherwise at first, then agrees, and it is carried out.

const module = (...subs: readonly string[]) =>
  lines('package Greeting;', 'use strict;', 'use warnings;', '', ...subs, '', '1;');
const hello = 'sub hello { my ($name) = @_; return "Hello, $name!"; }';
const bye = 'sub bye { my ($name) = @_; return "Bye, $name!"; }';
const test = (what: string, wanted: string) =>
  lines(
    'use strict;',
    'use warnings;',
    'use Test::More;',
    'use Greeting;',
    '',
    `is(Greeting::${what}('Ann'), '${wanted}');`,
    'done_testing;',
  );
const files = { 'lib/Greeting.pm': module(hello), 't/hello.t': test('hello', 'Hello, Ann!') };

const change = {
  name: 'Edit',
  arguments: { file_path: 'lib/Greeting.pm', old_string: hello, new_string: `${hello}\n${bye}` },
};
const short = 'Add bye to lib/Greeting.pm.';
const long = '1. Add bye to lib/Greeting.pm.\n2. Test it in t/bye.t.';
const show = (plan: string) => ({ name: 'ExitPlanMode', arguments: { plan } });
const scripts = {
  plan: [{ calls: [{ name: 'EnterPlanMode', arguments: {} }] }, { text: 'Shall it say the name, too?' }],
  carry: [
    { text: 'I could do it at once.', calls: [change] },
    { calls: [{ name: 'Write', arguments: { file_path: '{{plan}}', content: short } }] },
    { calls: [show(short)] },
    { calls: [show(long)] },
    { calls: [change] },
    { calls: [{ name: 'Write', arguments: { file_path: 't/bye.t', content: test('bye', 'Bye, Ann!') } }] },
    { calls: [{ name: 'Bash', arguments: { command: 'prove -l t' } }] },
    { text: 'It says bye, and a test says so.' },
  ],
};

describe('a feature is added by a plan', () => {
  job('perl', 'that the person sends back once', async () => {
    const plans: unknown[] = [];
    const work = await startJob({
      files,
      language: 'perl',
      wire: 'anthropic',
      scripts,
      mode: 'acceptEdits',
      judge(tool, { plan }) {
        if (tool === 'ExitPlanMode') plans.push(plan);
        return plan === short ? { behavior: 'deny', message: 'And a test?' } : { behavior: 'allow' };
      },
    });
    expect(await work.say('It should also say bye. #script=plan')).toBe('done');
    expect(work.diff()).toBe('');
    const [file = ''] = /\/\S+\/plan-\S+\.md/.exec(work.lastResult()) ?? [];
    expect(await work.say(`Yes. plan=${file} #script=carry`)).toBe('done');
    expect(plans).toEqual([short, long]);
    expect(readFileSync(file, 'utf8')).toBe(`${long}\n`);
    expect(work.asked).toEqual(['ExitPlanMode', 'ExitPlanMode', 'Bash prove -l t']);
    expect(work.diff()).toBe(
      lines(
        'diff --git a/lib/Greeting.pm b/lib/Greeting.pm',
        '--- a/lib/Greeting.pm',
        '+++ b/lib/Greeting.pm',
        '@@ -3,5 +3,6 @@ use strict;',
        ' use warnings;',
        ' ',
        ` ${hello}`,
        `+${bye}`,
        ' ',
        ' 1;',
        'diff --git a/t/bye.t b/t/bye.t',
        'new file mode 100644',
        '--- /dev/null',
        '+++ b/t/bye.t',
        '@@ -0,0 +1,7 @@',
        ...test('bye', 'Bye, Ann!')
          .trimEnd()
          .split('\n')
          .map((line) => `+${line}`),
      ),
    );
    expect(await work.story()).toEqual(
      told(
        'user It should also say bye.',
        'call EnterPlanMode',
        'success Planning has begun.',
        'assistant Shall it say the name, too?',
        'user Yes.',
        'assistant I could do it at once.',
        'call Edit',
        'error While a plan is made nothing is changed: Edit of `lib/Greeting.pm`',
        'call Write',
        /^success Created .*\/plan-/,
        'call ExitPlanMode',
        /^error .*And a test\?/,
        'call ExitPlanMode',
        'success The person agrees to the plan.',
        'call Edit',
        'success Edited lib/Greeting.pm: 1 replacement',
        'call Write',
        'success Created t/bye.t',
        'call Bash',
        /^success [\s\S]*Result: PASS/,
        'assistant It says bye, and a test says so.',
      ),
    );
  });
});
