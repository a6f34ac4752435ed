import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { fatalFailures } from "../../../src/engine/fatal-failures.ts";
import { classifyError, classifyText, type Phase, type Tool } from "../../../src/engine/known-failures.ts";
import { retriedFailures } from "../../../src/engine/retried-failures.ts";
import { ToolError, UserError } from "../../../src/errors.ts";
import { CommandError } from "../../../src/tools/exec.ts";

/** Real texts from public threads, each with its source, and what the thread taught about it. */
const captured = readFileSync(join(import.meta.dirname, "../../fixtures/failures.jsonl"), "utf8")
  .trim()
  .split("\n")
  .map((line) =>
    z
      .object({
        id: z.string(),
        tool: z.enum(["terraform", "helm", "kubectl", "aws", "jupyterhub"]),
        phase: z.string(),
        text: z.string(),
        source: z.string().min(1),
        verdict: z.enum(["retry", "remedy", "fatal"]),
        confidence: z.enum(["high", "medium", "low"]),
      })
      .parse(JSON.parse(line)),
  );

/** The threads' words for where it happened, as hubctl would meet it. */
const phases: Record<string, Phase> = {
  init: "init",
  plan: "plan",
  install: "install",
  upgrade: "install",
  wait: "wait",
  admin: "query",
};

const judged = captured.map((failure) => {
  const { tool, phase, text } = failure;
  // What the hub itself logs is never the answer of one of hubctl's tools.
  const verdict =
    tool === "jupyterhub" ? undefined : classifyText(tool, tool === "aws" ? "api" : (phases[phase] ?? "apply"), text);
  return { ...failure, verdictOfTable: verdict };
});

/** Texts that need another answer than their thread's, and why. */
const deliberate: Record<string, string> = {
  "cfn-asg-pendingverification": "takes up to four hours",
  "tf-pendingverification": "takes up to four hours",
  "tf-lock-s3-412-live-holder": "Terraform has waited for the lock itself by then",
  "tf-lock-dynamodb-concurrent": "Terraform has waited for the lock itself by then",
  "tf-lock-s3-412-nosuchkey": "Terraform has waited for the lock itself by then",
};

describe("the table of known failures", () => {
  it("is tested with every one of the captured texts", () => {
    expect(captured.length).toBe(192);
  });

  it("never retries what a person must act on", () => {
    const wrong = judged.filter(
      ({ verdict, verdictOfTable }) => verdict === "fatal" && verdictOfTable?.kind === "retry",
    );
    expect(wrong.map(({ id }) => id)).toEqual([]);
  });

  it("retries nothing that only a remedy would cure, but for what it can plan anew or what comes up by itself", () => {
    const retried = judged.filter(
      ({ verdict, verdictOfTable }) => verdict === "remedy" && verdictOfTable?.kind === "retry",
    );
    expect(retried.map(({ id }) => id).sort()).toEqual([
      "alb-webhook-vingress-controller-down",
      "cfn-asg-instance-profile-propagation",
      "helm-apiversions-metrics-after-upgrade",
    ]);
  });

  it("calls nothing fatal that passes by itself, unless on purpose", () => {
    const wrong = judged.filter(
      ({ verdict, verdictOfTable }) => verdict === "retry" && verdictOfTable?.kind === "fatal",
    );
    expect(wrong.map(({ id }) => id).sort()).toEqual(Object.keys(deliberate).sort());
  });

  it("is right in at least 95 of 100 retries and knows most of what passes by itself during an install", () => {
    const retried = judged.filter(({ verdictOfTable }) => verdictOfTable?.kind === "retry");
    const right = retried.filter(({ verdict }) => verdict !== "fatal");
    expect(right.length / retried.length).toBeGreaterThanOrEqual(0.95);
    const passing = judged.filter(
      ({ verdict, confidence, phase, tool }) =>
        verdict === "retry" &&
        confidence === "high" &&
        tool !== "jupyterhub" &&
        /^(?:init|plan|apply|install|upgrade)$/.test(phase),
    );
    const known = passing.filter(({ verdictOfTable }) => verdictOfTable?.kind === "retry");
    expect(known.length / passing.length).toBeGreaterThanOrEqual(0.8);
  });

  it.each(
    [...retriedFailures, ...fatalFailures].map(({ id }) => id).filter((id) => id !== "load-balancer-without-name"),
  )("has a captured text for %s", (id) => {
    expect(judged.filter(({ verdictOfTable }) => verdictOfTable?.id === id)).not.toEqual([]);
  });

  it("has every id once, a reason for each and bounded patience", () => {
    const ids = [...retriedFailures, ...fatalFailures].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { attempts, delaySeconds } of retriedFailures) {
      expect(attempts).toBeGreaterThan(1);
      expect((attempts - 1) * delaySeconds).toBeLessThanOrEqual(300);
    }
  });
});

describe("classifyText", () => {
  const throttled = "Error: creating IAM Role (a): Throttling: Rate exceeded";

  it("stops when one of several errors is unknown", () => {
    expect(classifyText("terraform", "apply", throttled)?.kind).toBe("retry");
    expect(classifyText("terraform", "apply", `${throttled}\n\nError: something new`)).toBeUndefined();
  });

  it("stops when one of several errors is fatal", () => {
    const text = `${throttled}\n│ Error: creating EC2 EIP: AddressLimitExceeded: no more`;
    expect(classifyText("terraform", "apply", text)).toMatchObject({ kind: "fatal", id: "quota-elastic-ip" });
  });

  it("takes the longer patience of two that pass", () => {
    const text = `${throttled}\nError: cluster hub currently has update 1 in progress`;
    expect(classifyText("terraform", "apply", text)).toMatchObject({ id: "cluster-being-updated", attempts: 10 });
  });

  it.each<[Tool, Phase, string]>([
    ["aws", "api", "LimitExceededException: too many"],
    ["terraform", "apply", "NatGatewayLimitExceeded: 5"],
  ])("calls another quota of %s fatal", (tool, phase, text) => {
    expect(classifyText(tool, phase, text)).toMatchObject({ kind: "fatal", id: "quota" });
  });

  it("does not take a request limit for a quota", () => {
    expect(classifyText("aws", "api", "RequestLimitExceeded: slow down")).toMatchObject({
      kind: "retry",
      id: "throttled",
    });
  });

  it("knows a crash of the provider only while it reads", () => {
    expect(classifyText("terraform", "plan", "Error: Plugin did not respond")?.kind).toBe("retry");
    expect(classifyText("terraform", "apply", "Error: Plugin did not respond")).toBeUndefined();
  });
});

describe("classifyError", () => {
  const failure = (file: string, args: string[], output: string, signal?: string) =>
    new CommandError(file, { command: { file, args }, line: file, exitStatus: 1, signal, output });

  it("reads the whole output of a tool", () => {
    const output = `${"line\n".repeat(100)}Unable to connect to the server: EOF\n${"line\n".repeat(30)}`;
    expect(classifyError(failure("kubectl", ["get", "nodes"], output))).toMatchObject({ id: "api-server-not-ready" });
  });

  it("knows OpenTofu as Terraform", () => {
    expect(classifyError(failure("tofu", ["apply"], "Error: Throttling: Rate exceeded"))?.id).toBe("throttled");
  });

  it("says nothing of a tool that was ended, of other tools and of what is not a tool's failure", () => {
    expect(
      classifyError(failure("kubectl", ["get"], "Unable to connect to the server: EOF", "SIGINT")),
    ).toBeUndefined();
    expect(classifyError(failure("git", ["push"], "Throttling: Rate exceeded"))).toBeUndefined();
    expect(classifyError(new UserError("Throttling", "Rate exceeded"))).toBeUndefined();
    expect(classifyError(new Error("Throttling: Rate exceeded"))).toBeUndefined();
    expect(classifyError("Throttling")).toBeUndefined();
  });

  it("knows the SDK's errors by name and network errors by code", () => {
    const throttling = Object.assign(new Error("Rate exceeded"), { name: "ThrottlingException", $metadata: {} });
    expect(classifyError(throttling)?.id).toBe("throttled");
    const reset = Object.assign(new Error("read"), { code: "ECONNRESET" });
    expect(classifyError(reset)?.id).toBe("network-interrupted");
    const login = Object.assign(new Error("Could not load credentials from any providers"), {
      name: "CredentialsProviderError",
    });
    expect(classifyError(login)).toMatchObject({ kind: "fatal", id: "login-missing", isLogin: true });
  });

  it("waits once more for a load balancer that got no name in time", () => {
    const waited = new ToolError("WaitedTooLong", "waited 10 min 00 s for the hub's load balancer in vain");
    expect(classifyError(waited)).toMatchObject({ kind: "retry", id: "load-balancer-without-name", attempts: 2 });
    expect(classifyError(new ToolError("WaitedTooLong", "waited 5 s for a bus in vain"))).toBeUndefined();
  });
});
