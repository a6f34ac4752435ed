// npm run chaos -- [--seeds 1,2,3]: kills install and cleanup at moments that each seed chooses; twenty seeds otherwise.
import { spawn } from "node:child_process";
import { parseArgs } from "node:util";

const twenty = Array.from({ length: 20 }, (_, index) => index + 1).join(",");
const { values } = parseArgs({ options: { seeds: { type: "string", default: twenty } } });
if (!/^\d+(,\d+)*$/.test(values.seeds)) {
  console.error(`✖ --seeds ${values.seeds} is not a list of numbers\n→ npm run chaos -- --seeds 1,2,3`);
  process.exit(2);
}
const vitest = spawn("vitest", ["run", "--project", "e2e", "test/e2e/chaos.test.ts"], {
  stdio: "inherit",
  env: { ...process.env, HUBCTL_CHAOS_SEEDS: values.seeds },
});
vitest.on("close", (code) => (process.exitCode = code ?? 1));
