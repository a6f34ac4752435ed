import { describe, expect, it } from "vitest";
import { AbortError, SeveralErrors, ToolError, UserError } from "../../../src/errors.ts";
import { exitCodeOf, formatError, toExpected } from "../../../src/ui/errors.ts";
import { fakeOutput } from "../../helpers/fake-output.ts";

const format = (error: unknown, log?: string) => formatError(error, fakeOutput(), log);
const awsError = (name: string, metadata?: object) =>
  Object.assign(new Error("User is not authorized"), { name }, metadata === undefined ? {} : { $metadata: metadata });

describe("formatError", () => {
  it("says what failed, the cause's words, what to do and where the log is", () => {
    const error = new ToolError("HelmFailed", "helm upgrade failed with exit code 1", {
      output: "Error: a\n  b",
      hint: "run `x`",
    });
    error.resume = "hubctl install --deployment dandihub";
    expect(format(error, "/deployment/log")).toBe(
      [
        "✖ helm upgrade failed with exit code 1",
        "  Error: a",
        "    b",
        "→ run `x`",
        "→ go on with: hubctl install --deployment dandihub",
        "log: /deployment/log",
      ].join("\n"),
    );
  });

  it("needs neither cause nor hint", () => {
    expect(format(new UserError("NoDeployment", "there is no deployment"))).toBe("✖ there is no deployment");
  });

  it("takes the log from the error", () => {
    const error = new AbortError("Declined", "declined");
    error.log = "/deployment/log";
    expect(format(error)).toBe("✖ declined\nlog: /deployment/log");
  });

  it("shows each of several errors and says only once how to go on", () => {
    const several = new SeveralErrors([
      new ToolError("A", "a failed"),
      new UserError("B", "b failed", { hint: "mend b" }),
    ]);
    several.resume = "hubctl install";
    expect(format(several)).toBe("✖ a failed\n✖ b failed\n→ mend b\n→ go on with: hubctl install");
  });

  it("calls everything that nobody expects a bug, without a stack", () => {
    const text = format(new TypeError("x is undefined"));
    expect(text).toMatch(/^✖ hubctl itself failed; this is a bug\n {2}TypeError: x is undefined\n→ please report it/);
    expect(text).not.toContain("    at ");
    expect(format("thrown text")).toContain("thrown text");
  });

  it("shows stacks, also of causes, with --debug only", () => {
    const error = new ToolError("A", "a failed", { cause: new Error("deep") });
    expect(format(error)).not.toContain("deep");
    const text = formatError(error, fakeOutput({ debug: true }));
    expect(text).toContain("caused by");
    expect(text).toContain("Error: deep");
    expect(text).toContain("errors.test.ts");
  });

  it("shows AWS's refusal with its own words", () => {
    const text = format(awsError("AccessDeniedException", { httpStatusCode: 403, requestId: "r-1" }));
    expect(text).toBe("✖ AWS refused a call: AccessDeniedException (HTTP 403, request r-1)\n  User is not authorized");
  });
});

describe("what AWS or its SDK throws", () => {
  it.each([
    ["CredentialsProviderError", "there is no AWS login"],
    ["TokenProviderError", "there is no AWS login"],
    ["ExpiredToken", "AWS does not accept the login"],
    ["UnrecognizedClientException", "AWS does not accept the login"],
  ])("%s is a login that the user must mend", (name, message) => {
    expect(toExpected(awsError(name, { attempts: 1 }))).toMatchObject({
      code: "NotLoggedIn",
      message,
      output: "User is not authorized",
      hint: expect.stringContaining("log in") as string,
    });
  });

  it("a signature that is too old is a matter of the clock", () => {
    const error = Object.assign(new Error("Signature expired: 20261121T0900Z is now earlier than 20261121T1000Z"), {
      name: "SignatureDoesNotMatch",
      $metadata: { httpStatusCode: 403 },
    });
    expect(toExpected(error)).toMatchObject({ hint: "set this machine's clock, then run it again" });
  });

  it("a failed connection is not called a refusal", () => {
    const error = Object.assign(new Error("connect ECONNREFUSED"), {
      code: "ECONNREFUSED",
      $metadata: { attempts: 5 },
    });
    expect(format(error)).toBe(
      "✖ could not reach AWS\n  connect ECONNREFUSED\n→ check the network connection, then run it again",
    );
  });
});

describe("exit codes", () => {
  it.each([
    [new ToolError("A", "a"), 1],
    [new UserError("A", "a"), 2],
    [new AbortError("A", "a"), 130],
    [new SeveralErrors([new ToolError("A", "a"), new UserError("B", "b")]), 2],
    [new SeveralErrors([new ToolError("A", "a"), new AbortError("B", "b")]), 130],
    [new SeveralErrors([new ToolError("A", "a"), new Error("bug")]), 70],
    [awsError("Throttling", {}), 1],
    [awsError("CredentialsProviderError"), 2],
    [awsError("ExpiredTokenException", { httpStatusCode: 403 }), 2],
    [new Error("bug"), 70],
    ["thrown text", 70],
  ])("%s", (error, code) => {
    expect(exitCodeOf(error)).toBe(code);
  });

  it("leaves expected errors and bugs as they are", () => {
    const error = new UserError("A", "a");
    const bug = new Error("bug");
    expect(toExpected(error)).toBe(error);
    expect(toExpected(bug)).toBe(bug);
  });
});
