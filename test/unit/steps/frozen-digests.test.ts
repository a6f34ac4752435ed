import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { HubConfig } from "../../../src/config/hub-config.ts";
import { readLock, writeLock } from "../../../src/config/lock-file.ts";
import { findFrozenDigests } from "../../../src/steps/frozen-digests.ts";
import { recordVersions } from "../../../src/steps/record-versions.ts";
import { digestOf, startImageRegistry } from "../../helpers/image-registry.ts";
import { fakeInstallation, mockAws, runChecked } from "../../helpers/installation.ts";
import { releaseInputs } from "../../helpers/release-inputs.ts";

mockAws();
const { config, lock } = releaseInputs();
const freeze = (repository: string): HubConfig => ({
  ...config,
  image: { repository, tag: "1.0", freeze: true, pullPolicy: "auto" },
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});

async function registry() {
  const started = await startImageRegistry({ manifests: { "team/user:1.0": "{}" } });
  onTestFinished(() => started.close());
  return { ...started, repository: `${started.host}/team/user` };
}

describe("the digests of frozen images", () => {
  it("are asked of their registry", async () => {
    const { repository } = await registry();
    const installation = fakeInstallation({ config: freeze(repository) });
    expect(await findFrozenDigests(installation)).toEqual({ [`${repository}:1.0`]: digestOf("{}") });
  });

  it("are not asked for when they are recorded, or when nothing is frozen", async () => {
    const { repository, requests } = await registry();
    const known = { [`${repository}:1.0`]: digestOf("an earlier image") };
    expect(await findFrozenDigests(fakeInstallation({ config: freeze(repository) }), known)).toEqual({});
    expect(await findFrozenDigests(fakeInstallation())).toEqual({});
    expect(requests).toEqual([]);
  });

  it("of private ECR repositories are asked of AWS, where the repository is", async () => {
    vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "a secret key");
    vi.stubEnv("AWS_ENDPOINT_URL_ECR", "");
    vi.stubEnv("AWS_ENDPOINT_URL", "");
    const asked: string[] = [];
    vi.stubGlobal("fetch", (url: URL) => {
      asked.push(url.href);
      return Promise.resolve(Response.json({ images: [{ imageId: { imageDigest: digestOf("{}") } }] }));
    });
    const repository = "123456789012.dkr.ecr.us-west-2.amazonaws.com/team/user";
    const installation = fakeInstallation({ config: freeze(repository) });
    expect(await findFrozenDigests(installation)).toEqual({ [`${repository}:1.0`]: digestOf("{}") });
    expect(asked).toEqual(["https://api.ecr.us-west-2.amazonaws.com/"]);
  });
});

describe("the lock file", () => {
  const images = { "quay.io/team/user:1.0": digestOf("{}") };
  const newImages = Object.keys(images);

  it("gets the digests at the first install", async () => {
    const installation = fakeInstallation({
      answers: { lock: { lock: { ...lock, images }, recorded: false, newImages } },
    });
    const { change } = await runChecked(recordVersions, installation);
    expect(change).toContain("2 zones, digest of quay.io/team/user:1.0");
    expect(readLock(installation.deployment.lockFile)?.images).toEqual(images);
  });

  it("gets the digest of what the configuration has come to freeze, and keeps all else", async () => {
    const answers = { lock: { lock: { ...lock, images }, recorded: true, newImages } };
    const installation = fakeInstallation({ answers });
    await writeLock(installation.deployment.lockFile, lock);
    const { change } = await runChecked(recordVersions, installation);
    expect(change).toBe("digest of quay.io/team/user:1.0");
    expect(readLock(installation.deployment.lockFile)).toEqual({ ...lock, images });
  });
});
