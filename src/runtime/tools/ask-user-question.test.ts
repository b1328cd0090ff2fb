import { expect, it } from 'vitest';
import { askUserQuestion } from './ask-user-question.ts';
import { call, makeContext } from './test-context.ts';

const options = [
  { label: 'Red', description: 'The red one' },
  { label: 'Blue', description: 'The blue one' },
];
const questions = [
  { question: 'Which colour?', header: 'Colour', multiSelect: false, options },
  { question: 'Which sizes?', header: 'Sizes', multiSelect: true, options },
];

const answering = async (answers?: unknown) =>
  call(askUserQuestion, { questions, ...(answers !== undefined && { answers }) }, await makeContext());

it('gives the answers of the person as text', async () => {
  expect(await answering({ 'Which colour?': 'Blue', 'Which sizes?': 'Red, Blue' })).toEqual({
    status: 'success',
    text: 'The person answered:\n- Which colour? Blue\n- Which sizes? Red, Blue',
  });
});

it('takes lists, headers and answers to nothing that was asked', async () => {
  expect(await answering({ Sizes: ['Red', 'Blue'], note: 'ask later' })).toMatchObject({
    text: 'The person answered:\n- Which colour? (no answer)\n- Which sizes? Red, Blue\n- note ask later',
  });
});

it('fails when nobody has answered', async () => {
  const failed = { status: 'error', text: expect.stringContaining('Nobody has answered') };
  expect(await answering()).toEqual(failed);
  expect(await answering({})).toEqual(failed);
});

it('checks the questions', () => {
  expect(askUserQuestion.check({ questions: [] })).toContain('`questions`');
  expect(askUserQuestion.check({ questions, answers: 'Blue' })).toContain('`answers`');
  expect(askUserQuestion.check({ questions, from: 'a client that adds fields' })).toBeNull();
});
