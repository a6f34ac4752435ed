import type { AwsClients } from "./clients.ts";

/** The same clients, but their calls end when the signal says so: for whoever may not wait as long as a run does. */
export function abortable(aws: AwsClients, signal: AbortSignal): AwsClients {
  const wrap = <Made>(client: Made): Made => (isClient(client) ? abortableClient(client, signal) : client);
  const wrapped = Object.fromEntries(Object.entries(aws).map(([name, client]) => [name, wrap<unknown>(client)]));
  const rare = Object.fromEntries(
    Object.entries(aws.rare).map(([name, load]: [string, () => Promise<unknown>]) => [
      name,
      async () => wrap(await load()),
    ]),
  );
  return { ...aws, ...wrapped, rare: { ...aws.rare, ...rare }, ec2: async () => wrap(await aws.ec2()) };
}

interface Client {
  send(command: unknown, options?: object): Promise<unknown>;
}

function isClient(value: unknown): value is Client {
  return typeof value === "object" && value !== null && "send" in value;
}

function abortableClient<Made extends Client>(client: Made, signal: AbortSignal): Made {
  const send: Client["send"] = (command, options) => client.send(command, { abortSignal: signal, ...options });
  return new Proxy(client, {
    get: (target, name) => (name === "send" ? send : (Reflect.get(target, name, target) as unknown)),
  });
}
