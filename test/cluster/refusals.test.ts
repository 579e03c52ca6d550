/**
 * Each refusal of src/CONTRACTS.md 3.3, from the real API servers and from the fake: one expectation for all three.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { onEachSubject } from './each-subject.ts';
import { WRONG_OBJECTS } from './refusals/objects.ts';
import { WRONG_REQUESTS } from './refusals/requests.ts';
import { WRONG_TOKENS } from './refusals/tokens.ts';

/** Twice as long as an API server keeps a verdict. */
const LATEST_MS = 20_000;

onEachSubject((test, { minor, real }) => {
  for (const { title, request, answer, only, realOnly, late } of [
    ...WRONG_REQUESTS,
    ...WRONG_OBJECTS,
    ...WRONG_TOKENS,
  ]) {
    if ((only !== undefined && only !== minor) || (realOnly && !real)) continue;
    test(`refuses ${title}`, async (t, subject) => {
      const bot = await subject.makeBot();
      const { method = 'POST', path = bot.path, as = bot, ...call } = await request(bot, subject);
      const ask = () => subject.call(method, path, { as, ...call });
      let reply = await ask();
      for (const end = Date.now() + (late ? LATEST_MS : 0); reply.status === 201 && Date.now() < end;) {
        await sleep(500);
        reply = await ask();
      }
      const { status, headers, body } = reply;
      t.not(status, 201, 'a token, which is not to be printed');
      const expected = answer(bot);
      t.deepEqual(body, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', ...expected });
      t.is(status, expected.code);
      t.is(headers['content-type'], 'application/json');
    });
  }
});
