import { expect, it } from "vitest";
import { memo } from "../../../src/steps/memo.ts";

it("asks once, however often and however early it is asked again", async () => {
  let asked = 0;
  const answer = memo(() => Promise.resolve((asked += 1)));
  expect(await Promise.all([answer(), answer()])).toEqual([1, 1]);
  expect(await answer()).toBe(1);
});

it("asks anew once it was told to forget", async () => {
  let asked = 0;
  const answer = memo(() => Promise.resolve((asked += 1)));
  await answer();
  answer.forget();
  expect(await answer()).toBe(2);
});

it("remembers an undefined answer too", async () => {
  let asked = 0;
  const answer = memo(() => {
    asked += 1;
    return Promise.resolve(undefined);
  });
  await answer();
  await answer();
  expect(asked).toBe(1);
});

it("keeps no failure: the next one who asks may have more luck", async () => {
  let asked = 0;
  const answer = memo(() => {
    asked += 1;
    return asked === 1 ? Promise.reject(new Error("throttled")) : Promise.resolve("fine");
  });
  await expect(answer()).rejects.toThrow("throttled");
  expect(await answer()).toBe("fine");
});
