import { defineConfig } from "vitest/config";

const randomOrder = { shuffle: { tests: true, files: false } };

export default defineConfig({
  test: {
    restoreMocks: true,
    // The SDK's advice about Node 20, once per worker, would bury the results.
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" },
    // Also on two cores, where it would be one: tests wait for tools and servers more than they compute.
    maxWorkers: 2,
    reporters: ["default", "./test/helpers/closing-reporter.ts"],
    projects: [
      { extends: true, test: { name: "unit", include: ["test/unit/**/*.test.ts"], sequence: randomOrder } },
      {
        extends: true,
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: randomOrder,
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: "test/helpers/run-of-tests.ts",
          testTimeout: 900_000,
          hookTimeout: 900_000,
          // When all else is done: the tests before it say sooner, and more exactly, what is broken.
          sequence: { groupOrder: 1 },
          // In order: the tests of a file are one story, each goes on from where the one before has left the world.
        },
      },
    ],
  },
});
