import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { Transform } from "node:stream";
import { SandboxError } from "../errors.ts";
import { hubctlProgram, type Example } from "../example.ts";
import type { Measurement } from "./measurement.ts";
import { runTimed } from "./run-timed.ts";

const samples = 5;
const delayMilliseconds = 50;

/** `hubctl status` of an installed hub, with an AWS that is 50 ms further away. */
export async function measureStatus(example: Example, signal: AbortSignal): Promise<Measurement> {
  const { env, cwd } = example.install;
  const { hostname, port } = new URL(env["AWS_ENDPOINT_URL"] ?? "");
  const far = await listenFarAway({ host: hostname, port: Number(port) });
  try {
    const command = {
      file: process.execPath,
      args: [hubctlProgram, "status", "--json"],
      cwd,
      env: { ...env, AWS_ENDPOINT_URL: far.url },
    };
    const seconds: number[] = [];
    while (seconds.length < samples) {
      const before = far.requests();
      seconds.push((await runTimed(command, { signal })).seconds);
      if (far.requests() === before) throw new SandboxError("status asked AWS on another way");
    }
    const detail = `${Math.round(far.requests() / samples)} calls to AWS each`;
    return { what: `hubctl status at ${delayMilliseconds} ms a call`, samples: seconds, bound: 3, unit: "s", detail };
  } finally {
    far.close();
  }
}

/** Passes everything on to `target`, what callers say only some time after they have said it. */
async function listenFarAway(target: { host: string; port: number }) {
  let requests = 0;
  const open = new Set<Socket>();
  const server = createServer((caller) => {
    const onward = connect(target);
    for (const socket of [caller, onward]) {
      open.add(socket);
      socket.on("error", () => socket.destroy()).on("close", () => open.delete(socket));
    }
    const late = new Transform({
      highWaterMark: 1 << 20,
      transform(chunk: Buffer, _encoding, done) {
        requests += 1;
        setTimeout(() => done(null, chunk), delayMilliseconds);
      },
    });
    caller.pipe(late).pipe(onward).pipe(caller);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests: () => requests,
    close() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
