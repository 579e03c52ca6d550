/** What commands print for programs: the same value as JSON and as YAML, in the package as in the sources. */
import test from 'ava';
import { parse } from 'yaml';
import { setScene } from './support/scene.ts';

const commands = [['version'], ['list'], ['inspect', 'prod'], ['doctor', 'prod']];

/** What passes between two calls. */
const passing = /^(?: *"?(?:secondsLeft|detail|age|used|remaining)"?: .*|.*\d s from the server.*)$/gm;

const plain = (value: unknown) => JSON.stringify(value, undefined, 2).replaceAll(passing, '');

for (const args of commands)
  test(`${args[0]}: -o json and -o yaml say the same`, async (t) => {
    const scene = await setScene(t);
    await scene.hook();
    const print = (format: string) => scene.plugin([...args, '-o', format]);
    const [json, yaml] = [await print('json'), await print('yaml')];
    t.is(yaml.stderr, json.stderr);
    t.is(yaml.code, json.code);
    const [fromJson, fromYaml] = [JSON.parse(json.stdout), parse(yaml.stdout)] as unknown[];
    t.is(plain(fromYaml), plain(fromJson));
    t.not(yaml.stdout, json.stdout);
  });
