/** What the cluster holds: service accounts, Secrets, opaque tokens, and who may do what. */
import { randomBytes, randomUUID } from 'node:crypto';
import { Grants, type Grant } from './grants.ts';
import { key, type Account, type AccountName, type Secret, type SecretToken } from './resources.ts';
import { boundClaims, legacyClaims, username, type Signer } from './tokens.ts';

export interface ClusterSettings {
  issuer: string;
  apiAudiences: string[];
  signer: Signer;
  caPem: string;
  now: () => number;
}

export class Cluster {
  readonly accounts = new Map<string, Account>();
  readonly secrets = new Map<string, Secret>();
  readonly opaqueTokens = new Map<string, AccountName>();
  readonly grants = new Grants();
  readonly settings: ClusterSettings;

  constructor(settings: ClusterSettings) {
    this.settings = settings;
  }

  namespaces(): string[] {
    const used = [...this.accounts.values(), ...this.secrets.values()].map(({ namespace }) => namespace);
    return [...new Set(['default', 'kube-system', ...used])].toSorted();
  }

  /** Returns the account's UID; an account that exists is left as it is. */
  createAccount(account: AccountName): string {
    const found = this.accounts.get(key(account));
    if (found) return found.uid;
    const { namespace, name } = account;
    const created = { namespace, name, uid: randomUUID(), createdAt: this.settings.now(), secrets: [] };
    this.accounts.set(key(account), created);
    return created.uid;
  }

  /** Deletes the account and what hangs on it, and makes one of the same name with another UID. */
  recreateAccount(account: AccountName): string {
    this.deleteAccount(account);
    return this.createAccount(account);
  }

  /** The token controller takes an account's token Secrets away with it (src/CONTRACTS.md 3.6). */
  deleteAccount(account: AccountName): void {
    const uid = this.accounts.get(key(account))?.uid;
    this.accounts.delete(key(account));
    for (const [at, secret] of this.secrets) {
      if (secret.annotations['kubernetes.io/service-account.uid'] === uid) this.secrets.delete(at);
    }
  }

  /** An account, its token Secret, and leave to ask for tokens of its own: the usual beginning of a test. */
  async createRobot(account: AccountName): Promise<SecretToken> {
    this.createAccount(account);
    this.allow(account);
    return this.createSecretToken({ namespace: account.namespace, serviceAccount: account.name });
  }

  /**
   * A Secret of type kubernetes.io/service-account-token, filled at once. `listed` puts it in the account's `secrets`.
   * One of the same name is replaced, as after a delete and a create.
   */
  async createSecretToken(of: {
    namespace: string;
    serviceAccount: string;
    secretName?: string;
    listed?: boolean;
  }): Promise<SecretToken> {
    const { namespace, serviceAccount, secretName = `${serviceAccount}-token` } = of;
    const account = this.#account(namespace, serviceAccount);
    const secret = this.createSecret({
      namespace,
      name: secretName,
      type: 'kubernetes.io/service-account-token',
    });
    const token = await this.settings.signer.sign(legacyClaims(namespace, account, secretName));
    secret.annotations = {
      'kubernetes.io/service-account.name': serviceAccount,
      'kubernetes.io/service-account.uid': account.uid,
    };
    secret.data = { 'ca.crt': this.settings.caPem, namespace, token };
    if (of.listed) account.secrets.push(secretName);
    return { token, secretName, secretUid: secret.uid, uid: account.uid };
  }

  createSecret({ namespace, name, type = 'Opaque' }: AccountName & { type?: string }): Secret {
    const { now } = this.settings;
    const fresh = {
      namespace,
      name,
      type,
      uid: randomUUID(),
      createdAt: now(),
      labels: {},
      annotations: {},
      data: {},
    };
    this.secrets.set(key(fresh), fresh);
    return fresh;
  }

  deleteSecret(secret: AccountName): void {
    this.secrets.delete(key(secret));
  }

  /** A TokenRequest token with a life of its own choosing, as `kubectl create token --duration` prints. */
  issueLongToken(of: {
    namespace: string;
    serviceAccount: string;
    seconds: number;
    audiences?: string[];
    boundSecret?: string;
  }): Promise<string> {
    const { namespace, serviceAccount, seconds, audiences = this.settings.apiAudiences } = of;
    const { name, uid } = this.#account(namespace, serviceAccount);
    const secret = of.boundSecret === undefined ? undefined : this.#boundSecret(namespace, of.boundSecret);
    const issuedAt = Math.floor(this.settings.now() / 1000);
    const { issuer, signer } = this.settings;
    return signer.sign(
      boundClaims({ issuer, audiences, namespace, serviceAccount: { name, uid }, secret, issuedAt, seconds }),
    );
  }

  /** A bearer token that is no JWT, as a webhook or an OIDC front may know: good for the API, with no end. */
  registerOpaqueToken({ namespace, serviceAccount }: { namespace: string; serviceAccount: string }): string {
    const token = randomBytes(32).toString('base64url');
    this.opaqueTokens.set(token, { namespace, name: serviceAccount });
    return token;
  }

  /**
   * As a RoleBinding in the account's namespace. Without a grant: leave to create tokens of the account itself, which
   * no account has by default (src/CONTRACTS.md 3.4).
   */
  allow({ namespace, name }: AccountName, grant: Grant = { name }): void {
    const rule = { verb: 'create', resource: 'serviceaccounts/token', namespace, ...grant };
    this.grants.add(username(namespace, name), rule);
  }

  /** As a ClusterRoleBinding; what the grant leaves out is allowed whatever it is. */
  allowInCluster({ namespace, name }: AccountName, grant: Grant): void {
    this.grants.add(username(namespace, name), grant);
  }

  /** Takes back every grant of the account, or those for one resource. */
  deny({ namespace, name }: AccountName, resource?: string): void {
    this.grants.remove(username(namespace, name), resource);
  }

  #account(namespace: string, name: string): Account {
    const account = this.accounts.get(key({ namespace, name }));
    if (!account) throw new Error(`no service account ${namespace}/${name} in this cluster`);
    return account;
  }

  #boundSecret(namespace: string, name: string): { name: string; uid: string } {
    const secret = this.secrets.get(key({ namespace, name }));
    if (!secret) throw new Error(`no Secret ${namespace}/${name} in this cluster`);
    return { name, uid: secret.uid };
  }
}
