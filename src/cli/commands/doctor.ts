/** `doctor`: every step from PATH to the API server, one line each, and what to do about the first that fails. */
import type { CheckResult, State } from '../../doctor/check.ts';
import type { Diagnosis } from '../../doctor/doctor.ts';
import type { Host } from '../../base/host.ts';
import { readProfiles } from '../../settings/profiles.ts';
import type { Arguments, Command } from '../command.ts';
import { accessOf, flagsOf, outputOption, profileOf, settingOptions, textOption } from '../options.ts';
import { print } from '../terminal.ts';

export const doctorCommand: Command = {
  usage: 'doctor [PROFILE]',
  summary: 'Try every step from PATH to the API server, and say what to do about the first that fails',
  options: {
    ...outputOption(),
    kubeconfig: textOption('Kubeconfig to look at (default: as kubectl)'),
    context: textOption('Context whose API server is asked with the issued token (default: the current one)'),
    ...settingOptions(),
  },
  examples: [
    ['$0 doctor prod', 'exit code 0 when all checks pass, else that of the first failure'],
    ['$0 doctor prod -o json', 'for a bug report or a script; it holds no token'],
  ],
  run: async (host, argv) => {
    const { checkNames, diagnose } = await import('../../doctor/doctor.ts');
    const width = Math.max(...checkNames.map((name) => name.length));
    const question = {
      profile: profileOf(argv) ?? onlyProfile(host, argv),
      flags: flagsOf(argv),
      ...accessOf(argv),
    };
    const diagnosis = await diagnose(host, question, (result) => {
      if (argv['output'] === undefined) host.out(lineOf(result, width));
    });
    const { checks, first, exitCode } = diagnosis;
    const value = {
      profile: question.profile,
      ok: first === undefined,
      exitCode,
      first: first?.name,
      checks,
    };
    await print(host, argv, value, () => ending(diagnosis));
    host.setExitCode(exitCode);
  },
};

/** Who has one profile means that one; a call whose flags say all needs none. */
function onlyProfile(host: Host, argv: Arguments): string | undefined {
  if (host.env['KUBECTL_SA_TOKEN_PROFILE'] || argv['server'] !== undefined) return undefined;
  try {
    const [name, ...more] = readProfiles(host).keys();
    return more.length === 0 ? name : undefined;
  } catch {
    // Its own check says what is wrong with the file.
    return undefined;
  }
}

const marks: Readonly<Record<State, string>> = { ok: 'ok  ', warn: 'warn', fail: 'FAIL', skip: 'skip' };

function lineOf({ state, name, detail, remedy }: CheckResult, width: number): string {
  return `${marks[state]}  ${name.padEnd(width)}  ${detail}${remedy === undefined ? '' : `; ${remedy}`}\n`;
}

function ending({ checks, first }: Diagnosis): string {
  const warnings = checks.filter(({ state }) => state === 'warn').length;
  if (first === undefined) {
    const also = warnings === 0 ? '' : `, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`;
    return `\nall checks passed${also}\n`;
  }
  const apply = first.apply === undefined ? '' : `\n${first.apply}`;
  return `\nfix this first (${first.name}): ${first.remedy}\n${apply}`;
}
