import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { AbortError, ToolError, UserError } from "../../src/errors.ts";
import { CommandError, createExec } from "../../src/tools/exec.ts";
import { temporaryFolder, writeTool } from "../helpers/tools.ts";

const node = (source: string, ...args: string[]) => ({ file: process.execPath, args: ["-e", source, "--", ...args] });
const printArgs = "process.stdout.write(JSON.stringify(process.argv.slice(1)))";
const printEnv = "process.stdout.write(JSON.stringify(process.env))";

const environmentOf = async (env: NodeJS.ProcessEnv, own?: Record<string, string | undefined>) => {
  const exec = createExec({ env: { PATH: process.env["PATH"], ...env } });
  const { stdout } = await exec({ ...node(printEnv), ...(own === undefined ? {} : { env: own }) });
  return JSON.parse(stdout) as Record<string, string>;
};

describe("exec", () => {
  it("hands an argv full of metacharacters on unchanged", async () => {
    const args = [
      "$(touch x)",
      "`id`",
      "; rm -rf /",
      "a b",
      "'\"",
      "*",
      "\\",
      "&& true",
      "|",
      "> out",
      "",
      "ü\n",
      "%PATH%",
      "$HOME",
    ];
    const { stdout } = await createExec()(node(printArgs, ...args));
    expect(JSON.parse(stdout)).toEqual(args);
  });

  it("keeps the output as it is", async () => {
    const { stdout, stderr, exitCode } = await createExec()(node("console.log('a\\n'); console.error('b')"));
    expect({ stdout, stderr, exitCode }).toEqual({ stdout: "a\n\n", stderr: "b\n", exitCode: 0 });
  });

  it("closes standard input, or feeds it", async () => {
    const echo = "process.stdin.on('data', (d) => process.stdout.write(d)).on('end', () => console.log('end'))";
    expect((await createExec()(node(echo))).stdout).toBe("end\n");
    expect((await createExec()({ ...node(echo), input: "secret: 1\n" })).stdout).toBe("secret: 1\nend\n");
  });

  it("keeps secrets out of the tool's environment, but not what AWS needs", async () => {
    const secrets = {
      TF_VAR_github_client_secret: "a",
      TF_VAR_anything: "b",
      HUBCTL_USER_PASSWORD: "c",
      HUBCTL_GITHUB_CLIENT_SECRET: "d",
      HUBCTL_GITHUB_CLIENT_ID: "e",
    };
    const env = await environmentOf({
      ...secrets,
      AWS_SECRET_ACCESS_KEY: "k",
      AWS_SESSION_TOKEN: "t",
      AWS_REGION: "r",
    });
    for (const name of Object.keys(secrets)) expect(env).not.toHaveProperty(name);
    expect(env).toMatchObject({ AWS_SECRET_ACCESS_KEY: "k", AWS_SESSION_TOKEN: "t", AWS_REGION: "r" });
  });

  it("adds variables and takes others away", async () => {
    const env = await environmentOf({ TF_WORKSPACE: "other" }, { TF_WORKSPACE: undefined, TF_INPUT: "0" });
    expect(env).not.toHaveProperty("TF_WORKSPACE");
    expect(env).toHaveProperty("TF_INPUT", "0");
  });

  it("makes a failure an error with the command for pasting, the status and the last lines", async () => {
    const source = "for (let i = 1; i <= 30; i++) console.error('line ' + i); process.exit(3)";
    const error = await createExec()(node(source, "it's")).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(CommandError);
    const { code, message, output, exitStatus, exitCode, fullOutput } = error as CommandError;
    expect({ code, exitStatus, exitCode }).toEqual({ code: "NodeFailed", exitStatus: 3, exitCode: 1 });
    expect(message).toContain(`'it'\\''s' failed with exit code 3`);
    expect(output?.split("\n")).toHaveLength(20);
    expect(output).toMatch(/line 30$/);
    expect(fullOutput).toMatch(/^line 1\n/);
  });

  it("shows standard output of a failure that says nothing on standard error", async () => {
    const failed = createExec()(node("console.log('why'); process.exit(1)"));
    await expect(failed).rejects.toMatchObject({ output: "why" });
  });

  it("accepts a status that is an answer", async () => {
    expect(await createExec()(node("process.exit(2)"), { accept: [2] })).toMatchObject({ exitCode: 2 });
  });

  it("names the signal that ended a tool", async () => {
    const ended = createExec()(node("process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000)"));
    await expect(ended).rejects.toMatchObject({
      signal: "SIGTERM",
      message: expect.stringContaining("was ended by SIGTERM") as string,
    });
  });

  it("says what to install when the tool is missing", async () => {
    const exec = createExec({ env: { PATH: temporaryFolder() } });
    const error = await exec({ file: "helm", args: ["version"] }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({
      code: "ToolNotFound",
      message: "helm is not installed or not on PATH",
      hint: expect.stringContaining("install Helm 4") as string,
    });
  });

  it("does not take a missing folder for a missing tool", async () => {
    const started = createExec()({ ...node(""), cwd: join(temporaryFolder(), "gone") });
    await expect(started).rejects.toMatchObject({ code: "ToolNotStarted" });
    await expect(started).rejects.toBeInstanceOf(ToolError);
  });

  it("hides secrets in errors and in the log", async () => {
    const log: string[] = [];
    const exec = createExec({
      log: (line) => log.push(line),
      redact: (text) => text.replaceAll("hunter2", "[hidden]"),
    });
    const source = "console.error('got hunter2 and s3cret-value'); process.exit(1)";
    const error = await exec({ ...node(source), secrets: ["s3cret-value", ""] }).catch((reason: unknown) => reason);
    const everything = [log.join("\n"), (error as CommandError).message, (error as CommandError).fullOutput].join("\n");
    expect(everything).toContain("got [hidden] and [hidden]");
    expect(everything).not.toMatch(/hunter2|s3cret/);
  });

  it("starts nothing after an interrupt, but for what stopping needs", async () => {
    const folder = temporaryFolder();
    const tool = writeTool(folder, "tool", `import { writeFileSync } from "node:fs"; writeFileSync("ran", "");`);
    const exec = createExec({ running: { signal: AbortSignal.abort(), track: () => () => undefined } });
    const command = { file: tool, args: [], cwd: folder };
    await expect(exec(command)).rejects.toBeInstanceOf(AbortError);
    expect(() => readFileSync(join(folder, "ran"))).toThrow("ENOENT");
    await exec(command, { evenIfInterrupted: true });
    expect(readFileSync(join(folder, "ran"), "utf8")).toBe("");
  });

  it("runs the tool in a process group of its own and tells who watches over it", async () => {
    const tracked: { name: string; pid: number }[] = [];
    let released = 0;
    const running = {
      signal: new AbortController().signal,
      track(tool: { name: string; pid: number }) {
        tracked.push(tool);
        return () => void (released += 1);
      },
    };
    const group = "process.stdout.write(require('fs').readFileSync('/proc/self/stat','utf8').split(' ')[4])";
    const exec = createExec({ running });
    if (process.platform === "linux") {
      const { stdout } = await exec(node(group));
      expect(stdout).toBe(String(tracked[0]?.pid));
    } else await exec(node(""));
    expect(tracked).toEqual([{ name: "node", pid: expect.any(Number) as number }]);
    expect(released).toBe(1);
  });
});
