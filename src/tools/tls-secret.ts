import { z } from "zod";

const secretSchema = z.object({ data: z.record(z.string(), z.string()).default({}) });

/** Key and certificates of a secret of type kubernetes.io/tls, as `kubectl get` prints it; undefined without a secret. */
export function parseTlsSecret(stdout: string): { key: string; chain: string } | undefined {
  if (stdout.trim() === "") return undefined;
  const { data } = secretSchema.parse(JSON.parse(stdout));
  const text = (entry: string) => Buffer.from(data[entry] ?? "", "base64").toString("utf8");
  return { key: text("tls.key"), chain: text("tls.crt") };
}
