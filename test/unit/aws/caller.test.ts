import { GetRoleCommand } from "@aws-sdk/client-iam";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { describe, expect, it } from "vitest";
import { getCaller, principalArn } from "../../../src/aws/caller.ts";
import { createClients } from "../../../src/aws/clients.ts";
import { awsError, mockAws } from "../../helpers/installation.ts";

const mocks = mockAws();
const aws = createClients("us-east-2");

describe("getCaller", () => {
  it("tells account and ARN", async () => {
    mocks.sts
      .on(GetCallerIdentityCommand)
      .resolves({ Account: "123456789012", Arn: "arn:aws:iam::123456789012:user/a" });
    expect(await getCaller(aws)).toEqual({ account: "123456789012", arn: "arn:aws:iam::123456789012:user/a" });
  });

  it("tells who logged in, too, when a role is assumed", async () => {
    const arn = "arn:aws:sts::123456789012:assumed-role/architect/hubctl-ada";
    mocks.sts
      .on(GetCallerIdentityCommand)
      .resolvesOnce({ Account: "210987654321", Arn: "arn:aws:iam::210987654321:user/ada" })
      .resolvesOnce({ Account: "123456789012", Arn: arn });
    expect(await getCaller(aws, { assumeRole: "arn:aws:iam::123456789012:role/architect" })).toEqual({
      account: "123456789012",
      arn,
      login: "arn:aws:iam::210987654321:user/ada",
    });
  });

  it.each(["CredentialsProviderError", "ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId"])(
    "%s means that the user must log in",
    async (name) => {
      mocks.sts.on(GetCallerIdentityCommand).rejects(awsError(name, 403, "the cause's own words"));
      await expect(getCaller(aws)).rejects.toMatchObject({
        code: "NotLoggedIn",
        exitCode: 2,
        output: "the cause's own words",
        hint: expect.stringContaining("aws sso login") as string,
      });
    },
  );

  it("says what else went wrong, and where to look", async () => {
    mocks.sts.on(GetCallerIdentityCommand).rejects(new Error("getaddrinfo ENOTFOUND sts.us-east-2.amazonaws.com"));
    await expect(getCaller(aws)).rejects.toMatchObject({
      code: "CallerUnknown",
      exitCode: 1,
      output: "getaddrinfo ENOTFOUND sts.us-east-2.amazonaws.com",
      hint: "check the network connection to AWS in us-east-2",
    });
  });

  it("does not take an answer without an account for a broken network", async () => {
    mocks.sts.on(GetCallerIdentityCommand).resolves({});
    await expect(getCaller(aws)).rejects.toMatchObject({ code: "NoCallerIdentity", hint: undefined });
  });
});

describe("principalArn", () => {
  it("of a user is the user", async () => {
    const user = "arn:aws:iam::123456789012:user/team/operator";
    expect(await principalArn(aws, user)).toBe(user);
    expect(mocks.iam.calls()).toEqual([]);
  });

  it.each(["arn:aws:iam::123456789012:root", "arn:aws:sts::123456789012:federated-user/ada"])(
    "there is none that EKS knows for %s",
    async (arn) => {
      await expect(principalArn(aws, arn)).rejects.toMatchObject({ code: "PrincipalUnusable", exitCode: 2 });
    },
  );

  it("of a session is the role with its path, which the session's ARN lacks", async () => {
    const role = "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/Admin_0123";
    mocks.iam.on(GetRoleCommand, { RoleName: "Admin_0123" }).resolves({ Role: { Arn: role } as never });
    expect(await principalArn(aws, "arn:aws:sts::123456789012:assumed-role/Admin_0123/ada")).toBe(role);
  });

  it("of a role that IAM does not tell is an error that names it", async () => {
    mocks.iam.on(GetRoleCommand).resolves({});
    await expect(principalArn(aws, "arn:aws:sts::123456789012:assumed-role/Admin/ada")).rejects.toMatchObject({
      code: "RoleUnknown",
      message: "IAM has no ARN for the role Admin",
    });
  });
});
