import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { plan, type PlanOptions } from "../../../src/commands/plan.ts";
import { inReadingSession } from "../../../src/commands/reading-session.ts";
import { previewChanges, type Preview } from "../../../src/plan/preview.ts";
import { fakeInstallation } from "../../helpers/installation.ts";
import { fakeOutput } from "../../helpers/fake-output.ts";

vi.mock("../../../src/commands/reading-session.ts");
vi.mock("../../../src/plan/preview.ts");
vi.mock("../../../src/plan/cluster-look.ts", () => ({ lookAtCluster: () => Promise.resolve({ drift: new Map() }) }));
vi.mock("../../../src/engine/run-steps.ts", () => ({ checkSteps: () => Promise.resolve(new Map()) }));

const nothing: Preview = {
  deployment: "waves",
  domain: "hub.example.org",
  account: "123456789012",
  region: "us-east-2",
  isInstalled: true,
  hasChanges: false,
  steps: [],
  drift: [],
  consequences: [],
  losses: [],
};
const options: PlanOptions = { json: false, markdown: false, detailedExitcode: true, version: "0.1.0" };
const output = fakeOutput();

beforeEach(() => {
  const session = { installation: fakeInstallation(), output, interrupts: {}, logger: { write: () => undefined } };
  vi.mocked(inReadingSession).mockImplementation((_command, _options, work) => work(session as never));
});
afterEach(() => {
  process.exitCode = undefined;
});

it.each([
  ["changes, asked for that", true, true, 2],
  ["changes", true, false, undefined],
  ["no changes, asked for that", false, true, undefined],
])("ends so with %s", async (_, hasChanges, detailedExitcode, exitCode) => {
  vi.mocked(previewChanges).mockResolvedValue({ ...nothing, hasChanges });
  await plan({ ...options, detailedExitcode });
  expect(process.exitCode).toBe(exitCode);
});
