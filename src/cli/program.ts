/** The yargs program: every command but the plain `get-token`, and all help. */
import yargs, { type Argv } from 'yargs';
import { badUsage, tokenOnCommandLine } from '../errors/usage.ts';
import type { Host } from '../base/host.ts';
import { findCommand, type Arguments, type Command } from './command.ts';
import { commands } from './command-list.ts';

const name = 'kubectl sa-token';

/** Parses `host.argv` and runs the command. Throws SaTokenError; prints help and results to standard output. */
export async function run(host: Host, list: readonly Command[] = commands): Promise<void> {
  refuseTokens(host.argv);
  const parser = configure(yargs([]), host, list);
  let asked = '';
  const words = separated(asFlags(host.argv), list);
  // With a callback yargs hands over what it would print, and never ends the process.
  await parser.parseAsync(words, {}, (_error, _argv, output) => {
    asked = output;
  });
  if (asked !== '') host.out(`${asked}\n`);
}

/** `help [COMMAND]` and `--version`, as people try them elsewhere, in this program's own words. */
function asFlags(argv: readonly string[]): readonly string[] {
  const [first, ...more] = argv;
  if (first === undefined) return ['--help'];
  if (first === 'help') return [...more, '--help'];
  return first === '--version' ? ['version', ...more] : argv;
}

/** `-ojson` as `-o json`: kubectl's users write it so, and yargs would read each letter as a flag of its own. */
function separated(argv: readonly string[], list: readonly Command[]): string[] {
  const options = list.flatMap((command) => Object.values(command.options));
  const valued = new Set(options.flatMap(({ alias, type }) => (type === 'string' ? (alias ?? []) : [])));
  const end = argv.indexOf('--');
  return argv.flatMap((word, index) => {
    const [, letter = '', value = ''] = /^-(\w)([^=].*)$/.exec(word) ?? [];
    return valued.has(letter) && (end === -1 || index < end) ? [`-${letter}`, value] : [word];
  });
}

function configure(parser: Argv, host: Host, list: readonly Command[]): Argv {
  let configured: Argv = parser
    .scriptName(name)
    .usage('Act as a Kubernetes ServiceAccount: short-lived tokens for the long-lived one in your keychain.')
    .parserConfiguration({
      'camel-case-expansion': false,
      'dot-notation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'boolean-negation': false,
      'greedy-arrays': false,
      'duplicate-arguments-array': true,
      'populate--': true,
    })
    .option('verbose', {
      alias: 'v',
      type: 'boolean',
      describe: 'Show each step on standard error, without secrets',
    })
    .help('help')
    .alias('help', 'h')
    .version(false)
    .detectLocale(false)
    .wrap(100)
    .strict()
    .demandCommand(1, 'name a command')
    .recommendCommands()
    .exitProcess(false)
    .epilogue(
      'Exit codes: 1 unexpected, 2 usage, 3 not logged in, 4 refused, 5 unreachable, 6 keychain, 7 unsafe file.',
    )
    .fail((message: string | null, error: unknown) => {
      // An error of a command comes through here too; yargs' own are YErrors.
      if (error instanceof Error && error.name !== 'YError') throw error;
      throw badUsage(worded(message ?? 'bad command line', host.argv), known(host.argv[0]));
    });
  for (const command of list) configured = add(configured, host, command);
  return configured;
}

function add(parser: Argv, host: Host, command: Command): Argv {
  return parser.command(
    [command.usage, ...(command.aliases ?? [])],
    command.summary,
    (own) => {
      const [positional] = /(?<=[<[])[A-Z]+/.exec(command.usage) ?? [];
      if (positional !== undefined && command.words !== undefined)
        own.positional(positional, { choices: command.words });
      const described = own
        .usage(`${name} ${command.usage}\n\n${command.summary}`)
        // A command's own options before the settings, which are the same for many.
        .group(ungrouped(command), 'Options:')
        .options({ ...command.options });
      // Not yargs' own examples: its two columns break command lines, which people copy.
      const examples = command.examples.map(([line, what]) => `  ${line}\n      ${what}`);
      return described.epilogue(`Examples:\n${examples.join('\n')}`);
    },
    (argv) => {
      requireValues(command, argv);
      return command.run(host, argv);
    },
  );
}

/** Refuses an option that is given twice and is not a list, and an empty value. */
function requireValues({ usage, options }: Command, argv: Arguments): void {
  const [command] = usage.split(' ');
  for (const [option, { array }] of Object.entries(options)) {
    const value = argv[option];
    if (Array.isArray(value) && array !== true)
      throw badUsage(`--${option} is given more than once`, command);
    if ([value].flat().includes('')) throw badUsage(`--${option} needs a value`, command);
  }
}

function ungrouped({ options }: Command): string[] {
  return Object.keys(options).filter((option) => options[option]?.group === undefined);
}

/** yargs' complaints as this program says things. */
function worded(message: string, argv: readonly string[]): string {
  if (message.startsWith('Not enough non-option')) return `${argv[0] ?? ''} needs ${needed(argv[0])}`;
  const [, one, other] = /^Arguments (\S+) and (\S+) are mutually exclusive/.exec(message) ?? [];
  if (one !== undefined && other !== undefined)
    return `${flagOf(one)} and ${flagOf(other)} exclude each other`;
  const [, option = '', given = '', choices = ''] =
    /Argument: (\S+), Given: (.*), Choices: (.*)$/.exec(message.replaceAll('"', '')) ?? [];
  if (choices === '') return message.charAt(0).toLowerCase() + message.slice(1);
  return given === ''
    ? `${flagOf(option)} needs a value`
    : `${flagOf(option)} ${given} is not one of ${choices}`;
}

/** An option as it is typed; a positional argument keeps its name. */
function flagOf(option: string): string {
  if (/^[A-Z]+$/.test(option)) return option;
  return option === 'output' ? '-o' : `--${option}`;
}

/** What a command's positional argument is. */
function needed(word: string | undefined): string {
  const words = findCommand(commands, word)?.words;
  return words === undefined ? 'the name of a profile' : `one of ${words.join(', ')}`;
}

/** A name for the hint, when it is one of ours. */
function known(word: string | undefined): string {
  return findCommand(commands, word) === undefined ? '' : (word ?? '');
}

/** Before anything is parsed, since a complaint about an unknown argument would repeat it. */
function refuseTokens(argv: readonly string[]): void {
  const end = argv.indexOf('--');
  for (const word of argv.slice(0, end === -1 ? undefined : end)) {
    if (word === '--token' || word.startsWith('--token=')) throw tokenOnCommandLine('--token');
    if (/eyJ[\w-]+\.[\w-]+\.[\w-]*/.test(word)) throw tokenOnCommandLine('an argument');
  }
}
