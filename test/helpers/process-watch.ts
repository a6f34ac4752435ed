import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

/** Looks at every process's command line, again and again, and keeps those that hold one of the words. */
export function watchCommandLines(words: readonly string[]): {
  stop(): Promise<{ looks: number; seenHelm: boolean; leaks: string[] }>;
} {
  const leaks = new Set<string>();
  let looks = 0;
  let seenHelm = false;
  const stopping = new AbortController();
  const look = async (): Promise<void> => {
    const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
    const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
    for (const line of lines) {
      seenHelm ||= line.includes("upgrade\0--install");
      if (words.some((word) => line.includes(word))) leaks.add(line.replaceAll("\0", " "));
    }
    looks += 1;
  };
  const done = (async () => {
    while (!stopping.signal.aborted) {
      await look();
      await delay(100);
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await done;
      return { looks, seenHelm, leaks: [...leaks] };
    },
  };
}
