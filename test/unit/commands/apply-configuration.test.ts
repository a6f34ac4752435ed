import { GetObjectCommand } from "@aws-sdk/client-s3";
import { confirm, input } from "@inquirer/prompts";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { applyConfiguration } from "../../../src/commands/apply-configuration.ts";
import type { Session } from "../../../src/commands/session.ts";
import { writeLock } from "../../../src/config/lock-file.ts";
import { createInterrupts } from "../../../src/engine/interrupt.ts";
import { defineStep, type StepList } from "../../../src/engine/step.ts";
import type { Installation } from "../../../src/steps/installation.ts";
import { createGuard } from "../../../src/steps/guard.ts";
import type { Loss } from "../../../src/tools/plan-guard.ts";
import { fakeOutput } from "../../helpers/fake-output.ts";
import { awsError, fakeInstallation, mockAws } from "../../helpers/installation.ts";
import { releaseInputs } from "../../helpers/release-inputs.ts";

vi.mock("@inquirer/prompts", () => ({ confirm: vi.fn(), input: vi.fn(), select: vi.fn() }));
vi.mock("../../../src/plan/preview.ts", () => ({ previewChanges: () => Promise.resolve({ losses: [] }) }));
vi.mock("../../../src/commands/plan-screens.ts", () => ({ describePreview: () => ["the plan"] }));

const aws = mockAws();
beforeEach(() => {
  vi.mocked(confirm).mockReset();
  vi.mocked(input).mockReset();
  aws.s3.on(GetObjectCommand).rejects(awsError("NoSuchKey", 404));
});

const fileSystem: Loss = {
  address: "aws_efs_file_system.homes",
  verb: "replace",
  kind: "file system",
  carriesData: true,
  forcedBy: ["kms_key_id"],
};
const nodeGroup: Loss = { ...fileSystem, address: "aws_eks_node_group.core", kind: "node group", carriesData: false };

/** A world with one thing in it, which a step makes what is wanted. */
async function worldOf(there: string, options: { losses?: Loss[]; allowed?: string[]; canAsk?: boolean } = {}) {
  const { losses = [], allowed = [], canAsk = true } = options;
  const world = { there, done: [] as string[] };
  const steps: StepList<Installation> = [
    defineStep({
      id: "thing",
      title: "Change the thing",
      check({ guard }: Installation) {
        if (world.there === "wanted") return Promise.resolve({ done: "it is as wanted" });
        guard.weigh("thing", losses);
        return Promise.resolve({ change: `from ${world.there}`, plan: { from: world.there } });
      },
      run(_: Installation, { from }: { from: string }) {
        world.done.push(from);
        world.there = "wanted";
        return Promise.resolve();
      },
    }),
  ];
  const output = fakeOutput({ canAsk });
  const installation = fakeInstallation({ guard: createGuard(allowed) });
  await writeLock(installation.deployment.lockFile, { ...releaseInputs().lock, id: "0123456789abcdef" });
  const session: Session = {
    installation,
    output,
    interrupts: createInterrupts({ note: () => undefined }),
    journal: { record: () => undefined } as never,
    logger: { path: "the log", write: () => undefined } as never,
  };
  const apply = (consent: { yes?: boolean; confirm?: string } = {}) =>
    applyConfiguration(session, {
      steps,
      consent: { yes: false, question: "Go on with exactly this?", ...consent },
      resume: "hubctl update",
      became: "is up to date",
    });
  return { world, output, notes: installation.notes, apply };
}

describe("a plan that is agreed to", () => {
  it("is done as it was shown", async () => {
    vi.mocked(confirm).mockResolvedValue(true);
    const { world, output, apply } = await worldOf("old");
    await apply();
    expect(world.done).toEqual(["old"]);
    expect(output.lines).toContain("the plan");
    expect(output.results.join()).toContain("dandihub is up to date, in");
    expect(confirm).toHaveBeenCalledTimes(1);
  });

  it("is not done if what is there moved meanwhile: it is shown anew, and asked for again", async () => {
    const { world, output, apply } = await worldOf("old");
    vi.mocked(confirm).mockImplementationOnce(() => {
      world.there = "moved";
      return Promise.resolve(true);
    });
    vi.mocked(confirm).mockResolvedValueOnce(true);
    await apply();
    expect(world.done).toEqual(["moved"]);
    expect(output.lines.filter((line) => line === "the plan")).toHaveLength(2);
    expect(output.lines.join("\n")).toContain("nothing was done: what is there has changed since it was looked at");
  });

  it("ends with a no to the plan that was made anew", async () => {
    const { world, apply } = await worldOf("old");
    vi.mocked(confirm).mockImplementationOnce(() => {
      world.there = "moved";
      return Promise.resolve(true);
    });
    vi.mocked(confirm).mockResolvedValueOnce(false);
    await expect(apply()).rejects.toMatchObject({ code: "Declined", exitCode: 130 });
    expect(world.done).toEqual([]);
  });

  it("needs nothing more to be done if somebody else did it meanwhile", async () => {
    const { world, output, apply } = await worldOf("old");
    vi.mocked(confirm).mockImplementationOnce(() => {
      world.there = "wanted";
      return Promise.resolve(true);
    });
    await apply();
    expect(world.done).toEqual([]);
    expect(output.lines.join("\n")).toContain("Nothing to do");
  });

  it("is asked for with a flag where nobody can answer", async () => {
    const { world, apply } = await worldOf("old", { canAsk: false });
    await expect(apply()).rejects.toMatchObject({ code: "NoTerminal", exitCode: 2, hint: "answer with --yes" });
    await apply({ yes: true });
    expect(world.done).toEqual(["old"]);
    expect(confirm).not.toHaveBeenCalled();
  });
});

describe("a plan that takes something away", () => {
  const losses = [fileSystem, nodeGroup];
  const allowed = losses.map(({ address }) => address);

  it("is refused with all that it takes, before anybody is asked", async () => {
    const { world, apply } = await worldOf("old", { losses });
    await expect(apply({ yes: true, confirm: "dandihub" })).rejects.toMatchObject({
      code: "PlanWouldDestroy",
      exitCode: 2,
      message: expect.stringMatching(/file system aws_efs_file_system.homes; .*aws_eks_node_group.core/) as string,
    });
    expect(world.done).toEqual([]);
    expect(confirm).not.toHaveBeenCalled();
  });

  it("takes the deployment's name for data, whatever else was agreed to", async () => {
    vi.mocked(input).mockResolvedValueOnce("no").mockResolvedValueOnce("dandihub");
    const { world, apply } = await worldOf("old", { losses, allowed });
    await expect(apply({ yes: true })).rejects.toMatchObject({ code: "Declined" });
    expect(world.done).toEqual([]);
    await apply({ yes: true });
    expect(world.done).toEqual(["old"]);
  });

  it("takes the name as an option where nobody can answer", async () => {
    const { world, apply } = await worldOf("old", { losses, allowed, canAsk: false });
    await expect(apply({ yes: true })).rejects.toMatchObject({ hint: "answer with --confirm dandihub" });
    await expect(apply({ yes: true, confirm: "other" })).rejects.toMatchObject({ code: "WrongName" });
    expect(world.done).toEqual([]);
    await apply({ yes: true, confirm: "dandihub" });
    expect(world.done).toEqual(["old"]);
  });

  it("takes no name where no data is lost, once it is named", async () => {
    const { world, output, notes, apply } = await worldOf("old", {
      losses: [nodeGroup],
      allowed: [nodeGroup.address, "aws_vpc.x"],
    });
    await apply({ yes: true });
    expect(world.done).toEqual(["old"]);
    expect(output.lines).toContain("  • replace the node group aws_eks_node_group.core");
    expect(notes.join("\n")).toContain("--allow-replace aws_vpc.x: nothing of that name");
  });
});
