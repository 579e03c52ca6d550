/** Who was given leave to do what: RBAC without its objects. */
import type { ResourceAccess } from './status.ts';

/** A field that is left out fits all. */
export type Grant = Partial<ResourceAccess>;

const FIELDS = ['verb', 'resource', 'namespace', 'name'] as const;

export class Grants {
  #rules: { username: string; grant: Grant }[] = [];

  add(username: string, grant: Grant): void {
    this.#rules.push({ username, grant });
  }

  remove(username: string, resource: string | undefined): void {
    this.#rules = this.#rules.filter(
      (rule) => rule.username !== username || (resource !== undefined && rule.grant.resource !== resource),
    );
  }

  allow(username: string, access: ResourceAccess): boolean {
    return this.#rules.some((rule) => rule.username === username && fits(rule.grant, access));
  }
}

function fits(grant: Grant, access: ResourceAccess): boolean {
  return FIELDS.every((field) => grant[field] === undefined || grant[field] === access[field]);
}
