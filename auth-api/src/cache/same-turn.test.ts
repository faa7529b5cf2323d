import { expect, jest, test } from '@jest/globals';
import { SameTurn } from './same-turn.ts';

test('what is asked about one id in one turn is asked at once, and answered each', async () => {
  const askAll = jest.fn(async (questions: readonly string[]) => questions.map((each) => `answer to ${each}`));
  const turn = new SameTurn(askAll);
  const answers = await Promise.all([turn.ask('ada', 'one'), turn.ask('joe', 'other'), turn.ask('ada', 'two')]);
  expect(answers).toEqual(['answer to one', 'answer to other', 'answer to two']);
  expect(askAll.mock.calls).toEqual([[['one', 'two']], [['other']]]);
  expect(await turn.ask('ada', 'later')).toBe('answer to later');
  expect(askAll).toHaveBeenCalledTimes(3);
});

test('a failure is that of all who asked with it, and of nobody after them', async () => {
  const askAll = jest.fn(async (questions: readonly string[]) => questions);
  askAll.mockRejectedValueOnce(new Error('down'));
  const turn = new SameTurn(askAll);
  const settled = await Promise.allSettled([turn.ask('ada', 'one'), turn.ask('ada', 'two')]);
  expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await turn.ask('ada', 'three')).toBe('three');
});
