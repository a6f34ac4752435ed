/** What startMoto needs of a sandbox's world. */
export interface MotoHost {
  binaries: { motoServer: string };
  logFile(name: string): string;
  spawn(
    name: string,
    file: string,
    args: string[],
    options?: { env?: Record<string, string>; cwd?: string },
  ): { stop(): Promise<void> };
}

export interface Moto {
  /** "http://127.0.0.1:PORT" */
  endpoint: string;
  stop(): Promise<void>;
}

export function startMoto(host: MotoHost): Promise<Moto> {
  return Promise.reject(new Error(`Not there yet: ${host.binaries.motoServer}`));
}
