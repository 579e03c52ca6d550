/** Each refusal of contracts 3.3, from the real API servers and from the fake: one expectation for all three. */
import { onEachSubject } from './each-subject.ts';
import { WRONG_OBJECTS } from './refusals/objects.ts';
import { WRONG_REQUESTS } from './refusals/requests.ts';
import { WRONG_TOKENS } from './refusals/tokens.ts';

onEachSubject((test, { minor, real }) => {
  for (const { title, request, answer, only, realOnly } of [
    ...WRONG_REQUESTS,
    ...WRONG_OBJECTS,
    ...WRONG_TOKENS,
  ]) {
    if ((only !== undefined && only !== minor) || (realOnly && !real)) continue;
    test(`refuses ${title}`, async (t, subject) => {
      const bot = await subject.makeBot();
      const { method = 'POST', path = bot.path, as = bot, ...call } = await request(bot, subject);
      const { status, headers, body } = await subject.call(method, path, { as, ...call });
      const expected = answer(bot);
      t.deepEqual(body, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', ...expected });
      t.is(status, expected.code);
      t.is(headers['content-type'], 'application/json');
    });
  }
});
