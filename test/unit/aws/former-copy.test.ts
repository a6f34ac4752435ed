import { ListObjectVersionsCommand } from "@aws-sdk/client-s3";
import { beforeEach, describe, expect, it } from "vitest";
import { createClients } from "../../../src/aws/clients.ts";
import {
  hashOf,
  readCopyManifest,
  writeConfigCopy,
  type CopyAuthor,
  type CopyManifest,
} from "../../../src/aws/config-copy.ts";
import { findFormerCopy } from "../../../src/aws/former-copy.ts";
import { fakeBucket } from "../../helpers/fake-s3.ts";
import { account, mockAws } from "../../helpers/installation.ts";

const { s3 } = mockAws();
const aws = createClients("us-east-2");
const id = "0123456789abcdef";
const where = { account, deployment: "field", id };
const key = "deployments/field/config/manifest.json";
const fixed = { namePrefix: "", rolePath: "/", vpcCidr: "10.0.0.0/16", encryptionKey: "aws" };
const person = { hubctl: "0.1.0", form: "hub.yaml" as const, name: "field", id, by: "ada@laptop", principal: "arn" };
const author = { ...person, fixed };
const configOf = (text: string) => new Map([["deployments/field/hub.yaml", text]]);

let versions: string[];
beforeEach(() => {
  fakeBucket(s3);
  versions = [];
  // One at a time, as S3 may do; another object's key begins like ours.
  s3.on(ListObjectVersionsCommand).callsFake(({ VersionIdMarker }: { VersionIdMarker?: string }) => {
    const newest = [...versions].reverse();
    const index = VersionIdMarker === undefined ? 0 : newest.indexOf(VersionIdMarker) + 1;
    const more = index < newest.length - 1 ? { NextKeyMarker: key, NextVersionIdMarker: newest[index] } : {};
    return {
      Versions: [
        { Key: `${key}.old`, VersionId: "v0" },
        ...(newest[index] === undefined ? [] : [{ Key: key, VersionId: newest[index] }]),
      ],
      ...more,
    };
  });
});

let last: CopyManifest | undefined;
beforeEach(() => {
  last = undefined;
});

/** One run that went well: it writes a file of the configuration, then the manifest. */
async function install(text: string, by: Partial<CopyAuthor> = {}): Promise<void> {
  last = await writeConfigCopy(aws, where, configOf(text), { ...author, ...by }, last);
  versions.push(`v${2 * (versions.length + 1)}`);
  expect(await readCopyManifest(aws, account, "field")).toEqual(last);
}

const former = async (text: string) => {
  const here = hashOf(configOf(text));
  return (await findFormerCopy(aws, where, ({ hash }) => hash !== here))?.hash;
};

describe("the configuration to go back to", () => {
  it("is the one before, if what is here was installed to its end", async () => {
    await install("one");
    await install("two");
    await install("three");
    expect(await former("three")).toBe(hashOf(configOf("two")));
  });

  it("is the last good one, if what is here never was", async () => {
    await install("one");
    await install("two");
    expect(await former("changed since")).toBe(hashOf(configOf("two")));
  });

  it("is the newer one again, after going back", async () => {
    await install("one");
    await install("two");
    await install("one again, but for its time");
    expect(await former("one again, but for its time")).toBe(hashOf(configOf("two")));
  });

  it("is none that was only begun", async () => {
    last = await writeConfigCopy(aws, where, configOf("one"), person, last);
    versions.push("v2");
    await install("two");
    expect(await former("two")).toBeUndefined();
  });

  it("is none at first, and none of another deployment of this name", async () => {
    expect(await former("one")).toBeUndefined();
    await install("other", { id: "fedcba9876543210" });
    await install("one");
    expect(await former("one")).toBeUndefined();
  });
});
