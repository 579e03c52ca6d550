import test from 'ava';
import { proxyFor } from '../../../src/http/proxy.ts';

const PROXY = 'http://proxy.example:3128';

test('HTTPS_PROXY is for https alone, in either case, with a scheme or without', (t) => {
  t.is(proxyFor({ HTTPS_PROXY: PROXY }, 'https://api.example'), PROXY);
  t.is(proxyFor({ https_proxy: 'proxy.example:3128' }, 'https://api.example'), PROXY);
  t.is(proxyFor({ HTTPS_PROXY: PROXY }, 'http://api.example'), undefined);
  t.is(proxyFor({ HTTPS_PROXY: '' }, 'https://api.example'), undefined);
  t.is(proxyFor({ HTTPS_PROXY: PROXY }, 'no address'), undefined);
});

test('this machine itself is never asked for through a proxy', (t) => {
  for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '[::1]'])
    t.is(proxyFor({ HTTPS_PROXY: PROXY }, `https://${host}:6443`), undefined, host);
});

const exceptions: [string, string, boolean][] = [
  ['*', 'https://api.example', true],
  ['api.example', 'https://api.example', true],
  ['API.example', 'https://api.example', true],
  ['api.example', 'https://v1.api.example', true],
  ['.api.example', 'https://v1.api.example', true],
  ['*.api.example', 'https://v1.api.example', true],
  ['.api.example', 'https://api.example', false],
  ['pi.example', 'https://api.example', false],
  ['api.example:6443', 'https://api.example:6443', true],
  ['api.example:443', 'https://api.example', true],
  ['api.example:6443', 'https://api.example', false],
  ['a, b ,api.example', 'https://api.example', true],
  ['10.0.0.1', 'https://10.0.0.1', true],
  ['10.0.0.0/8', 'https://10.1.2.3:6443', true],
  ['10.0.0.0/8', 'https://11.1.2.3:6443', false],
  ['fd00::/8', 'https://[fd00::1]', true],
  ['2001:db8::1', 'https://[2001:db8::1]:6443', true],
  ['2001:DB8:0::1', 'https://[2001:db8::1]', true],
  ['2001:db8::2', 'https://[2001:db8::1]', false],
  ['api.example', 'https://api.example.', true],
  ['10.0.0.0/33', 'https://10.1.2.3', false],
  ['10.0.0.0/8', 'https://api.example', false],
  ['', 'https://api.example', false],
];

for (const [list, server, straight] of exceptions) {
  test(`NO_PROXY=${list} and ${server}`, (t) => {
    t.is(proxyFor({ HTTPS_PROXY: PROXY, NO_PROXY: list }, server), straight ? undefined : PROXY);
  });
}
