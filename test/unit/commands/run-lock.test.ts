import { beforeEach, describe, expect, it, vi } from "vitest";
import { createClients } from "../../../src/aws/clients.ts";
import { tryRunLock, type LockRequest } from "../../../src/aws/run-lock.ts";
import { takeRunLock, type LockOptions } from "../../../src/commands/run-lock.ts";
import { AbortError } from "../../../src/errors.ts";
import { fakeOutput } from "../../helpers/fake-output.ts";
import { fakeBucket, type FakeBucket } from "../../helpers/fake-s3.ts";
import { mockAws } from "../../helpers/installation.ts";

const answers: boolean[] = [];
vi.mock("@inquirer/prompts", () => ({ confirm: () => Promise.resolve(answers.shift()) }));

const { s3 } = mockAws();
const aws = createClients("us-east-2");
const key = "deployments/dandihub/run.lock";
let bucket: FakeBucket;
let notes: string[];

beforeEach(async () => {
  bucket = fakeBucket(s3);
  answers.length = 0;
  await tryRunLock(aws, request("ada"));
});

function request(name: string): LockRequest {
  return {
    account: "123456789012",
    deployment: "dandihub",
    principal: `arn:aws:iam::123456789012:user/${name}`,
    command: "hubctl install",
    machine: `${name}'s machine`,
    identify: () => Promise.resolve(name),
    onLost: () => undefined,
    onSilence: () => undefined,
  };
}

function takeIt(options: LockOptions, more: { canAsk?: boolean; pause?: () => Promise<void> } = {}) {
  const { canAsk = false, pause = () => Promise.reject(new Error("it waits")) } = more;
  const output = fakeOutput({ canAsk });
  notes = output.lines;
  return takeRunLock(aws, request("ben"), options, { output, signal: new AbortController().signal, pause });
}

const fallSilent = () => (bucket.now = new Date(bucket.now.getTime() + 301_000));
const free = () => bucket.objects.delete(key);
const isBens = () => bucket.text(key)!.includes("user/ben");

it("says who has it, what they do, since when, and how to wait", async () => {
  await expect(takeIt({})).rejects.toMatchObject({
    code: "RunInProgress",
    exitCode: 2,
    message: expect.stringMatching(
      /^deployment dandihub is locked: hubctl install by \S+@\S+ \(arn:aws:iam::123456789012:user\/ada, process \d+\) since \d{4}-\S+Z$/,
    ) as string,
    hint: expect.stringContaining("--wait") as string,
  });
});

describe("--wait", () => {
  it("says once whom it waits for, and goes on when they have ended", async () => {
    let pauses = 0;
    await takeIt(
      { wait: true },
      {
        pause() {
          pauses += 1;
          if (pauses === 3) free();
          return Promise.resolve();
        },
      },
    );
    expect(pauses).toBe(3);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toMatch(/^Waiting for hubctl install by .*user\/ada/);
    expect(isBens()).toBe(true);
  });

  it("ends with an interrupt", async () => {
    const pause = () => Promise.reject(new AbortError("Interrupted", "interrupted while waiting"));
    await expect(takeIt({ wait: true }, { pause })).rejects.toMatchObject({ exitCode: 130 });
  });
});

describe("a holder without a sign of life for five minutes", () => {
  it("is not pushed aside without consent", async () => {
    fallSilent();
    await expect(takeIt({})).rejects.toMatchObject({
      code: "RunInProgress",
      message: expect.stringMatching(/without a sign of life for 5 min 01 s$/) as string,
      hint: expect.stringContaining("--take-lock") as string,
    });
    expect(isBens()).toBe(false);
  });

  it("loses the lock with --take-lock", async () => {
    fallSilent();
    await takeIt({ takeLock: true });
    expect(isBens()).toBe(true);
    expect(notes[0]).toMatch(/^! taking over the run lock of hubctl install by/);
  });

  it.each([true, false])("is asked about on a terminal: %s", async (answer) => {
    fallSilent();
    answers.push(answer);
    const taking = takeIt({}, { canAsk: true });
    if (answer) await taking;
    else await expect(taking).rejects.toMatchObject({ code: "Declined", exitCode: 130 });
    expect(isBens()).toBe(answer);
  });

  it("keeps it if it gives a sign of life while the question is asked", async () => {
    fallSilent();
    vi.spyOn(answers, "shift").mockImplementationOnce(() => {
      const { text } = bucket.objects.get(key)!;
      bucket.objects.set(key, { text, etag: '"renewed"', modified: bucket.now });
      return true;
    });
    await expect(takeIt({}, { canAsk: true })).rejects.toMatchObject({ code: "RunInProgress" });
    expect(isBens()).toBe(false);
  });
});

it("--take-lock takes no lock of a run that is alive", async () => {
  await expect(takeIt({ takeLock: true })).rejects.toMatchObject({ code: "RunInProgress" });
});
