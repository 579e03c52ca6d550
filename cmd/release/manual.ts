/** The manual page kubectl-sa-token(1), made from the commands and the settings that the help is made from. */
import type { Options } from 'yargs';
import type { Command } from '../../src/cli/command.ts';
import { commands } from '../../src/cli/command-list.ts';
import type { ExitCode } from '../../src/errors/codes.ts';
import {
  flagOf,
  settingNames,
  settingOf,
  table,
  variableOf,
  type SettingName,
} from '../../src/settings/table.ts';
import { projectDescription, projectVersion } from './packages.ts';

const program = 'kubectl sa-token';

const success = ['0', 'success'] as const;
const exitCodes: Readonly<Record<ExitCode, string>> = {
  1: 'an unexpected failure',
  2: 'a flag, file or variable is wrong',
  3: 'no source token: log in',
  4: 'the server refused the token or the request',
  5: 'the server cannot be reached, or is no TokenRequest endpoint',
  6: 'no keychain',
  7: 'a file that others could have changed',
};

const files = [
  [
    '~/.kube/sa-token.yaml',
    'The profiles; made to be edited by hand. KUBECTL_SA_TOKEN_CONFIG names another file.',
  ],
  [
    '~/.kube/cache/sa-token',
    'Issued tokens until they expire. KUBECACHEDIR moves it, as it does for kubectl.',
  ],
] as const;

/** @param time - of the release; its day is in the page's foot */
export function manualPage(time: Date): string {
  const day = time.toISOString().slice(0, 10);
  const lines = [
    `.TH KUBECTL-SA-TOKEN 1 ${day} "kubectl-sa-token ${projectVersion}" "User Commands"`,
    '.SH NAME',
    `kubectl-sa-token \\- ${escaped(projectDescription)}`,
    '.SH SYNOPSIS',
    ...commands.flatMap(({ usage }, index) => [
      ...(index > 0 ? ['.br'] : []),
      `.B ${escaped(`${program} ${usage}`)}`,
    ]),
    '.SH COMMANDS',
    ...commands.flatMap(commandLines),
    '.SH SETTINGS',
    escaped(
      'Settings are found in this order: the flag, the variable, the profile. In an exec hook the profile alone counts, and variables are refused.',
    ),
    ...settingNames.flatMap(settingLines),
    '.SH EXIT STATUS',
    ...[success, ...Object.entries(exitCodes)].flatMap(([code, meaning]) => item(bold(code), meaning)),
    '.SH FILES',
    ...files.flatMap(([file, what]) => item(italic(file), what)),
    '.SH SEE ALSO',
    '.BR kubectl (1)',
  ];
  return `${lines.join('\n')}\n`;
}

function commandLines({ usage, aliases = [], summary, options, examples }: Command): string[] {
  const own = Object.entries(options).filter(([name]) => settingOf(name) === undefined);
  const settings = Object.keys(options).some((name) => settingOf(name) !== undefined);
  return [
    `.SS ${escaped(usage)}`,
    escaped(`${summary}.`),
    ...(aliases.length > 0 ? ['.PP', escaped(`Also: ${aliases.join(', ')}.`)] : []),
    ...own.flatMap(([name, option]) => item(bold(typed(name, option)), described(option))),
    ...(settings ? ['.PP', escaped('Takes the settings below.')] : []),
    ...examples.flatMap(([line, what]) => [
      '.PP',
      escaped(`${what}:`),
      '.PP',
      '.RS 4',
      '.nf',
      escaped(line.replaceAll('$0', program)),
      '.fi',
      '.RE',
    ]),
  ];
}

function settingLines(name: SettingName): string[] {
  const { help, choices, alias, type } = table[name];
  const flag = typed(flagOf(name), { alias, type: type === 'boolean' ? 'boolean' : 'string' });
  return item(bold(flag), `${described({ describe: help, choices })}. Variable: ${variableOf(name)}.`);
}

/** What a flag is for, and what it takes where that is one of some words. */
function described({
  describe = '',
  choices,
}: {
  describe?: string | undefined;
  choices?: readonly unknown[] | undefined;
}): string {
  return choices === undefined ? describe : `${describe}: ${choices.join(', ')}`;
}

function typed(name: string, { alias, type }: Options): string {
  const letter = typeof alias === 'string' ? `-${alias}, ` : '';
  return `${letter}--${name}${type === 'boolean' ? '' : ` ${name.replace(/^.*-/, '').toUpperCase()}`}`;
}

function item(tag: string, text: string): string[] {
  return ['.TP', tag, escaped(text)];
}

function bold(text: string): string {
  return `\\fB${escaped(text)}\\fR`;
}

function italic(text: string): string {
  return `\\fI${escaped(text)}\\fR`;
}

/** Text as roff takes it: ASCII, with dashes that can be copied, and a first character that begins no request. */
function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('~', '\\(ti')
    .replaceAll('^', '\\(ha')
    .replaceAll('`', '\\(ga')
    .replaceAll('"', '\\(dq')
    .replaceAll(/[^\x20-\x7e]/gu, (character) => `\\[u${hexOf(character)}]`)
    .replace(/^[.']/, '\\&$&');
}

function hexOf(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}
