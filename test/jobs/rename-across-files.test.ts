import { describe, expect } from 'vitest';
import { job, lines } from './repository.ts';
import { startJob } from './stand.ts';
import { told } from './story.ts';

// A function gets another name, in three files at once, by the patch tool that the models of OpenAI know; they are asked through their own API.

const tests = lines(
  'import unittest',
  '',
  'from shop.stock import count_of',
  '',
  '',
  'class Stock(unittest.TestCase):',
  '    def test_counts(self):',
  "        self.assertEqual(count_of(['a', 'b', 'a'], 'a'), 2)",
);
const files = {
  'shop/__init__.py': '',
  'shop/stock.py': 'def cnt(items, item):\n    return items.count(item)\n',
  'shop/report.py':
    'from shop.stock import cnt\n\n\ndef line(items, item):\n    return f"{item}: {cnt(items, item)}"\n',
  'test_stock.py': tests.replaceAll('count_of', 'cnt'),
};
const patch = [
  '*** Begin Patch',
  '*** Update File: shop/stock.py',
  '@@',
  '-def cnt(items, item):',
  '+def count_of(items, item):',
  '     return items.count(item)',
  '*** Update File: shop/report.py',
  '@@',
  '-from shop.stock import cnt',
  '+from shop.stock import count_of',
  '@@ def line(items, item):',
  '-    return f"{item}: {cnt(items, item)}"',
  '+    return f"{item}: {count_of(items, item)}"',
  '*** Update File: test_stock.py',
  '@@',
  '-from shop.stock import cnt',
  '+from shop.stock import count_of',
  '@@ class Stock(unittest.TestCase):',
  '     def test_counts(self):',
  "-        self.assertEqual(cnt(['a', 'b', 'a'], 'a'), 2)",
  "+        self.assertEqual(count_of(['a', 'b', 'a'], 'a'), 2)",
  '*** End Patch',
].join('\n');
const scripts = {
  rename: [
    {
      reasoning: 'Where is it used?',
      calls: [{ name: 'ShellCommand', arguments: { command: 'git grep -lw cnt' } }],
    },
    { calls: [{ name: 'ApplyPatch', arguments: { input: patch } }] },
    {
      calls: [
        {
          name: 'ShellCommand',
          arguments: { command: 'python3 -m unittest 2>&1', justification: 'Run the tests' },
        },
      ],
    },
    { text: 'It is called {{to}} now, in three files.' },
  ],
};

describe('a function is renamed across files', () => {
  job('python3', 'in one patch', async () => {
    const work = await startJob({
      files,
      language: 'python3',
      wire: 'openai-responses',
      scripts,
      mode: 'acceptEdits',
    });
    expect(await work.say('Call cnt by its name, to=count_of #script=rename')).toBe('done');
    expect(work.asked).toEqual(['ShellCommand python3 -m unittest 2>&1']);
    expect(work.read('test_stock.py')).toBe(tests);
    expect(work.diff()).toBe(
      lines(
        'diff --git a/shop/report.py b/shop/report.py',
        '--- a/shop/report.py',
        '+++ b/shop/report.py',
        '@@ -1,5 +1,5 @@',
        '-from shop.stock import cnt',
        '+from shop.stock import count_of',
        ' ',
        ' ',
        ' def line(items, item):',
        '-    return f"{item}: {cnt(items, item)}"',
        '+    return f"{item}: {count_of(items, item)}"',
        'diff --git a/shop/stock.py b/shop/stock.py',
        '--- a/shop/stock.py',
        '+++ b/shop/stock.py',
        '@@ -1,2 +1,2 @@',
        '-def cnt(items, item):',
        '+def count_of(items, item):',
        '     return items.count(item)',
        'diff --git a/test_stock.py b/test_stock.py',
        '--- a/test_stock.py',
        '+++ b/test_stock.py',
        '@@ -1,8 +1,8 @@',
        ' import unittest',
        ' ',
        '-from shop.stock import cnt',
        '+from shop.stock import count_of',
        ' ',
        ' ',
        ' class Stock(unittest.TestCase):',
        '     def test_counts(self):',
        "-        self.assertEqual(cnt(['a', 'b', 'a'], 'a'), 2)",
        "+        self.assertEqual(count_of(['a', 'b', 'a'], 'a'), 2)",
      ),
    );
    expect(await work.story()).toEqual(
      told(
        'user Call cnt by its name',
        'reasoning Where is it used?',
        'call ShellCommand {"command":"git grep',
        'success shop/report.py\nshop/stock.py\ntest_stock.py',
        'call ApplyPatch',
        'success Updated shop/stock.py.',
        'call ShellCommand {"command":"python3',
        /^success [\s\S]*Ran 1 test [\s\S]*OK/,
        'assistant It is called count_of now, in three files.',
      ),
    );
  });
});
