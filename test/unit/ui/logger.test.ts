import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { logFileName, openLogger } from "../../../src/ui/logger.ts";
import { createRedactor } from "../../../src/ui/redact.ts";
import { temporaryFolder } from "../../helpers/tools.ts";

const now = () => new Date("2026-11-21T08:15:03.123Z");

describe("the log", () => {
  it("has a time on each line, no secrets, and is for the owner only", () => {
    const { redact } = createRedactor(["hunter2-long"]);
    const logger = openLogger(join(temporaryFolder(), logFileName("install", now())), redact, now);
    logger.write("$ helm upgrade");
    logger.write("got hunter2-long\nand more");
    const time = "2026-11-21T08:15:03.123Z";
    expect(readFileSync(logger.path, "utf8")).toBe(`${time} $ helm upgrade\n${time} got [hidden]\n${time} and more\n`);
    expect(statSync(logger.path).mode & 0o777).toBe(0o600);
    logger.close();
    logger.write("after the end");
    expect(readFileSync(logger.path, "utf8")).not.toContain("after the end");
  });

  it("has a name that sorts by time", () => {
    expect(logFileName("install", now())).toBe("logs/2026-11-21T08-15-03Z-install.log");
  });
});

describe("createRedactor", () => {
  it("hides a secret in the forms in which it travels", () => {
    const secret = 'p&ss"wörd\\';
    const { redact } = createRedactor([secret]);
    for (const form of [
      secret,
      JSON.stringify(secret),
      encodeURIComponent(secret),
      Buffer.from(secret).toString("base64"),
    ]) {
      expect(redact(`<${form}>`)).toContain("[hidden]");
      expect(redact(`<${form}>`)).not.toContain(form);
    }
  });

  it("hides the longer of two secrets whole", () => {
    const { redact } = createRedactor(["abcd", "abcdefgh"]);
    expect(redact("x abcdefgh y")).toBe("x [hidden] y");
  });

  it("leaves text alone for values that are missing or too short to be secrets", () => {
    const redactor = createRedactor([undefined, "", "abc"]);
    expect(redactor.redact("abc")).toBe("abc");
    redactor.add("later-secret");
    expect(redactor.redact("a later-secret")).toBe("a [hidden]");
  });
});
