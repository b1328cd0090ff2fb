import { describe, expect, it } from 'vitest';
import { type Column, columns, corpus, expected, type Operator, operators, reaches } from './corpus.ts';

const repeated = (items: readonly string[]) => items.filter((item, index) => items.indexOf(item) !== index);

/** Classes that are at best `execute`, which only `unrestricted` allows. */
const atBestExecute: Partial<Record<Operator, string>> = {
  alias: 'an alias makes a known name mean something else',
  interpreter: 'what an interpreter does is in its program',
  trap: 'a trap runs its text at a moment that the command does not show',
  'find-exec': 'find gives the command names that are not known before it runs',
  unparsable: 'what is not understood is never better than execute',
};

function mayLackAllowed(column: Column, operator: Operator): boolean {
  if (column === 'strict') return true; // asks about every shell command
  return column !== 'unrestricted' && operator in atBestExecute;
}

describe('the corpus of shell commands', () => {
  it('has enough rows, each command once', () => {
    expect(corpus.length).toBeGreaterThanOrEqual(400);
    expect(repeated(corpus.map((row) => row.command))).toEqual([]);
  });

  it('names at least one class in each row, each class once', () => {
    const wrong = corpus.filter((row) => row.operators.length === 0 || repeated(row.operators).length > 0);
    expect(wrong.map((row) => row.command)).toEqual([]);
  });

  it.each(reaches)('has at least ten rows of the reach %s', (reach) => {
    expect(corpus.filter((row) => row.reach === reach).length).toBeGreaterThanOrEqual(10);
  });

  it('has plenty of ordinary commands that nobody wants to be asked about', () => {
    expect(corpus.filter((row) => row.reach === 'read-inside').length).toBeGreaterThanOrEqual(100);
    expect(corpus.filter((row) => row.reach === 'edit-inside').length).toBeGreaterThanOrEqual(40);
  });

  describe.each(columns)('in %s', (column) => {
    const verdictsOf = (operator: Operator) =>
      corpus.filter((row) => row.operators.includes(operator)).map((row) => expected[row.reach][column]);

    it('shows every class in a row that is asked about or denied', () => {
      expect(operators.filter((name) => verdictsOf(name).every((verdict) => verdict === 'allow'))).toEqual(
        [],
      );
    });

    it('shows every class in a row that is allowed, but for those that cannot be', () => {
      const missing = operators.filter((name) => !verdictsOf(name).includes('allow'));
      expect(missing).toEqual(operators.filter((name) => mayLackAllowed(column, name)));
    });
  });
});

describe('the table of verdicts', () => {
  const severity = { allow: 0, ask: 1, deny: 2 };

  it('is never stricter in a mode that is more generous', () => {
    const modes = ['strict', 'standard', 'acceptEdits', 'unrestricted'] as const;
    const wrong = reaches.filter((reach) =>
      modes.some((mode, index) => {
        const next = modes[index + 1];
        return next !== undefined && severity[expected[reach][next]] > severity[expected[reach][mode]];
      }),
    );
    expect(wrong).toEqual([]);
  });

  it('allows a grave or forbidden command nowhere', () => {
    expect(columns.flatMap((column) => [expected.grave[column], expected.forbidden[column]])).not.toContain(
      'allow',
    );
  });
});
