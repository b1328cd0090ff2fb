import { expect, it } from 'vitest';
import { delivery } from './delivery.ts';
import type { PipeListener } from './pipe.ts';

function note(): { heard: string[]; listener: PipeListener } {
  const heard: string[] = [];
  return {
    heard,
    listener: {
      message: (text) => heard.push(text),
      drained: () => heard.push('drained'),
      closed: (why) => heard.push(`closed ${why.code}`),
    },
  };
}

const end = { code: 1000, reason: '' };

it('keeps what came early, in order and with the end last, and tells none of it inside listen', async () => {
  const told = delivery();
  const { heard, listener } = note();
  told.message('1');
  told.message('2');
  told.drained();
  told.end(end);
  told.listen(listener);
  expect(heard).toEqual([]);
  told.message('after the end');
  await Promise.resolve();
  expect(heard).toEqual(['1', '2', 'closed 1000']);
});

it('puts what comes just after listen behind what came early', async () => {
  const told = delivery();
  const { heard, listener } = note();
  told.message('1');
  told.listen(listener);
  told.message('2');
  await Promise.resolve();
  told.message('3');
  told.drained();
  expect(heard).toEqual(['1', '2', '3', 'drained']);
});

it('tells only the end once sealed, also among early frames', async () => {
  const told = delivery();
  const { heard, listener } = note();
  for (const text of ['1', '2', '3']) told.message(text);
  told.listen({
    ...listener,
    message(text) {
      heard.push(text);
      if (text === '2') told.seal();
    },
  });
  await Promise.resolve();
  told.message('4');
  told.drained();
  told.end(end);
  told.end({ code: 4000, reason: 'again' });
  expect(heard).toEqual(['1', '2', 'closed 1000']);
});

it('ends once when the listener itself causes the end', async () => {
  const told = delivery();
  const { heard, listener } = note();
  told.message('1');
  told.listen({
    ...listener,
    message(text) {
      heard.push(text);
      told.end(end);
    },
  });
  await Promise.resolve();
  expect(heard).toEqual(['1', 'closed 1000']);
});

it('hands over to another listener at once', async () => {
  const told = delivery();
  const [first, second] = [note(), note()];
  told.message('1');
  told.message('2');
  told.listen({
    ...first.listener,
    message(text) {
      first.heard.push(text);
      told.listen(second.listener);
    },
  });
  await Promise.resolve();
  told.message('3');
  expect([first.heard, second.heard]).toEqual([['1'], ['2', '3']]);
});
