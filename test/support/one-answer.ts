/** `node one-answer.ts URL CA`: asks once, and prints how long the answer is and the most memory that the process had. */
import { ask } from '../../src/http/request.ts';
import { systemHost } from '../../src/base/host.ts';

const [server = '', ca = ''] = process.argv.slice(2);
const call = { method: 'GET', path: '/', token: 't'.repeat(40), milliseconds: 50_000 } as const;
const { body } = await ask(systemHost(), { server }, { certificateAuthority: ca }, call);
console.log(JSON.stringify({ length: body.length, peak: process.resourceUsage().maxRSS / 1024 }));
