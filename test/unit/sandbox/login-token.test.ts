import { describe, expect, test } from "vitest";
import { authenticate, type AuthenticatorOptions } from "../../../sandbox/kube/authenticator.ts";
import { readLoginToken } from "../../../sandbox/kube/login-token.ts";

const goodParameters: Record<string, string> = {
  Action: "GetCallerIdentity",
  Version: "2011-06-15",
  "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
  "X-Amz-Credential": "AKIAEXAMPLE/20261121/us-east-2/sts/aws4_request",
  "X-Amz-Date": "20261121T080000Z",
  "X-Amz-Expires": "60",
  "X-Amz-SignedHeaders": "host;x-k8s-aws-id",
  "X-Amz-Signature": "0123",
};

function tokenFor(url: string): string {
  return `k8s-aws-v1.${Buffer.from(url).toString("base64url")}`;
}

function urlWith(changes: Record<string, string | undefined> = {}, base = "https://sts.us-east-2.amazonaws.com/") {
  const parameters = Object.entries({ ...goodParameters, ...changes }).filter(([, value]) => value !== undefined);
  return `${base}?${new URLSearchParams(parameters as [string, string][]).toString()}`;
}

describe("a login token", () => {
  test.each([
    ["of the cluster's region", urlWith()],
    [
      "of another region of the partition",
      urlWith(
        { "X-Amz-Credential": "AKIAEXAMPLE/20261121/eu-west-1/sts/aws4_request" },
        "https://sts.eu-west-1.amazonaws.com/",
      ),
    ],
    ["for the dual-stack host", urlWith({}, "https://sts.us-east-2.api.aws/")],
    ["with a session", urlWith({ "X-Amz-Security-Token": "session" })],
  ])("%s is read", (_, url) => {
    expect(readLoginToken(tokenFor(url), "us-east-2")).toBe(url);
  });

  test.each([
    ["that is too long", tokenFor(urlWith({ "X-Amz-Signature": "0".repeat(4000) })), /too long/],
    ["without the prefix", tokenFor(urlWith()).slice(1), /does not begin/],
    ["with padding", `${tokenFor(urlWith())}=`, /base64url/],
    ["that holds no URL", tokenFor("hello"), /no URL/],
    ["over plain http", tokenFor(urlWith({}, "http://sts.us-east-2.amazonaws.com/")), /not https/],
    ["for the old global host", tokenFor(urlWith({}, "https://sts.amazonaws.com/")), /no regional STS host/],
    [
      "for a host that only looks like STS",
      tokenFor(urlWith({}, "https://sts.us-east-2.amazonaws.com.evil.example/")),
      /no regional STS host/,
    ],
    [
      "for a host with a port",
      tokenFor(urlWith({}, "https://sts.us-east-2.amazonaws.com:8443/")),
      /no regional STS host/,
    ],
    ["of another partition", tokenFor(urlWith({}, "https://sts.cn-north-1.amazonaws.com.cn/")), /no regional STS host/],
    ["with a path", tokenFor(urlWith({}, "https://sts.us-east-2.amazonaws.com/x")), /not \//],
    ["with a user name", tokenFor(urlWith({}, "https://me@sts.us-east-2.amazonaws.com/")), /may not have/],
    ["with another action", tokenFor(urlWith({ Action: "AssumeRole" })), /GetCallerIdentity/],
    ["with a parameter of the S3 signer", tokenFor(urlWith({ "X-Amz-Content-Sha256": "e3b0" })), /not allowed/],
    ["with a parameter twice", tokenFor(`${urlWith()}&action=GetCallerIdentity`), /twice/],
    ["that does not sign the cluster's name", tokenFor(urlWith({ "X-Amz-SignedHeaders": "host" })), /x-k8s-aws-id/],
    ["that lasts too long", tokenFor(urlWith({ "X-Amz-Expires": "901" })), /X-Amz-Expires/],
    ["without a lifetime", tokenFor(urlWith({ "X-Amz-Expires": undefined })), /X-Amz-Expires is missing/],
    ["without a date", tokenFor(urlWith({ "X-Amz-Date": undefined })), /X-Amz-Date/],
    [
      "whose scope is not that of its host",
      tokenFor(urlWith({ "X-Amz-Credential": "AKIAEXAMPLE/20261121/eu-west-1/sts/aws4_request" })),
      /credential scope/,
    ],
  ])("%s is refused", (_, token, reason) => {
    expect(() => readLoginToken(token, "us-east-2")).toThrow(reason);
  });
});

describe("the login webhook", () => {
  const refusals: string[] = [];
  const options: AuthenticatorOptions = {
    cluster: "demo",
    region: "us-east-2",
    verifyPresigned: (_, headers) => {
      if (headers["x-k8s-aws-id"] !== "demo") throw new Error("bad signature");
      return { account: "123456789012", arn: "arn:aws:sts::123456789012:assumed-role/R/me", userId: "AROA1:me" };
    },
    identityFor: () => Promise.resolve({ username: "admin", groups: ["team"] }),
    onRefusal: (reason) => refusals.push(reason),
  };

  test("answers with user, groups and the role behind a session", async () => {
    expect(await authenticate(options, tokenFor(urlWith()))).toEqual({
      authenticated: true,
      user: {
        username: "admin",
        uid: "aws-iam-authenticator:123456789012:AROA1",
        groups: ["team"],
        extra: {
          arn: ["arn:aws:sts::123456789012:assumed-role/R/me"],
          canonicalArn: ["arn:aws:iam::123456789012:role/R"],
          sessionName: ["me"],
          principalId: ["AROA1"],
        },
      },
    });
  });

  test("tells why only to its log when the signature is for another cluster", async () => {
    refusals.length = 0;

    expect(await authenticate({ ...options, cluster: "other" }, tokenFor(urlWith()))).toEqual({ authenticated: false });
    expect(refusals).toEqual(["bad signature"]);
  });

  test("does not let in whom the cluster does not know", async () => {
    refusals.length = 0;

    expect(await authenticate({ ...options, identityFor: () => undefined }, tokenFor(urlWith()))).toEqual({
      authenticated: false,
    });
    expect(refusals.join()).toContain("has no access to demo");
  });
});
