import { randomBytes } from "node:crypto";
import { writeSecretValue } from "../aws/secret-value.ts";
import { defineStep } from "../engine/step.ts";
import type { GeneratedSecrets } from "../releases/inputs.ts";
import type { Installation } from "./installation.ts";

export const generatedSecrets = defineStep({
  id: "generated-secrets",
  title: "Make the hub's own keys and keep them in Secrets Manager",
  async check(installation: Installation) {
    const storage = await installation.storageOutputs();
    if (!storage) return { unknown: "known once the storage exists" };
    // Never made anew when there are some: a hub with other keys can't read its old database.
    if (await installation.generatedSecrets()) return { done: "kept since the first install" };
    return { change: "make cookie secret, auth-state key and proxy token", plan: storage.generated_secret_arn };
  },
  async run(installation: Installation, secretArn: string) {
    const key = () => randomBytes(32).toString("hex");
    const secrets: GeneratedSecrets = { cookieSecret: key(), cryptKeeperKey: key(), proxyToken: key() };
    await writeSecretValue(installation.aws, secretArn, JSON.stringify(secrets));
    installation.forget();
  },
});
