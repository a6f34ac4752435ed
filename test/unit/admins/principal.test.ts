import { describe, expect, it } from "vitest";
import { isSamePrincipal, mapArn, readPrincipal } from "../../../src/admins/principal.ts";

const account = "123456789012";

describe.each(["aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-eusc"])("in the partition %s", (partition) => {
  it.each([
    ["user/alice", "user", "/", "alice", "user/alice"],
    ["user/staff/alice", "user", "/staff/", "alice", "user/staff/alice"],
    ["role/ops", "role", "/", "ops", "role/ops"],
    [
      "role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Admin_0123456789abcdef",
      "role",
      "/aws-reserved/sso.amazonaws.com/eu-west-1/",
      "AWSReservedSSO_Admin_0123456789abcdef",
      "role/AWSReservedSSO_Admin_0123456789abcdef",
    ],
  ])("reads %s, and takes a role's path away for aws-auth", (resource, kind, path, name, mapped) => {
    const arn = `arn:${partition}:iam::${account}:${resource}`;
    const principal = readPrincipal(` ${arn}\n`);
    expect(principal).toEqual({ arn, partition, account, kind, path, name, isFromSession: false });
    expect(mapArn(principal)).toBe(`arn:${partition}:iam::${account}:${mapped}`);
  });

  it("turns a session into its role", () => {
    const session = `arn:${partition}:sts::${account}:assumed-role/ops/me@example.org`;
    expect(readPrincipal(session)).toMatchObject({
      arn: `arn:${partition}:iam::${account}:role/ops`,
      kind: "role",
      isFromSession: true,
    });
  });
});

it.each([
  ["alice", /no ARN/],
  [`arn:aws:iam::${account}:root`, /root user/],
  [`arn:aws:iam::${account}:group/ops`, /no IAM groups/],
  [`arn:aws:sts::${account}:federated-user/me`, /federated/],
  ["arn:aws:sso:::permissionSet/ssoins-1/ps-1", /permission set/],
  ["arn:aws:s3:::bucket", /no IAM user or role/],
  [`arn:aws:iam::12345:user/alice`, /not complete/],
  [`arn:aws:iam::${account}:user/`, /not complete/],
  [`arn:aws:iam::${account}:role//ops`, /not complete/],
  [`arn:aws:sts::${account}:assumed-role/ops`, /not complete/],
])("refuses %s and says why", (arn, why) => {
  expect(() => readPrincipal(arn)).toThrow(why);
});

it("knows the same principal with and without path, in any case of letters, and others from it", () => {
  const role = `arn:aws:iam::${account}:role/teams/ops`;
  expect(isSamePrincipal(role, `arn:aws:iam::${account}:role/OPS`)).toBe(true);
  expect(isSamePrincipal(role, `arn:aws:sts::${account}:assumed-role/ops/me`)).toBe(true);
  expect(isSamePrincipal(role, `arn:aws:iam::999999999999:role/ops`)).toBe(false);
  expect(isSamePrincipal(`arn:aws:iam::${account}:user/a/x`, `arn:aws:iam::${account}:user/b/x`)).toBe(false);
  expect(isSamePrincipal(role, `arn:aws:iam::${account}:user/ops`)).toBe(false);
});
