import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { signClusterToken } from "../../../src/aws/token.ts";

interface Vector {
  name: string;
  cluster: string;
  region: string;
  sessionToken?: string;
  answer: { status: { token: string; expirationTimestamp: string } };
}

/** What `aws eks get-token` prints for fixed keys at a fixed time; cluster-tokens.py beside it made it. */
const { now, accessKeyId, secretAccessKey, vectors } = JSON.parse(
  readFileSync(new URL("../../fixtures/cluster-tokens.json", import.meta.url), "utf8"),
) as { now: string; accessKeyId: string; secretAccessKey: string; vectors: Vector[] };

const sign = ({ cluster, region, sessionToken }: Vector) =>
  signClusterToken(
    { cluster, region, now: new Date(now) },
    { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) },
  );

function readToken(token: string): { address: string; parameters: Record<string, string> } {
  const url = new URL(Buffer.from(token.replace(/^k8s-aws-v1\./, ""), "base64url").toString());
  return { address: url.origin + url.pathname, parameters: Object.fromEntries(url.searchParams) };
}

test.each(vectors)("signs as the aws CLI does, with $name", async (vector) => {
  const { token, expires } = await sign(vector);
  const { status } = vector.answer;
  expect(readToken(token)).toEqual(readToken(status.token));
  expect(readToken(token).parameters["X-Amz-Signature"]).toMatch(/^[0-9a-f]{64}$/);
  expect(expires.toISOString()).toBe(status.expirationTimestamp.replace("Z", ".000Z"));
});

test("the token has no padding and stays below the server's limit of 4096 bytes", async () => {
  const { token } = await sign(vectors.find(({ sessionToken }) => sessionToken !== undefined)!);
  expect(token).not.toContain("=");
  expect(token.length).toBeLessThan(4096);
});
