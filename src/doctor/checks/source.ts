/** Checks of where the source token is: that the keychain keeps, gives and forgets, and that the token is there. */
import { randomBytes } from 'node:crypto';
import { exit } from '../../errors/codes.ts';
import { keychainForgetful } from '../../errors/machine.ts';
import { reportToken, type TokenReport } from '../../token/report.ts';
import { sourceWarnings } from '../../token/warnings.ts';
import { keychainItem } from '../../source/keychain.ts';
import { storedProfiles } from '../../source/stored-token.ts';
import { sourceKind } from '../../source/source.ts';
import { readProfiles } from '../../settings/profiles.ts';
import { label } from '../../settings/target.ts';
import { fail, notNeeded, ok, warn, type Finding } from '../check.ts';
import type { Facts } from '../facts.ts';

/** Writes, reads back and deletes an item of its own; no item of a profile is touched. */
export async function keychain(facts: Facts): Promise<Finding> {
  const settings = facts.settings();
  const kind = sourceKind(settings);
  if (kind !== 'keychain' && settings.cache !== 'keychain')
    return notNeeded(`the source token is not in the keychain, but in source-${kind}`);
  const id = randomBytes(6).toString('hex');
  const probe = keychainItem(facts.host, `doctor's probe ${id}`);
  try {
    // `write` reads back what it wrote.
    await probe.write(`probe-${id}`);
  } catch (error) {
    await probe.remove().catch(() => undefined);
    throw error;
  }
  if (!(await probe.remove()) || (await probe.read()) !== undefined) throw keychainForgetful();
  const known = readProfiles(facts.host);
  const orphan = (await storedProfiles(facts.host)).find((name) => !known.has(name));
  if (orphan !== undefined)
    return warn(
      `a token is stored for "${orphan}", and there is no such profile`,
      `remove it: kubectl sa-token logout ${orphan}`,
    );
  return ok('wrote, read and deleted an item');
}

/** Ahead of the server, since a token that says itself that it has ended is a clearer word than a 401. */
export async function source(facts: Facts): Promise<Finding> {
  const { sourceToken, place, target } = await facts.identity();
  const now = facts.host.now() / 1000;
  const report = reportToken(sourceToken, place, now);
  const detail = `${kindOf(report)} in ${place}, for ${label(target)}`;
  const warnings = sourceWarnings(report, target, now).filter(({ code }) => !expected.has(code));
  const expired = warnings.find(({ code }) => code === 'expired');
  if (expired !== undefined) return fail(`${detail}: it has expired`, renewSource(facts), exit.notLoggedIn);
  const [first] = warnings;
  return first === undefined ? ok(detail) : warn(detail, first.text);
}

/** What the kind of the token says already; `inspect` tells more of it. */
const expected = new Set<string>(['legacy', 'no-expiry', 'opaque']);

function kindOf({ kind, boundTo }: TokenReport): string {
  if (kind === 'opaque') return 'a token that is no JWT';
  if (kind === 'legacy') return `a legacy token (${boundTo ?? 'Secret unknown'}, no end)`;
  return `a TokenRequest token${boundTo === undefined ? '' : ` bound to ${boundTo}`}`;
}

/** Where the next source token has to go. */
export function renewSource(facts: Facts): string {
  const settings = facts.settings();
  const kind = sourceKind(settings);
  if (kind === 'file') return `put a new one into ${settings.sourceFile}`;
  if (kind === 'env') return `set the variable ${settings.sourceEnv} to a new one`;
  if (kind === 'command') return 'see that what source-command prints is a new one';
  return `log in with a new one: kubectl sa-token login ${facts.given().profile ?? 'PROFILE'}`;
}
