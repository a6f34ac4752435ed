import type { Reporter, TestCase, TestModule } from "vitest/node";

/** Prints the ten slowest tests and, as the run's last line, "N passed, N failed, N skipped". */
export default class ClosingReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    const slowest = tests
      .map((test) => ({ test, seconds: (test.diagnostic()?.duration ?? 0) / 1000 }))
      .sort((a, b) => b.seconds - a.seconds)
      .slice(0, 10);
    console.log("\nSlowest tests:");
    for (const { test, seconds } of slowest) console.log(`  ${seconds.toFixed(1).padStart(7)} s  ${label(test)}`);
    // A file that does not load or an unhandled error fails the run without failing a test.
    const brokenModules = modules.filter((module) => module.errors().length > 0).length;
    const failed = count("failed") + brokenModules + unhandledErrors.length;
    console.log(`\n${count("passed")} passed, ${failed} failed, ${count("skipped")} skipped`);
  }
}

function label(test: TestCase): string {
  return `${test.module.relativeModuleId} > ${test.fullName}`;
}
