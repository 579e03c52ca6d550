import test from 'ava';
import fc from 'fast-check';
import { isObject, listAt, numberAt, objectAt, parseJson, textAt, textsAt } from '../../../src/base/json.ts';

test('what is no JSON is nothing', (t) => {
  for (const text of ['', '{', 'x', "{'a':1}", '{"a":1}x']) t.is(parseJson(text), undefined);
  t.deepEqual(parseJson(' {"a":1}\n'), { a: 1 });
});

test('a value is taken only where it is of its type, and the object’s own', (t) => {
  const value = { text: 'x', empty: '', number: 5, object: { a: 1 }, list: [1], nothing: null };
  t.is(textAt(value, 'text'), 'x');
  t.is(numberAt(value, 'number'), 5);
  t.deepEqual(objectAt(value, 'object'), { a: 1 });
  for (const key of ['empty', 'number', 'object', 'list', 'nothing', 'none', 'toString', '__proto__'])
    t.is(textAt(value, key), undefined, key);
  for (const key of ['text', 'object', 'nothing', 'none', 'constructor'])
    t.is(numberAt(value, key), undefined, key);
  for (const key of ['text', 'list', 'nothing', 'none', '__proto__'])
    t.deepEqual(objectAt(value, key), {}, key);
  for (const key of ['text', 'object', 'nothing', 'none', '__proto__'])
    t.deepEqual([listAt(value, key), textsAt(value, key)], [[], []], key);
  t.deepEqual(listAt(Object.create({ list: [1] }), 'list'), []);
  t.is(numberAt({ a: Number.POSITIVE_INFINITY }, 'a'), undefined);
});

test('a list is taken as it is, and of its texts the empty ones too', (t) => {
  const value = { list: ['a', '', 5, null, ['b'], { c: 'd' }] };
  t.is(listAt(value, 'list'), value.list);
  t.deepEqual(textsAt(value, 'list'), ['a', '']);
});

test('nothing that is looked at throws', (t) => {
  fc.assert(
    fc.property(fc.anything(), fc.string(), (value, key) => {
      t.is(typeof objectAt(value, key), 'object');
      t.true(['string', 'undefined'].includes(typeof textAt(value, key)));
      t.true(['number', 'undefined'].includes(typeof numberAt(value, key)));
      t.true(Array.isArray(listAt(value, key)) && Array.isArray(textsAt(value, key)));
      t.is(typeof isObject(value), 'boolean');
    }),
    { numRuns: 500 },
  );
});
