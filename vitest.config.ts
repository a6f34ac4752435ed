import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    restoreMocks: true,
    sequence: { shuffle: { tests: true, files: false } },
    reporters: ["default", "./test/helpers/closing-reporter.ts"],
    projects: [
      { extends: true, test: { name: "unit", include: ["test/unit/**/*.test.ts"] } },
      {
        extends: true,
        test: { name: "integration", include: ["test/integration/**/*.test.ts"], testTimeout: 60_000 },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 600_000,
          hookTimeout: 900_000,
          // One story: each test goes on from where the one before has left the world.
          sequence: { shuffle: { tests: false, files: false } },
        },
      },
    ],
  },
});
