import { randomBytes } from "node:crypto";
import { expectedSignature, parseTimestamp, readClaim } from "./signature.ts";
import type { SignatureClaim, SignedRequest } from "./signature.ts";
import type { Principal } from "./types.ts";

export interface IssuedCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  expiration?: Date;
}

/** All keys, as JSON can hold them. */
export interface KeptIdentities {
  keys: (Omit<Key, "expiration"> & { expiration?: string })[];
  roleIds: Record<string, string>;
}

interface Key extends IssuedCredentials {
  principal: Principal;
}

export type RefusalReason =
  "unknown-key" | "bad-token" | "expired-token" | "bad-signature" | "expired-request" | "skewed";

/** Why a request or a token was not accepted; the front words it in the protocol of the service that was called. */
export class AuthenticationRefused extends Error {
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, message: string) {
    super(message);
    this.name = "AuthenticationRefused";
    this.reason = reason;
  }
}

const fiveMinutes = 5 * 60_000;
/** EKS takes a token for 15 minutes after X-Amz-Date, whatever X-Amz-Expires says. */
const tokenLifetime = 15 * 60_000;
const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

function randomId(prefix: string): string {
  return prefix + [...randomBytes(16)].map((byte) => base32[byte % 32]).join("");
}

/** Every access key of the simulated AWS, and whose it is. */
export class Identities {
  readonly #keys: Map<string, Key>;
  readonly #roleIds: Map<string, string>;
  readonly #now: () => number;

  constructor(now: () => number = Date.now, kept: KeptIdentities = { keys: [], roleIds: {} }) {
    this.#now = now;
    this.#roleIds = new Map(Object.entries(kept.roleIds));
    this.#keys = new Map(
      kept.keys.map(({ expiration, ...key }) => [
        key.accessKeyId,
        expiration === undefined ? key : { ...key, expiration: new Date(expiration) },
      ]),
    );
  }

  keep(): KeptIdentities {
    const keys = [...this.#keys.values()].map(({ expiration, ...key }) =>
      expiration === undefined ? key : { ...key, expiration: expiration.toISOString() },
    );
    return { keys, roleIds: Object.fromEntries(this.#roleIds) };
  }

  /** A long-lived key of an IAM user, or of a part of the sandbox. */
  issue(owner: { account: string; arn: string; userId?: string }): IssuedCredentials {
    const credentials = { accessKeyId: randomId("AKIA"), secretAccessKey: randomBytes(30).toString("base64") };
    this.register(credentials, owner);
    return credentials;
  }

  /** Makes a key known that was made elsewhere (iam:CreateAccessKey). */
  register(credentials: IssuedCredentials, owner: { account: string; arn: string; userId?: string }): void {
    const principal = { account: owner.account, arn: owner.arn, userId: owner.userId ?? randomId("AIDA") };
    this.#keys.set(credentials.accessKeyId, { ...credentials, principal });
  }

  /** A session of a role. Whether the role exists and trusts the caller is the caller's business. */
  assumeRole(
    roleArn: string,
    sessionName: string,
    seconds: number,
    roleId?: string,
  ): IssuedCredentials & { principal: Principal } {
    const match = /^arn:aws:iam::(\d{12}):role\/(?:.*\/)?([^/]+)$/.exec(roleArn);
    if (!match) throw new Error(`Not the ARN of a role: ${roleArn}`);
    const [, account = "", name = ""] = match;
    const credentials = {
      accessKeyId: randomId("ASIA"),
      secretAccessKey: randomBytes(30).toString("base64"),
      sessionToken: randomBytes(180).toString("base64"),
      expiration: new Date(this.#now() + seconds * 1000),
    };
    const id = roleId ?? this.#roleIds.get(roleArn) ?? randomId("AROA");
    this.#roleIds.set(roleArn, id);
    const principal = {
      account,
      arn: `arn:aws:sts::${account}:assumed-role/${name}/${sessionName}`,
      userId: `${id}:${sessionName}`,
    };
    this.#keys.set(credentials.accessKeyId, { ...credentials, principal });
    return { ...credentials, principal };
  }

  revoke(accessKeyId: string): void {
    this.#keys.delete(accessKeyId);
  }

  principalOf(accessKeyId: string): Principal | undefined {
    return this.#keys.get(accessKeyId)?.principal;
  }

  secretOf(accessKeyId: string): string | undefined {
    return this.#keys.get(accessKeyId)?.secretAccessKey;
  }

  /** Who signed this request; throws AuthenticationRefused. */
  authenticate(claim: SignatureClaim, request: SignedRequest): Principal {
    const key = this.#keys.get(claim.accessKeyId);
    if (!key) throw new AuthenticationRefused("unknown-key", "The security token included in the request is invalid.");
    if (key.sessionToken !== claim.sessionToken) {
      throw new AuthenticationRefused("bad-token", "The security token included in the request is invalid.");
    }
    if (key.expiration && key.expiration.getTime() <= this.#now()) {
      throw new AuthenticationRefused("expired-token", "The security token included in the request is expired");
    }
    const age = this.#now() - parseTimestamp(claim.timestamp);
    if (claim.expires === undefined) {
      if (!(Math.abs(age) <= fiveMinutes)) {
        throw new AuthenticationRefused("skewed", `Signature not yet current or expired: ${claim.timestamp}`);
      }
    } else if (!(age >= -fiveMinutes && age <= claim.expires * 1000)) {
      throw new AuthenticationRefused("expired-request", "Request has expired");
    }
    this.#checkSignature(claim, request, key);
    return key.principal;
  }

  /**
   * Who signed an EKS login token's URL (sts:GetCallerIdentity, presigned). `signedHeaders` holds the headers that the
   * verifier sends along, of which x-k8s-aws-id must be signed. Throws AuthenticationRefused.
   */
  verifyPresigned(url: string, signedHeaders: Readonly<Record<string, string>>): Principal {
    const parsed = new URL(url);
    const claim = readClaim({}, parsed.searchParams);
    const key = claim && this.#keys.get(claim.accessKeyId);
    if (!key) throw new AuthenticationRefused("unknown-key", "The security token included in the request is invalid.");
    if (claim.service !== "sts" || !claim.signedHeaders.includes("x-k8s-aws-id")) {
      throw new AuthenticationRefused("bad-signature", "x-k8s-aws-id is not among the signed headers");
    }
    if (key.sessionToken !== claim.sessionToken) {
      throw new AuthenticationRefused("bad-token", "The security token included in the request is invalid.");
    }
    if (key.expiration && key.expiration.getTime() <= this.#now()) {
      throw new AuthenticationRefused("expired-token", "The security token included in the request is expired");
    }
    const age = this.#now() - parseTimestamp(claim.timestamp);
    if (!(age >= -fiveMinutes && age <= tokenLifetime)) {
      throw new AuthenticationRefused("expired-request", "Request has expired");
    }
    const headers = Object.fromEntries(
      Object.entries(signedHeaders).map(([name, value]) => [name.toLowerCase(), value]),
    );
    const request = { method: "GET", path: parsed.pathname, rawQuery: parsed.search.slice(1), body: "" };
    this.#checkSignature(claim, { ...request, headers: { host: parsed.host, ...headers } }, key);
    return key.principal;
  }

  #checkSignature(claim: SignatureClaim, request: SignedRequest, key: Key): void {
    if (expectedSignature(request, claim, key.secretAccessKey) === claim.signature) return;
    throw new AuthenticationRefused(
      "bad-signature",
      "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
    );
  }
}
