import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { stringify } from "yaml";
import { z } from "zod";
import { kubeContext, kubeconfigFor, type ClusterAccess } from "../aws/cluster.ts";
import type { CredentialsProvider } from "../aws/login.ts";
import { signClusterToken } from "../aws/token.ts";
import type { Exec } from "../tools/exec.ts";
import { tokenFromEnvironment } from "../tools/kube-login.ts";
import { createRawApi, refusalOf, type RawApi } from "../tools/kubectl-raw.ts";

/** How the API server sees the caller. */
export interface Standing {
  isLoggedIn: boolean;
  /** May do everything. */
  isAdmin: boolean;
  username?: string | undefined;
  /** Why it could not be asked at all; nothing is known then. */
  unreachable?: string;
}

/** The API server of one cluster, asked as the caller. */
export interface ApiServer {
  /**
   * A login of its own, signed in a second in which no other was: the server goes on accepting a token for a while
   * after its owner has lost access, and the same second gives the same token.
   */
  logIn(): Promise<RawApi>;
  standing(): Promise<Standing>;
  close(): void;
}

export interface ApiServerOptions {
  access: ClusterAccess;
  credentials: CredentialsProvider;
  exec: Exec;
  hideSecrets: (...values: string[]) => void;
}

export function openApiServer({ access, credentials, exec, hideSecrets }: ApiServerOptions): ApiServer {
  const folder = mkdtempSync(join(tmpdir(), "hubctl-admins-"));
  const target = { kubeconfig: join(folder, "kubeconfig"), context: kubeContext(access.name) };
  writeFileSync(target.kubeconfig, stringify(kubeconfigFor(access, tokenFromEnvironment)), { mode: 0o600 });
  let lastSecond = 0;
  const logIn = async () => {
    const second = await nextSecond(lastSecond);
    lastSecond = second;
    const signing = { cluster: access.name, region: access.region, now: new Date(second * 1000) };
    const { token } = await signClusterToken(signing, credentials);
    hideSecrets(token);
    return createRawApi(exec, target, token);
  };
  return {
    logIn,
    standing: async () => askStanding(await logIn()),
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function nextSecond(last: number): Promise<number> {
  for (;;) {
    const now = Date.now();
    const second = Math.floor(now / 1000);
    if (second > last) return second;
    await delay(1000 - (now % 1000));
  }
}

const accessReview = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
const selfReview = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
const reviewSchema = z.object({ status: z.object({ allowed: z.boolean() }) });
const selfSchema = z.object({ status: z.object({ userInfo: z.object({ username: z.string() }) }) });

async function askStanding(api: RawApi): Promise<Standing> {
  try {
    const review = await api.create(accessReview, {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SelfSubjectAccessReview",
      spec: { resourceAttributes: { group: "*", resource: "*", verb: "*" } },
    });
    const { allowed: isAdmin } = reviewSchema.parse(review).status;
    return { isLoggedIn: true, isAdmin, username: await askUsername(api) };
  } catch (error) {
    if (refusalOf(error) === "Unauthorized") return { isLoggedIn: false, isAdmin: false };
    // Somebody whom no group lets even ask is in, and may do nothing.
    if (refusalOf(error) === "Forbidden") return { isLoggedIn: true, isAdmin: false };
    const unreachable = error instanceof Error ? wordsOf(error) : String(error);
    return { isLoggedIn: false, isAdmin: false, unreachable };
  }
}

/** Kubernetes before 1.28 does not tell. */
async function askUsername(api: RawApi): Promise<string | undefined> {
  try {
    const review = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
    return selfSchema.parse(await api.create(selfReview, review)).status.userInfo.username;
  } catch (error) {
    if (refusalOf(error) === "NotFound" || refusalOf(error) === "Forbidden") return undefined;
    throw error;
  }
}

function wordsOf(error: Error & { output?: string }): string {
  return error.output ?? error.message;
}
