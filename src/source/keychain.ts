/** The OS keychain: Secret Service on Linux, Keychain on macOS, Credential Manager on Windows. */
import type { AsyncEntry } from '@napi-rs/keyring';
import { keychainLies, keychainTooSmall, keychainUnavailable } from '../failures/local.ts';
import type { Host } from '../host.ts';
import { cleanToken, sourcePatience, type Source } from './source.ts';

export const keychainService = 'kubectl-sa-token';

/** CRED_MAX_CREDENTIAL_BLOB_SIZE, bytes; a password would be stored as UTF-16 and take twice the room. */
const windowsLimit = 2560;

/** @param account - `NAMESPACE/SERVICEACCOUNT@SERVER` */
export function keychainSource(host: Host, account: string): Source {
  let entry: Promise<AsyncEntry> | undefined;
  const ask = <T>(what: (entry: AsyncEntry, signal: AbortSignal) => Promise<T>): Promise<T> =>
    (entry ??= openEntry(account)).then((opened) => patient((signal) => what(opened, signal)));
  const read = async (): Promise<string | undefined> => {
    const bytes = await ask((opened, signal) => opened.getSecret(signal));
    return bytes === null ? undefined : cleanToken(Buffer.from(bytes).toString('utf8'), 'the keychain item');
  };
  return {
    place: 'keychain',
    read,
    write: async (token) => {
      const bytes = Buffer.from(token);
      if (host.platform === 'win32' && bytes.length > windowsLimit)
        throw keychainTooSmall(bytes.length, windowsLimit);
      await ask((opened, signal) => opened.setSecret(bytes, signal));
      if ((await read()) !== token) throw keychainLies();
    },
    remove: () => ask((opened, signal) => opened.deleteCredential(signal)),
  };
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

async function patient<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(sourcePatience);
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error(`no answer within ${sourcePatience / 1000} s`)), {
      once: true,
    });
  });
  try {
    return await Promise.race([work(signal), late]);
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
