/** The OS keychain: Secret Service on Linux, Keychain on macOS, Credential Manager on Windows. Items of one service, by account. */
import type { AsyncEntry } from '@napi-rs/keyring';
import { keychainLies, keychainTooSmall, keychainUnavailable } from '../errors/machine.ts';
import type { Host } from '../base/host.ts';
import { sourcePatience } from './source.ts';

export const keychainService = 'kubectl-sa-token';

/** CRED_MAX_CREDENTIAL_BLOB_SIZE, bytes; a password would be stored as UTF-16 and take twice the room. */
const windowsLimit = 2560;

/** One item. Each verb throws SaTokenError `keychain-unavailable` where the keychain itself fails. */
export interface KeychainItem {
  /** Its text, or undefined where there is no such item. */
  read(): Promise<string | undefined>;
  /** Stores a text and reads it back. Throws `keychain-too-small` and `keychain-write-lost`. */
  write(text: string): Promise<void>;
  /** False where there was no such item. */
  remove(): Promise<boolean>;
}

/** The item of an account. Nothing is opened before a verb is called. */
export function keychainItem(host: Host, account: string): KeychainItem {
  let entry: Promise<AsyncEntry> | undefined;
  const ask = <T>(what: (entry: AsyncEntry, signal: AbortSignal) => Promise<T>): Promise<T> =>
    (entry ??= openEntry(account)).then((opened) => patient(host, (signal) => what(opened, signal)));
  const read = async (): Promise<string | undefined> => {
    const bytes = await ask((opened, signal) => opened.getSecret(signal));
    return bytes === null ? undefined : Buffer.from(bytes).toString('utf8');
  };
  return {
    read,
    write: async (text) => {
      const bytes = Buffer.from(text);
      if (host.platform === 'win32' && bytes.length > windowsLimit)
        throw keychainTooSmall(bytes.length, windowsLimit);
      await ask((opened, signal) => opened.setSecret(bytes, signal));
      if ((await read()) !== text) throw keychainLies();
    },
    remove: () => ask((opened, signal) => opened.deleteCredential(signal)),
  };
}

/**
 * The accounts of all our items. On Linux the keychain is unlocked for it, and every secret is read and thrown away.
 *
 * @throws SaTokenError `keychain-unavailable`
 */
export async function keychainAccounts(host: Host): Promise<string[]> {
  // The search has no option for it, and would else fall back to the kernel keyring, which has none of ours.
  const search = await openEntry('search');
  await patient(host, (signal) => search.getSecret(signal));
  const { findCredentialsAsync } = await import('@napi-rs/keyring');
  const found = await patient(host, (signal) => findCredentialsAsync(keychainService, undefined, signal));
  return found.map(({ account }) => account);
}

/** Pinned to the Secret Service: the library would else fall back to the kernel keyring, which a reboot empties. */
async function openEntry(account: string): Promise<AsyncEntry> {
  try {
    const keyring = await import('@napi-rs/keyring');
    return new keyring.AsyncEntry(keychainService, account, { linux: { store: 'secret-service' } });
  } catch (error) {
    throw keychainUnavailable(reason(error), error);
  }
}

/** Waits for the keychain, which may ask the person something first, and no longer than it takes to answer that. */
async function patient<T>(host: Host, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(sourcePatience);
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error(`no answer within ${sourcePatience / 1000} s`)), {
      once: true,
    });
  });
  const returned = host.mayHang();
  try {
    return await Promise.race([work(signal).finally(returned), late]);
  } catch (error) {
    throw keychainUnavailable(reason(error), error);
  }
}

/** The library has one code for all; its texts name D-Bus errors, while people need the state of their keychain. */
const states: readonly (readonly [RegExp, string])[] = [
  [/autolaunch|DBUS_SESSION_BUS_ADDRESS/i, 'there is no D-Bus session (DBUS_SESSION_BUS_ADDRESS is not set)'],
  [/connect to socket|Connection refused|Disconnected/i, 'the D-Bus session does not answer'],
  // Before "locked": D-Bus goes on with "security policy blocked the reply".
  [/not receive a reply/i, 'the Secret Service does not answer'],
  [
    /ServiceUnknown|not provided by any|activat/i,
    'no Secret Service (gnome-keyring, KWallet, KeePassXC) runs in this session',
  ],
  [/dismissed|\blocked/i, 'it is locked, and nobody unlocked it'],
  [/no result found/i, 'it has no default collection (unlock it once, or make one in its own program)'],
  [
    /interaction is not allowed|-25308/i,
    'it is locked for this session (over ssh: security unlock-keychain)',
  ],
];

function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return states.find(([pattern]) => pattern.test(text))?.[1] ?? text;
}
