import { z } from "zod";
import { section } from "./fields.ts";

export const cullingSchema = section({
  enabled: z.boolean().default(true).describe("Stop servers that nobody uses, and with them their nodes"),
  idleMinutes: z.int().min(5).max(10_080).default(60).describe("A server that does nothing for so long is stopped"),
  maxAgeHours: z.int().min(1).max(8760).exactOptional().describe("A server is stopped after so long, whatever it does"),
}).describe("Stopping servers");
