import { describe, expect } from 'vitest';
import { job, lines } from './repository.ts';
import { startJob } from './stand.ts';
import { told } from './story.ts';

// The person asks how something works. The agent looks around, which nobody has to allow, and changes nothing.

const files = {
  'README.md': 'Prices in many currencies.\n',
  'money/__init__.py': '',
  'money/rates.py': 'RATES = {"EUR": 1.0, "USD": 1.1}\n',
  'money/convert.py': lines(
    'from money.rates import RATES',
    '',
    '',
    'def convert(amount, currency):',
    '    return amount * RATES[currency]',
  ),
  'test_convert.py': lines(
    'import unittest',
    '',
    'from money.convert import convert',
    '',
    '',
    'class Convert(unittest.TestCase):',
    '    def test_euros_stay(self):',
    '        self.assertEqual(convert(2, "EUR"), 2)',
  ),
};
const scripts = {
  explain: [
    {
      reasoning: 'What is there?',
      calls: [
        { name: 'ListDirectory', arguments: { dir_path: '.' } },
        { name: 'GlobGemini', arguments: { pattern: '**/*.py' } },
      ],
    },
    { calls: [{ name: 'SearchFileContent', arguments: { pattern: 'RATES' } }] },
    { calls: [{ name: 'ReadManyFiles', arguments: { include: ['money/*.py'] } }] },
    { calls: [{ name: 'RunShellCommand', arguments: { command: 'git log --oneline | wc -l' } }] },
    { text: 'convert multiplies by the rate of the currency, from one table in money/rates.py.' },
  ],
};

describe('code is explained', () => {
  job('python3', 'without asking, and without changing anything', async () => {
    const work = await startJob({ files, language: 'python3', wire: 'google', scripts });
    expect(await work.say('How does convert work? #script=explain')).toBe('done');
    expect(work.asked).toEqual([]);
    expect(work.diff()).toBe('');
    expect(work.git('status', '--short', '--ignored')).toBe('');
    expect(await work.story()).toEqual(
      told(
        'user How does convert work?',
        'reasoning What is there?',
        'call ListDirectory',
        'call GlobGemini',
        /^success [\s\S]*money/,
        /^success [\s\S]*money\/convert\.py/,
        'call SearchFileContent',
        /^success [\s\S]*money\/rates\.py/,
        'call ReadManyFiles',
        /^success [\s\S]*def convert[\s\S]*RATES = /,
        'call RunShellCommand',
        'success 1',
        'assistant convert multiplies by the rate of the currency',
      ),
    );
  });
});
