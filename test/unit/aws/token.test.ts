import { expect, test } from "vitest";
import { signClusterToken } from "../../../src/aws/token.ts";

// Made with botocore 1.42's RequestSigner.generate_presigned_url for the same credentials, clock and cluster.
const now = new Date("2026-11-21T08:05:44Z");
const recorded = [
  {
    name: "an access key",
    credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" },
    signature: "1a59abeddc7267216274bba6f6fbac26a6a48e2650a86604b19bbdf2889f636b",
  },
  {
    name: "a session token",
    credentials: {
      accessKeyId: "AKIDEXAMPLE",
      secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
      sessionToken: "FwoGZXIvYXdzEXAMPLETOKEN//==",
    },
    signature: "05a4329d523ba6d8dfe2a9e84e58aa6409809681f1d74ace628213621d17e42a",
  },
];

test.each(recorded)("signs as the aws CLI does with $name", async ({ credentials, signature }) => {
  const { token, expires } = await signClusterToken({ cluster: "dandihub", region: "us-east-2", now }, credentials);
  const url = new URL(Buffer.from(token.replace("k8s-aws-v1.", ""), "base64url").toString());
  expect(url.host).toBe("sts.us-east-2.amazonaws.com");
  expect(url.pathname).toBe("/");
  expect(url.searchParams.get("X-Amz-Signature")).toBe(signature);
  expect(url.searchParams.get("X-Amz-SignedHeaders")).toBe("host;x-k8s-aws-id");
  expect(url.searchParams.get("X-Amz-Security-Token") ?? undefined).toBe(
    "sessionToken" in credentials ? credentials.sessionToken : undefined,
  );
  expect(url.searchParams.has("X-Amz-Content-Sha256")).toBe(false);
  expect(expires.toISOString()).toBe("2026-11-21T08:19:44.000Z");
});

test("the token has no padding and stays below the server's limit of 4096 bytes", async () => {
  const { token } = await signClusterToken({ cluster: "dandihub", region: "us-east-2", now }, recorded[1]!.credentials);
  expect(token).not.toContain("=");
  expect(token.length).toBeLessThan(4096);
});
