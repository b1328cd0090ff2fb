import { describe, expect, it } from 'vitest';
import { stricter, verdicts } from '../../src/core/permission.ts';
import { analyse } from '../../src/runtime/rules/shell/analyse.ts';
import { columns, corpus, expected, type Reach } from './corpus.ts';
import { corpusSituation } from './corpus-situation.ts';

/** Rows with which the analysis does not agree, and why it is right. */
const argued: readonly { command: string; expected: Reach; judged: Reach; why: string }[] = [
  {
    command: 'while IFS= read -r line; do echo "$line"; done < src/a.txt',
    expected: 'execute',
    judged: 'read-inside',
    why: 'IFS before `read` holds for `read` alone and changes only how it splits a line',
  },
];

/** From what people have to look at first. */
const gravity: readonly Reach[] = [
  'forbidden',
  'grave',
  'execute',
  'edit-outside',
  'read-outside',
  'edit-inside',
  'read-inside',
];

const rows = corpus.map((row) => ({
  ...row,
  reach: argued.find(({ command }) => command === row.command)?.judged ?? row.reach,
  deeds: analyse(row.command, corpusSituation()),
}));

describe('[PERM-4] the analysis of shell commands', () => {
  it('judges every row of the corpus as expected', () => {
    const wrong = rows.flatMap(({ command, reach, deeds }) => {
      const judged = gravity.find((each) => deeds.some((deed) => deed.reach === each));
      return judged === reach ? [] : [{ command, expected: reach, judged }];
    });
    expect(wrong).toEqual([]);
  });

  it.each(columns)('says of every row in %s what the table says', (column) => {
    const wrong = rows.flatMap(({ command, reach, deeds }) => {
      const { verdict } = deeds
        .map((deed) => ({ verdict: verdicts[deed.reach][column], reason: deed.subject }))
        .reduce(stricter);
      return verdict === expected[reach][column]
        ? []
        : [{ command, expected: expected[reach][column], verdict }];
    });
    expect(wrong).toEqual([]);
  });

  it('argues only about rows that there are, and that are judged otherwise', () => {
    const known = argued.filter((row) =>
      corpus.some(
        ({ command, reach }) => command === row.command && reach === row.expected && reach !== row.judged,
      ),
    );
    expect(known).toEqual(argued);
    expect(argued.length).toBeLessThan(15);
  });
});
