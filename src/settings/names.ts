/** Names: of profiles, which are file names of entries and so must be safe on every file system, and of Kubernetes' objects. */
import { badProfileName } from '../errors/usage.ts';

// One case only: macOS and Windows would give "Prod" and "prod" the same entry.
const pattern = /^[a-z0-9][a-z0-9._-]{0,99}$/;
const windowsDevice = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/;

/** The name itself. Throws SaTokenError `bad-profile-name` for anything else. */
export function checkProfileName(name: unknown): string {
  if (typeof name === 'string' && pattern.test(name) && !windowsDevice.test(name)) return name;
  throw badProfileName(String(name));
}

const dnsLabel = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
const dnsSubdomain = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;

/** A DNS label (RFC 1123), as Kubernetes has it for namespaces. */
export function isNamespace(text: string): boolean {
  return dnsLabel.test(text);
}

/** A DNS subdomain (RFC 1123), as Kubernetes has it for ServiceAccounts and most else. */
export function isDnsSubdomain(text: string): boolean {
  return text.length <= 253 && dnsSubdomain.test(text);
}
