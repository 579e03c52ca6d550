/** What the checks find out, each thing once, when the first of them asks for it. */
import { identify, type Identity } from '../credential/source-token.ts';
import { ours, SaTokenError } from '../errors/error.ts';
import { issue, type Issued } from '../exchange/exchange.ts';
import { tokenPath, tokenRequest } from '../exchange/token-request.ts';
import { ask, type Reply } from '../http/request.ts';
import type { Host } from '../base/host.ts';
import { readGiven, type Flags, type Given } from '../settings/overrides.ts';
import { resolveSettings, type Resolved } from '../settings/resolve.ts';
import { timeoutMs } from '../settings/table.ts';
import type { Target } from '../settings/target.ts';

/** Seconds for each call where the settings give no `timeout`: half a minute for each line would be too long. */
const timeoutSeconds = 10;

export interface Question {
  readonly profile: string | undefined;
  readonly flags: Flags;
  /** The kubeconfig to look at; undefined: those of kubectl. */
  readonly kubeconfig: string | undefined;
  /** Whose API server is given the token; undefined: that of the current context. */
  readonly context: string | undefined;
}

/** An answer and the local times around it, epoch milliseconds. */
export interface TimedReply {
  readonly reply: Reply;
  readonly asked: number;
  readonly answered: number;
}

export class Facts {
  readonly host: Host;
  readonly question: Question;
  readonly given: () => Given;
  readonly settings: () => Resolved;
  /** Reads the source token. */
  readonly identity: () => Promise<Identity>;
  /** The account asked for; a made-up one where nothing tells it, which no proxy can know. */
  readonly target: () => Promise<Target>;
  /** The TokenRequest without a token: what answers shows itself, and nothing is at stake. */
  readonly anonymous: () => Promise<TimedReply>;
  /** One exchange; what is issued is thrown away. */
  readonly issued: () => Promise<Issued | SaTokenError>;

  constructor(host: Host, question: Question) {
    this.host = host;
    this.question = question;
    this.given = once(() => readGiven(host, question.profile, question.flags));
    this.settings = once(() => ({ timeout: timeoutSeconds, ...resolveSettings(host, this.given()) }));
    this.identity = once(() => identify(host, this.given(), this.settings()));
    this.target = once(() => this.#findTarget());
    this.anonymous = once(() => this.#askAnonymously());
    this.issued = once(() => this.#exchange());
  }

  /** One call without a token. */
  async call(method: 'GET' | 'POST', path: string, body?: string): Promise<TimedReply> {
    const settings = this.settings();
    const asked = this.host.now();
    const request = { method, path, body, milliseconds: timeoutMs(settings) };
    const reply = await ask(this.host, settings, settings, request);
    return { reply, asked, answered: this.host.now() };
  }

  async #findTarget(): Promise<Target> {
    const { server, namespace, serviceAccount } = this.settings();
    if (namespace !== undefined && serviceAccount !== undefined) return { server, namespace, serviceAccount };
    const found = await this.identity().catch(ours);
    if (!(found instanceof SaTokenError)) return found.target;
    // Its own check says why; the way to the server can be tried all the same.
    return { server, namespace: namespace ?? 'default', serviceAccount: serviceAccount ?? 'default' };
  }

  async #askAnonymously(): Promise<TimedReply> {
    const target = await this.target();
    return this.call(
      'POST',
      tokenPath(target),
      JSON.stringify(tokenRequest(target, this.settings(), undefined)),
    );
  }

  async #exchange(): Promise<Issued | SaTokenError> {
    const { target, sourceToken } = await this.identity();
    return issue(this.host, target, this.settings(), sourceToken).catch(ours);
  }
}

function once<T>(find: () => T): () => T {
  let found: { value: T } | undefined;
  return () => (found ??= { value: find() }).value;
}
