import { beforeEach, describe, expect, it, vi } from "vitest";
import { copyDatabase, listCopies } from "../../../src/steps/database/copies.ts";
import { restoreDatabase } from "../../../src/steps/database/restore.ts";
import { moveHubDatabase } from "../../../src/steps/hub-database-move.ts";
import type { ExpectedCall } from "../../helpers/fake-exec.ts";
import { fakeInstallation, kubeTarget, runChecked } from "../../helpers/installation.ts";
import { releaseInputs } from "../../helpers/release-inputs.ts";

vi.mock("node:timers/promises", () => ({ setTimeout: () => Promise.resolve() }));
vi.mock(import("../../../src/steps/database/copies.ts"), async (original) => ({
  ...(await original()),
  copyDatabase: vi.fn(() => Promise.resolve("a copy")),
  listCopies: vi.fn(),
}));
vi.mock(import("../../../src/steps/database/restore.ts"), async (original) => ({
  ...(await original()),
  restoreDatabase: vi.fn(() => Promise.resolve()),
}));

const { lock, config } = releaseInputs();
const locked = (jupyterhub: string) => ({ lock: { lock: { ...lock, charts: { jupyterhub } }, recorded: true } });
const args = (words: string) => expect.arrayContaining(words.split(" ")) as unknown as string[];
const installed = (version: string): ExpectedCall => ({
  command: { file: "helm", args: args("get metadata hub") },
  stdout: JSON.stringify({ chart: "jupyterhub", version, revision: 3, status: "deployed" }),
});
const missing: ExpectedCall = { command: { file: "helm" }, exitCode: 1, stderr: "Error: release: not found" };
const kubectl = (words: string, stdout = ""): ExpectedCall => ({
  command: { file: "kubectl", args: args(words) },
  stdout,
});

beforeEach(() => {
  vi.clearAllMocks();
});

describe("the hub's database", () => {
  it("is left alone by a hub that stays, and where there is none", async () => {
    const stays = fakeInstallation({ calls: [installed("4.4.0")], answers: locked("4.4.0") });
    expect(await moveHubDatabase.check(stays)).toEqual({ done: "it is that of hub chart 4.4.0" });
    const none = fakeInstallation({ calls: [missing] });
    expect(await moveHubDatabase.check(none)).toEqual({ done: "there is no hub yet" });
  });

  it("is copied before a newer hub runs", async () => {
    const installation = fakeInstallation({ calls: [installed("4.3.5")], answers: locked("4.4.0") });
    expect((await runChecked(moveHubDatabase, installation)).change).toBe("copy it as hub chart 4.3.5 has left it");
    // An upgrade that was stopped has moved the CronJob, which names copies, before the hub.
    expect(copyDatabase).toHaveBeenCalledWith(installation, kubeTarget, expect.anything(), { chartVersion: "4.3.5" });
    expect(restoreDatabase).not.toHaveBeenCalled();
  });

  it("is put back, with the hub away, before an older hub runs", async () => {
    const copy = (made: string, chartVersion: string) => ({ name: `copy of ${made}`, bytes: 1, made, chartVersion });
    vi.mocked(listCopies).mockResolvedValue([copy("noon", "4.4.0"), copy("ten", "4.3.5"), copy("eight", "4.3.5")]);
    const pod = (...names: string[]) => JSON.stringify({ items: names.map((name) => ({ metadata: { name } })) });
    const installation = fakeInstallation({
      calls: [
        installed("4.4.0"),
        kubectl("delete deployment hub"),
        kubectl("get pods --selector component=hub", pod("hub-1")),
        kubectl("get pods --selector component=hub", pod()),
      ],
      answers: locked("4.3.5"),
    });
    expect((await runChecked(moveHubDatabase, installation)).change).toBe(
      "back to the copy of ten that hub chart 4.3.5 can read; what was changed since then is lost",
    );
    installation.exec.expectAllCalled();
    expect(restoreDatabase).toHaveBeenCalledWith(installation, expect.anything(), "copy of ten", expect.anything());
  });

  it("has no way back without a copy, which is said before anything is done", async () => {
    vi.mocked(listCopies).mockResolvedValue([{ name: "new", bytes: 1, made: "noon", chartVersion: "4.4.0" }]);
    const installation = fakeInstallation({ calls: [installed("4.4.0")], answers: locked("4.3.5") });
    await expect(moveHubDatabase.check(installation)).rejects.toMatchObject({ code: "NothingToGoBackTo", exitCode: 2 });
  });

  const elsewhere = (values: Record<string, unknown>) => ({
    ...config,
    hub: { ...config.hub, values: { hub: { db: { type: "postgres" }, ...values } } },
  });

  it("is copied before a newer hub runs, also if it lies elsewhere", async () => {
    const installation = fakeInstallation({
      calls: [installed("4.3.5")],
      answers: locked("4.4.0"),
      config: elsewhere({}),
    });
    expect((await runChecked(moveHubDatabase, installation)).change).toBe("copy it as hub chart 4.3.5 has left it");
    expect(copyDatabase).toHaveBeenCalledTimes(1);
  });

  it.each([
    ["its password is not found", "4.3.5", "4.4.0", { existingSecret: "ours" }, "copy its database with its own tools"],
    ["an older hub runs", "4.4.0", "4.3.5", {}, "put back a backup of its database"],
  ])("is somebody else's business if it lies elsewhere and %s, which is said", async (_, from, to, values, first) => {
    const installation = fakeInstallation({
      calls: [installed(from)],
      answers: locked(to),
      config: elsewhere(values),
    });
    expect(await moveHubDatabase.check(installation)).toHaveProperty("done");
    expect(installation.notes).toEqual([`! the hub goes from chart ${from} to ${to}: ${first} first`]);
  });
});
