import { Identities } from "./identities.ts";
import type { IssuedCredentials } from "./identities.ts";
import type { Handler } from "./types.ts";

export interface FrontOptions {
  /** "http://127.0.0.1:PORT" of moto. */
  moto: string;
  account: string;
  region: string;
  /** File to which every call is appended, one JSON object a line. */
  callLog: string;
  /** A fixed port, for a restored snapshot; otherwise the system chooses. */
  port?: number;
  identities?: Identities;
}

/** The one HTTP endpoint of the simulated AWS. */
export interface Front {
  /** What AWS_ENDPOINT_URL is set to. */
  url: string;
  identities: Identities;
  /** Credentials of the sandbox's own parts (what AWS does on the account's behalf). */
  internal: IssuedCredentials;
  /** Gives every call of a service ("eks") to a handler, before the overrides and moto. */
  route(service: string, handler: Handler): void;
  stop(): Promise<void>;
}

export function startFront(options: FrontOptions): Promise<Front> {
  return Promise.reject(new Error(`Not there yet: ${options.moto}`));
}
