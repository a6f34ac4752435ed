import { createSocket } from "node:dgram";
import { createServer, type Socket } from "node:net";
import { codes, readQuestion, writeAnswer } from "./message.ts";
import type { Zones } from "./zones.ts";

export interface DnsServer {
  stop(): Promise<void>;
}

/** Answers on UDP and TCP. */
export async function startDnsServer(
  zones: Pick<Zones, "resolve">,
  port: number,
  log: (line: string) => void,
): Promise<DnsServer> {
  const answer = async (message: Buffer): Promise<Buffer | undefined> => {
    const question = readQuestion(message);
    if (question === undefined) return undefined;
    if (question.type === undefined) return writeAnswer(question, codes.noError, []);
    try {
      const { code, answers } = await zones.resolve(question.name, question.type);
      return writeAnswer(question, code, answers);
    } catch (error) {
      log(`dns: ${question.name}: ${String(error)}`);
      return writeAnswer(question, codes.serverFailure, []);
    }
  };
  const udp = createSocket("udp4");
  udp.on("message", (message, { address, port: from }) => {
    void answer(message).then((reply) => {
      if (reply !== undefined && isOpen) udp.send(reply, from, address);
    });
  });
  const sockets = new Set<Socket>();
  const tcp = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy()).on("close", () => sockets.delete(socket));
    serve(socket, answer);
  });
  let isOpen = true;
  await new Promise<void>((resolve, reject) => tcp.once("error", reject).listen(port, "127.0.0.1", resolve));
  await new Promise<void>((resolve, reject) => udp.once("error", reject).bind(port, "127.0.0.1", resolve));
  return {
    stop: async () => {
      isOpen = false;
      for (const socket of sockets) socket.destroy();
      await Promise.all([
        new Promise<void>((resolve) => udp.close(resolve)),
        new Promise<void>((resolve) => tcp.close(() => resolve())),
      ]);
    },
  };
}

/** On TCP two bytes before each message say how long it is. */
function serve(socket: Socket, answer: (message: Buffer) => Promise<Buffer | undefined>): void {
  let received = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
      const end = 2 + received.readUInt16BE(0);
      const message = received.subarray(2, end);
      received = received.subarray(end);
      void answer(message).then((reply) => {
        if (reply === undefined || socket.destroyed) return;
        const length = Buffer.alloc(2);
        length.writeUInt16BE(reply.length);
        socket.write(Buffer.concat([length, reply]));
      });
    }
  });
}
