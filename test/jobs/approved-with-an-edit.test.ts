import { describe, expect } from 'vitest';
import type { Decision } from '../../src/client/client.ts';
import { job, lines } from './repository.ts';
import { startJob } from './stand.ts';
import { told } from './story.ts';

// Who asked for the work leaves the decision to a colleague at another terminal, who changes the command before it runs. Once the runtime
// dies between that decision and the start of the command.

const files = {
  VERSION: '1.0.0\n',
  'lib/App.pm': lines('package App;', 'use strict;', 'use warnings;', "our $VERSION = '1.0.0';", '1;'),
  'release.pl': lines(
    'use strict;',
    'use warnings;',
    'my ($version) = @ARGV;',
    "for my $file ('VERSION', 'lib/App.pm') {",
    '  open my $in, "<", $file or die;',
    '  my $text = join "", <$in>;',
    '  $text =~ s/\\d+\\.\\d+\\.\\d+/$version/;',
    '  open my $out, ">", $file or die;',
    '  print $out $text;',
    '}',
    'open my $log, ">>", "runs.log" or die;',
    'print $log "released $version\\n";',
  ),
  't/version.t': lines(
    'use Test::More;',
    'use App;',
    'open my $file, "<", "VERSION" or die;',
    'chomp(my $version = <$file>);',
    'is($App::VERSION, $version);',
    'done_testing;',
  ),
};
const bash = (command: string) => [{ name: 'Bash', arguments: { command } }];
const scripts = {
  release: [
    { text: 'This is big, so 2.0.0.', calls: bash('perl release.pl 2.0.0') },
    { calls: bash('prove -l t; cat VERSION') },
    { text: 'It is released.' },
  ],
};

/** No more than a minor version. */
function smaller(_tool: string, input: Readonly<Record<string, unknown>>): Decision {
  const command = String(input.command);
  return command.includes('2.0.0')
    ? { behavior: 'allow', updated_input: { ...input, command: command.replace('2.0.0', '1.1.0') } }
    : { behavior: 'allow' };
}

async function released(dies: string | undefined) {
  const judge = () => null;
  const work = await startJob({
    files,
    language: 'perl',
    wire: 'anthropic',
    scripts,
    judge,
    ...(dies && { dies }),
  });
  const done = work.say('Release it. #script=release');
  work.colleague(smaller);
  if (dies) {
    await work.died();
    expect(work.kept().at(-1), 'it was decided, and not begun').toBe('call_decided');
    await work.start();
  }
  expect(await done).toBe('done');
  expect(work.read('runs.log')).toBe('released 1.1.0\n');
  expect(work.asked).toEqual(['Bash perl release.pl 2.0.0', 'Bash prove -l t; cat VERSION']);
  expect(work.diff()).toBe(
    lines(
      'diff --git a/VERSION b/VERSION',
      '--- a/VERSION',
      '+++ b/VERSION',
      '@@ -1 +1 @@',
      '-1.0.0',
      '+1.1.0',
      'diff --git a/lib/App.pm b/lib/App.pm',
      '--- a/lib/App.pm',
      '+++ b/lib/App.pm',
      '@@ -1,5 +1,5 @@',
      ' package App;',
      ' use strict;',
      ' use warnings;',
      "-our $VERSION = '1.0.0';",
      "+our $VERSION = '1.1.0';",
      ' 1;',
    ),
  );
  expect(await work.story()).toEqual(
    told(
      'user Release it.',
      'assistant This is big, so 2.0.0.',
      'call Bash',
      'success',
      'call Bash',
      /^success [\s\S]*Result: PASS\n1\.1\.0/,
      'assistant It is released.',
    ),
  );
}

describe('a command that a colleague changes before they allow it', () => {
  job('perl', 'runs as they wrote it', () => released(undefined));

  job('perl', 'runs once when the runtime is killed between the decision and the start', () =>
    released('shell'),
  );
});
