import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readTfvars, type RunTerraform } from "../../../src/config/read-tfvars.ts";
import { ToolError } from "../../../src/errors.ts";

interface Call {
  args: string[];
  cwd: string;
  input: string;
  configuration: unknown;
}

/** Answers the calls in order and remembers them. */
function answering(...answers: { stdout?: string; stderr?: string; exitCode: number }[]) {
  const calls: Call[] = [];
  const run: RunTerraform = (args, { cwd, input }) => {
    const answer = answers[calls.length];
    if (answer === undefined) throw new Error(`unexpected call: ${args.join(" ")}`);
    calls.push({ args, cwd, input, configuration: JSON.parse(readFileSync(join(cwd, "main.tf.json"), "utf8")) });
    return Promise.resolve({ stdout: "", stderr: "", ...answer });
  };
  return { run, calls };
}

const answer = (values: unknown) => `"${Buffer.from(JSON.stringify(values)).toString("base64")}"\n`;

describe("reading a variables file", () => {
  it("asks Terraform's console for the named variables, in a folder that is gone afterwards", async () => {
    const { run, calls } = answering({ stdout: answer({ region: "us-east-2", admin_users: null }), exitCode: 0 });
    expect(await readTfvars("/hubs/a.tfvars", ["region", "admin_users"], "a.tfvars", run)).toEqual({
      values: { region: "us-east-2" },
    });
    expect(calls).toEqual([
      {
        args: ["console", "-no-color", "-var-file=/hubs/a.tfvars"],
        cwd: expect.any(String) as string,
        input: "base64encode(jsonencode({ region = var.region, admin_users = var.admin_users }))\n",
        configuration: {
          variable: { region: { type: "any", default: null }, admin_users: { type: "any", default: null } },
        },
      },
    ]);
    expect(existsSync(calls[0]!.cwd)).toBe(false);
  });

  it("finds the answer behind warnings", async () => {
    const warning =
      '\nWarning: Value for undeclared variable\n\nThe root module does not declare a variable named "zz"\n\n';
    const { run } = answering({ stdout: warning + answer({ text: "é ${x}\n" }), exitCode: 0 });
    expect(await readTfvars("/a.tfvars", ["text"], "a.tfvars", run)).toEqual({ values: { text: "é ${x}\n" } });
  });

  it("asks for machine-readable errors if the file is broken", async () => {
    const plan = `{"@level":"info","@message":"Terraform 1.11.4","type":"version","ui":"1.2"}
{"@level":"error","diagnostic":{"severity":"error","summary":"Attribute redefined","detail":"The argument \\"a\\" was already set at /hubs/a.tfvars:1,1-2. Each argument may be set only once.","range":{"filename":"/hubs/a.tfvars","start":{"line":2,"column":1,"byte":6},"end":{"line":2,"column":2,"byte":7}},"snippet":{"context":null,"code":"a = \\"secret\\"","values":[]}},"type":"diagnostic"}
not JSON
`;
    const { run, calls } = answering({ stderr: 'Error: … a = "secret"', exitCode: 1 }, { stdout: plan, exitCode: 1 });
    expect(await readTfvars("/hubs/a.tfvars", ["a"], "a.tfvars", run)).toEqual({
      problems: [
        {
          at: "a.tfvars:2:1",
          message:
            'Attribute redefined: The argument "a" was already set at a.tfvars:1,1-2. Each argument may be set only once.',
        },
      ],
    });
    expect(calls[1]?.args).toEqual([
      "plan",
      "-json",
      "-input=false",
      "-lock=false",
      "-refresh=false",
      "-var-file=/hubs/a.tfvars",
    ]);
  });

  it("says so if Terraform fails for a reason of its own", async () => {
    const { run, calls } = answering({ exitCode: 1 }, { exitCode: 0 });
    const failure = readTfvars("/a.tfvars", ["a"], "a.tfvars", run);
    await expect(failure).rejects.toThrow(ToolError);
    await expect(failure).rejects.toThrow("Terraform could not read a.tfvars and did not say why");
    expect(existsSync(calls[0]!.cwd)).toBe(false);
  });
});
